// SPDX-License-Identifier: Apache-2.0
// A connection's bytes on a non-blocking socket, by OpenSSL itself or, for plain listeners, as they are: asio::ssl::stream keeps
// three times the memory of an idle connection and copies more. It belongs to its connection, which owns the socket.
#pragma once

#include "base/bytes.hpp"
#include "tls/context.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;

namespace otabahn::tls {

class Stream {
  public:
    enum class State : std::uint8_t { done, want_read, want_write, closed, failed };
    struct Moved {
        State state;
        std::size_t bytes = 0;
    };

    explicit Stream(int socket) : socket_(socket) {}
    Stream(const Context& context, int socket);

    State handshake();
    Moved read(std::span<std::uint8_t> into);
    // As much of both as one call takes; after want_… the same bytes must come again.
    Moved write(ByteView bytes, ByteView more = {});
    // More was received than read() gave so far.
    bool has_pending() const;
    void close_notify();
    // For a connection that lives long: what OpenSSL keeps of the handshake, a third of its memory, goes where the protocol's version
    // allows it. certificate_id() is empty afterwards.
    void forget_handshake();
    std::string failure() const { return failure_; }

    bool is_plain() const { return !handle_; }
    std::string certificate_id() const;  // SHA-256 of the client's certificate, hex; empty: it showed none
    std::string server_name() const;     // what SNI named, or nothing
    std::string_view protocol() const;   // what ALPN agreed on, or nothing

  private:
    State judge(int result);
    Moved judge_plain(ssize_t result);
    struct Free {
        void operator()(ssl_st* stream) const;
    };
    std::unique_ptr<ssl_st, Free> handle_;  // null: plain
    int socket_;
    std::string failure_;
};

}  // namespace otabahn::tls
