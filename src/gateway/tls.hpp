// SPDX-License-Identifier: Apache-2.0
// TLS by OpenSSL itself on a non-blocking socket: asio::ssl::stream keeps three times the memory of an idle connection and copies
// more. Any client certificate chain passes the handshake, which proves possession of its key; trust is registration, as on AWS,
// and is looked up afterwards. A context is shared by all loops, a stream belongs to its connection.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace otabahn::gateway {

class TlsContext {
  public:
    // PEM files of a server: certificate with its chain, and key.
    static Result<TlsContext> server(const std::string& certificate_file, const std::string& private_key_file);
    ssl_ctx_st* native() const { return handle_.get(); }

  private:
    explicit TlsContext(std::shared_ptr<ssl_ctx_st> handle) : handle_(std::move(handle)) {}
    std::shared_ptr<ssl_ctx_st> handle_;  // OpenSSL counts: each stream holds it too
};

class TlsStream {
  public:
    enum class State : std::uint8_t { done, want_read, want_write, closed, failed };
    struct Moved {
        State state;
        std::size_t bytes = 0;
    };

    TlsStream(const TlsContext& context, int socket);

    State handshake();
    Moved read(std::span<std::uint8_t> into);
    Moved write(ByteView bytes);
    // More was received than read() gave so far.
    bool has_pending() const;
    void close_notify();
    std::string failure() const { return failure_; }

    std::string certificate_id() const;  // SHA-256 of the client's certificate, hex
    std::string server_name() const;     // what SNI named, or nothing

  private:
    State judge(int result);
    struct Free {
        void operator()(ssl_st* stream) const;
    };
    std::unique_ptr<ssl_st, Free> handle_;
    std::string failure_;
};

// The region of AWS's host names, PREFIX.iot.REGION.amazonaws.com[.cn]; nothing for any other name.
std::optional<Region> region_of_host(std::string_view host);

}  // namespace otabahn::gateway
