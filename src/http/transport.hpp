// SPDX-License-Identifier: Apache-2.0
// A connection's bytes as coroutines await them, with or without TLS, and the deadline on them. It belongs to one loop.
#pragma once

#include "tls/connected.hpp"
#include "tls/stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace otabahn::http {

struct IoResult {
    boost::system::error_code error;
    std::size_t size = 0;
};

class Transport {
  public:
    // No context: plain.
    Transport(boost::asio::ip::tcp::socket socket, const std::optional<tls::Context>& context);
    ~Transport();
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    boost::asio::awaitable<boost::system::error_code> handshake();
    boost::asio::awaitable<IoResult> read_some(boost::asio::mutable_buffer into);
    boost::asio::awaitable<boost::system::error_code> write(std::array<boost::asio::const_buffer, 2> bytes);
    void finish_writing();     // the peer may still be read from
    void close();              // whatever runs on it ends with an error
    tls::Connected release();  // for another loop; nothing may run on it, now or later

    // Every operation that has not ended by then fails with asio::error::timed_out; the connection can still be used.
    void set_deadline(std::chrono::steady_clock::time_point when);

    const std::string& peer_address() const { return peer_; }
    const tls::Stream& stream() const { return stream_; }

  private:
    // The deadline's wait may end after this object is gone, so it keeps what it looks at.
    struct Deadline {
        explicit Deadline(boost::asio::ip::tcp::socket& watched) : socket(&watched), timer(watched.get_executor()) {}
        boost::asio::ip::tcp::socket* socket;
        boost::asio::steady_timer timer;
        bool expired = false;
    };
    boost::asio::awaitable<boost::system::error_code> wait_for(tls::Stream::State wanted);

    boost::asio::ip::tcp::socket socket_;
    tls::Stream stream_;
    std::shared_ptr<Deadline> deadline_;
    std::string peer_;
};

}  // namespace otabahn::http
