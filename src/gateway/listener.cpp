// SPDX-License-Identifier: Apache-2.0
#include "gateway/listener.hpp"

#include "runtime/log.hpp"

#include <algorithm>

namespace otabahn::gateway {

using boost::asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds pause_when_out_of_files{100};
constexpr std::chrono::seconds complain_every{10};

}  // namespace

Listener::Listener(const std::vector<std::unique_ptr<Loop>>& loops, std::size_t max_connections, std::size_t max_handshakes)
    : loops_(loops),
      acceptor_(loops.front()->context()),
      pause_(loops.front()->context()),
      max_connections_(max_connections),
      max_handshakes_(max_handshakes) {}

Result<Endpoint> Listener::listen(const std::string& host, std::uint16_t port) {
    boost::system::error_code error;
    const std::string place = host + ":" + std::to_string(port);
    tcp::resolver resolver(acceptor_.get_executor());
    const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
    if (error || found.empty())
        return fail(ErrorCode::invalid_request, "The gateway cannot listen on " + place + ": " + error.message() + ".", place);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(4096, error);
    if (error)
        return fail(ErrorCode::unavailable, "The gateway cannot listen on " + place + ": " + error.message() + ". Is another server there?",
                    place);
    const auto local = acceptor_.local_endpoint();
    return Endpoint{local.address().to_string(), local.port()};
}

void Listener::start() { accept(); }

void Listener::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

void Listener::accept() {
    const auto least = std::min_element(loops_.begin(), loops_.end(), [](const auto& a, const auto& b) { return a->links() < b->links(); });
    Loop& loop = **least;
    acceptor_.async_accept(loop.context(), [this, &loop](const boost::system::error_code& error, tcp::socket socket) {
        if (!acceptor_.is_open()) return;
        if (error) {
            // Out of file descriptors, most likely: those who wait in the backlog get their turn when others have gone.
            spdlog::error("accept failed what=\"{}\"", error.message());
            pause_.expires_after(pause_when_out_of_files);
            pause_.async_wait([this](const boost::system::error_code& cancelled) {
                if (!cancelled && acceptor_.is_open()) accept();
            });
            return;
        }
        take(loop, std::move(socket));
        accept();
    });
}

void Listener::take(Loop& loop, tcp::socket socket) {
    std::size_t open = 0, unfinished = 0;
    for (const auto& each : loops_) {
        open += each->links();
        unfinished += each->handshakes();
    }
    boost::system::error_code ignored;
    const bool full = open >= max_connections_, crowded = unfinished >= max_handshakes_;
    if (full || crowded) {
        loops_.front()->tally().refuse(full ? Refusal::connections : Refusal::handshakes);
        const auto now = std::chrono::steady_clock::now();
        if (now - complained_at_ >= complain_every) {
            complained_at_ = now;
            spdlog::warn("{} open={} of={} unfinished_handshakes={} of={}", full ? "connections refused" : "silent handshakes make room",
                         open, max_connections_, unfinished, max_handshakes_);
        }
        if (full) {
            socket.close(ignored);
            return;
        }
    }
    socket.non_blocking(true, ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    loop.deal(std::move(socket), crowded);
}

}  // namespace otabahn::gateway
