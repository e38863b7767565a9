// SPDX-License-Identifier: Apache-2.0
// Accepts TCP connections on one address and deals each to the loop that has the fewest; closes at once what is past the bounds on
// open ones and on unfinished handshakes. Runs on the first loop.
#pragma once

#include "base/error.hpp"
#include "gateway/gateway.hpp"
#include "gateway/loop.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace otabahn::gateway {

class Listener {
  public:
    Listener(const std::vector<std::unique_ptr<Loop>>& loops, std::size_t max_connections, std::size_t max_handshakes);
    Result<Endpoint> listen(const std::string& host, std::uint16_t port);
    void start();  // before the loops run, or on the first
    void close();  // on the first loop

  private:
    void accept();
    void take(Loop& loop, boost::asio::ip::tcp::socket socket);

    const std::vector<std::unique_ptr<Loop>>& loops_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    std::size_t max_connections_, max_handshakes_;
    std::chrono::steady_clock::time_point complained_at_{};
};

}  // namespace otabahn::gateway
