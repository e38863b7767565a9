// SPDX-License-Identifier: Apache-2.0
// The bundle folder: everything that `otabahn-device run` needs (design, section 3).
#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::operator_tool {

struct TrustedCertificate {
    std::string file_name, pem;
};

struct Bundle {
    std::string thing_name, endpoint, certificate, root_ca;
    std::vector<TrustedCertificate> trust;
};

// Absent or empty, else refused.
Result<void> check_free(const std::filesystem::path& folder);

// The key is on disk before its certificate exists; what was made of the folder goes again unless the bundle is kept.
class BundleFolder {
  public:
    explicit BundleFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
    ~BundleFolder();
    BundleFolder(const BundleFolder&) = delete;
    BundleFolder& operator=(const BundleFolder&) = delete;

    Result<void> reserve(const std::string& private_key);
    Result<void> write(const Bundle& bundle);
    void keep() { kept_ = true; }

  private:
    Result<void> add(const std::filesystem::path& file, const std::string& text, unsigned mode);
    std::filesystem::path folder_;
    std::vector<std::filesystem::path> made_;
    bool kept_ = false;
};
// Amazon's root certificates out of the system's store.
Result<std::string> amazon_roots();

}  // namespace otabahn::operator_tool
