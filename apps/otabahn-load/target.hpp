// SPDX-License-Identifier: Apache-2.0
// Where a load goes and as whom: a bundle folder's device.toml, or an address alone; and the TLS that all its connections share.
#pragma once

#include "base/error.hpp"

#include <openssl/types.h>
#include <sys/socket.h>

#include <memory>
#include <string>

namespace otabahn::load {

struct Target {
    std::string thing;     // of the bundle
    std::string endpoint;  // HOST:PORT
    sockaddr_storage address{};
    socklen_t address_size = 0;
    std::shared_ptr<SSL_CTX> tls;  // every connection of the load holds it too
};

// `endpoint` empty: the bundle's. The same version and suite for every peer that is measured: TLS 1.3 with AES-128-GCM.
Result<Target> load_target(const std::string& bundle, const std::string& endpoint);
// Without a client certificate.
Result<Target> plain_target(const std::string& endpoint);

}  // namespace otabahn::load
