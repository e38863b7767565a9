// SPDX-License-Identifier: Apache-2.0
// The server's own certificates in its data folder: a root that clients trust, the listeners' certificate under it, and the
// authority that issues device certificates. The program owns it; made at the first start, kept after.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "registry/registry.hpp"
#include "x509/x509.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace otabahn::pki {

struct ServerNames {
    std::vector<std::string> dns, addresses;  // hostname, localhost; 127.0.0.1, ::1 and each listen address
};

class Pki final : public registry::DeviceAuthority {
  public:
    // FOLDER/root-ca.pem and below FOLDER/pki/ the rest; private keys with mode 0600. The server's certificate is made again
    // when the names changed or its end is near.
    static Result<std::unique_ptr<Pki>> open(const std::filesystem::path& folder, const ServerNames& names, Timestamp now);

    // Makes the server's certificate again if it is not of these names or ends soon; open() has done so.
    Result<void> renew_server_certificate(const ServerNames& names, Timestamp now);

    // Until 2049-12-31T23:59:59Z, as AWS's (spec control-plane 6.4).
    Result<std::string> issue(std::string_view public_key_pem, std::string_view common_name) override;

    std::filesystem::path root_certificate_file() const;
    std::filesystem::path server_certificate_file() const;
    std::filesystem::path server_key_file() const;
    std::string root_certificate_pem() const { return root_.to_pem(); }

  private:
    Pki(std::filesystem::path folder, x509::Certificate root, x509::PrivateKey root_key, x509::Certificate devices,
        x509::PrivateKey devices_key)
        : folder_(std::move(folder)),
          root_(std::move(root)),
          root_key_(std::move(root_key)),
          devices_(std::move(devices)),
          devices_key_(std::move(devices_key)) {}

    std::filesystem::path folder_;
    x509::Certificate root_;
    x509::PrivateKey root_key_;
    x509::Certificate devices_;
    x509::PrivateKey devices_key_;
};

}  // namespace otabahn::pki
