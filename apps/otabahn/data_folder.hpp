// SPDX-License-Identifier: Apache-2.0
// The data folder's files that other programs read: endpoints.json and credentials; and the lock that keeps a second server
// out of it (design, section 3).
#pragma once

#include "access/access.hpp"
#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace otabahn::program {

struct Endpoints {
    std::string http, mqtt, https, device_https, account, quotas;
};

class DataFolder {
  public:
    // Makes it where it is not there. Refused while another server holds it.
    static Result<DataFolder> open(const std::filesystem::path& path);
    DataFolder(DataFolder&& other) noexcept;
    DataFolder& operator=(DataFolder&&) = delete;
    ~DataFolder();

    const std::filesystem::path& path() const { return path_; }  // absolute
    Result<void> remove_endpoints();
    Result<void> write_endpoints(const Endpoints& endpoints, const std::filesystem::path& root_certificate);
    // AWS's shared-credentials format, mode 0600: [default] is the first account's, [ACCOUNT] each further one's.
    Result<void> write_credentials(const std::vector<access::AccessKey>& keys);

  private:
    DataFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::filesystem::path path_;
    int lock_;
};

// What GET /.well-known/otabahn answers.
std::string well_known_json(const Endpoints& endpoints, const std::string& root_certificate_pem);

// `otabahn env`: shell text out of a running or stopped server's data folder.
Result<std::string> shell_exports(const std::filesystem::path& folder);

}  // namespace otabahn::program
