// SPDX-License-Identifier: Apache-2.0
// The certificate that the TLS listeners show: the server's own out of the data folder, which is made again before it ends, or the
// operator's (--tls-certificate). A changed file is taken without a restart, at SIGHUP or soon by itself. The cloud owns it; any
// thread.
#pragma once

#include "apps/otabahn/serve_settings.hpp"
#include "base/time.hpp"
#include "pki/pki.hpp"
#include "tls/server.hpp"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace otabahn::program {

class ServerCertificate {
  public:
    // `names`: of the server's own certificate.
    static Result<std::unique_ptr<ServerCertificate>> open(const ServeSettings& settings, pki::Pki& pki, pki::ServerNames names);

    const tls::Server& tls() const { return *tls_; }
    std::filesystem::path root_file() const { return root_file_; }
    const std::string& root_pem() const { return root_pem_; }

    void reload(Timestamp now);             // SIGHUP
    void reload_if_changed(Timestamp now);  // now and then

  private:
    using Stamp = std::vector<std::filesystem::file_time_type>;
    ServerCertificate(pki::Pki& pki, pki::ServerNames names, bool own) : pki_(pki), names_(std::move(names)), own_(own) {}
    Stamp stamp() const;
    void renew_own(Timestamp now);
    void read_again();

    pki::Pki& pki_;
    const pki::ServerNames names_;
    const bool own_;  // the server's, not the operator's
    std::unique_ptr<tls::Server> tls_;
    std::filesystem::path root_file_;
    std::string root_pem_;
    std::mutex mutex_;
    Stamp seen_;
};

}  // namespace otabahn::program
