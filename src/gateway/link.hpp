// SPDX-License-Identifier: Apache-2.0
// A socket, its TLS and the MQTT conversation on it. Moves bytes between them and knows when to read, to write and to close; what
// the bytes mean is connection.hpp's. Lives on one loop, which keeps it; a pending wait keeps it too.
#pragma once

#include "gateway/arrival.hpp"
#include "gateway/connection.hpp"
#include "gateway/web_carrier.hpp"
#include "tls/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace otabahn::gateway {

class Loop;

class Link final : public std::enable_shared_from_this<Link> {
  public:
    Link(Loop& loop, std::uint64_t id, boost::asio::ip::tcp::socket socket, const tls::Context& tls);
    Link(Loop& loop, std::uint64_t id, boost::asio::ip::tcp::socket socket, Arrival arrival);  // that very socket

    std::uint64_t id() const { return id_; }
    Connection* connection() { return connection_ ? &*connection_ : nullptr; }

    void start();
    // After turns in which its connection was woken: writes, reads on, closes.
    void settle();
    void check(Timestamp now);  // deadlines
    std::optional<Timestamp> deadline() const;
    bool in_handshake() const { return phase_ == Phase::handshake; }
    bool is_silent(Timestamp since);  // no byte of its handshake waits to be read, and it has been there since then
    void stop();                      // politely
    void abort();                     // at once

    bool dirty = false;                    // in its loop's list of those to settle
    std::uint64_t scheduled_tick = 0;      // when its loop looks at its deadlines next
    bool renewing = false, stale = false;  // its admission is being loaded again, or is to be

  private:
    enum class Phase : std::uint8_t { handshake, open, lingering, closed };

    void handshake();
    void begin_conversation(Via via, CallerPtr caller);
    void read();
    void take_bytes(std::span<std::uint8_t> fresh);
    void take_input(ByteView fresh);
    void flush();
    bool has_output() { return !connection_->output().empty() || (web_ && !web_->idle()); }
    tls::Stream::Moved write_some();
    void finish();  // everything is written: close
    void wait_readable();
    void wait_writable();
    void on_readable();
    void on_writable();

    Loop& loop_;
    std::uint64_t id_;
    boost::asio::ip::tcp::socket socket_;
    tls::Stream stream_;
    std::string address_;
    std::optional<Connection> connection_;
    std::unique_ptr<WebCarrier> web_;   // none: MQTT lies directly in the stream
    std::unique_ptr<Arrival> arrival_;  // until start()
    ByteQueue input_;
    Timestamp accepted_at_;
    std::optional<Timestamp> ended_at_;
    Phase phase_ = Phase::handshake;
    bool awaiting_readable_ = false, awaiting_writable_ = false;
    bool was_full_ = false;
    bool keeps_alive_ = false;  // its loop knows the deadline that came with CONNECT
    bool read_again_ = false;
};

}  // namespace otabahn::gateway
