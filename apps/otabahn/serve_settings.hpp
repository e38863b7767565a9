// SPDX-License-Identifier: Apache-2.0
// The settings of `otabahn serve`, each declared once: flag, key in the configuration file, help and default are one row.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace otabahn::program {

// [[acm]] of the configuration file: a certificate under a given ARN.
struct AcmCertificate {
    std::string arn;
    std::filesystem::path certificate, private_key;
};

struct ServeSettings {
    std::string data = "./otabahn-data";
    std::string http = "127.0.0.1:4566";
    std::string mqtt = "127.0.0.1:8883";
    std::string https = "127.0.0.1:4443";
    std::string device_https = "127.0.0.1:8443";
    std::vector<std::string> accounts;  // none given: 000000000000
    std::string hostname = "localhost";
    std::string quotas = "aws";
    std::string rates = "none";
    std::string tls_certificate, tls_key, tls_root;  // none given: the server's own
    std::string loops = "auto";
    std::string log_level = "info";
    std::string config;
    std::vector<AcmCertificate> acm;
};

// Event loops of the gateway: what --loops says, or one a core.
Result<std::size_t> loops_of(const ServeSettings& settings);

// Declares the flags; after the parse, read_config() fills what no flag gave from --config, and checks everything.
void declare_flags(CLI::App& command, ServeSettings& settings);
Result<void> read_config(const CLI::App& command, ServeSettings& settings);

}  // namespace otabahn::program
