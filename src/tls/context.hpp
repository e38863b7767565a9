// SPDX-License-Identifier: Apache-2.0
// How a listener does TLS: 1.2 and 1.3, no session tickets, unknown host names refused (spec gateway 1.2). Any client certificate
// passes the handshake, which proves possession of its key; trust is registration, as on AWS, and is looked up afterwards.
#pragma once

#include "base/error.hpp"

#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;

namespace otabahn::tls {

// Which listener it is for. `https` is what AWS has on 443: ALPN tells its three uses apart, and two of them ask for a
// client certificate (spec gateway 1.1).
enum class Entrance { mqtt, https, device_https };

constexpr std::string_view alpn_mqtt = "x-amzn-mqtt-ca", alpn_device_http = "x-amzn-http-ca", alpn_http = "http/1.1";

// PEM: the server's certificate with what leads to its root, and its key.
struct Files {
    std::string certificate, key;
};

class Context {
  public:
    static Result<Context> make(const Files& files, Entrance entrance);
    ssl_ctx_st* native() const { return handle_.get(); }

  private:
    explicit Context(std::shared_ptr<ssl_ctx_st> handle) : handle_(std::move(handle)) {}
    std::shared_ptr<ssl_ctx_st> handle_;  // OpenSSL counts: each stream holds it too
};

}  // namespace otabahn::tls
