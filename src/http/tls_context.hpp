// SPDX-License-Identifier: Apache-2.0
// The TLS settings of the two HTTPS listeners.
#pragma once

#include "http/http_server.hpp"

#include <boost/asio/ssl/context.hpp>

namespace otabahn::http {

enum class ClientCertificate {
    none,
    required,  // any that the handshake proves possession of: devices' certificates are judged by their registration
};

Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const TlsFiles& files, ClientCertificate client);

}  // namespace otabahn::http
