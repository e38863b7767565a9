// SPDX-License-Identifier: Apache-2.0
// A connection's bytes, with or without TLS: so that the rest of this folder is written once. It belongs to one loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace otabahn::http {

struct IoResult {
    boost::system::error_code error;
    std::size_t size = 0;
};

class Transport {
  public:
    virtual ~Transport() = default;

    virtual boost::asio::awaitable<boost::system::error_code> handshake() = 0;
    virtual boost::asio::awaitable<IoResult> read_some(boost::asio::mutable_buffer into) = 0;
    virtual boost::asio::awaitable<boost::system::error_code> write(std::array<boost::asio::const_buffer, 2> bytes) = 0;
    // No more will be written; the peer may still be read from.
    virtual boost::asio::awaitable<void> finish_writing() = 0;
    virtual void close() = 0;  // whatever runs on it ends with an error

    // Every operation that has not ended by then fails with asio::error::timed_out; the connection can still be used.
    virtual void set_deadline(std::chrono::steady_clock::time_point when) = 0;

    virtual std::string peer_address() const = 0;
    virtual std::string peer_certificate_pem() const = 0;  // empty: none
};

std::unique_ptr<Transport> make_plain_transport(boost::asio::ip::tcp::socket socket);
// `context` outlives it.
std::unique_ptr<Transport> make_tls_transport(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& context);

}  // namespace otabahn::http
