// SPDX-License-Identifier: Apache-2.0
// device.toml: flat, paths relative to its folder, an unknown key is an error that names the line. One table of keys says
// what each takes; docs/device.md lists the same keys.
#pragma once

#include "base/error.hpp"
#include "device/install/settings.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace otabahn::device {

struct Config : InstallSettings {
    std::string thing_name;
    std::string host;
    int port = 8883;
    std::filesystem::path certificate;
    std::string private_key;  // a path, "pkcs11:…" or "handle:…" (device/host/client_tls.hpp)
    std::filesystem::path pkcs11_module;
    std::uint32_t mqtt_version = 5;
    std::filesystem::path claim_certificate, claim_private_key;  // for the first start, where there is no certificate yet
    std::string provisioning_template;
    std::vector<std::string> provisioning_parameters;  // "Name=value"
    std::chrono::days renew_days{0};                   // so long before its end a certificate is renewed; 0: never
    std::filesystem::path root_ca;                     // empty: the system's store
    std::filesystem::path trust;
    std::filesystem::path boot_id = "/proc/sys/kernel/random/boot_id";  // another text in it is another boot
    std::string product, hardware;
    bool require_release = false, allow_downgrade = false, allow_unsigned = false;
    std::uint32_t block_bytes = 16 * 1024;
    std::uint64_t max_bytes_per_second = 0;  // 0: as fast as the link goes
    std::chrono::seconds give_up_seconds{1'800};
};

// Every refusal names file and line (where there is one), what stands there, and what was expected.
Result<Config> load_config(const std::filesystem::path& file);

}  // namespace otabahn::device
