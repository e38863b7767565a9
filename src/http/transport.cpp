// SPDX-License-Identifier: Apache-2.0
#include "http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace otabahn::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using State = tls::Stream::State;

tcp::socket& prepare(tcp::socket& socket) {
    error_code ignored;  // a peer that went away already is found by the first read
    socket.non_blocking(true, ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    return socket;
}

std::string address_of(const tcp::socket& socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    return error ? std::string() : peer.address().to_string();
}

ByteView view_of(const asio::const_buffer& buffer) { return {static_cast<const std::uint8_t*>(buffer.data()), buffer.size()}; }

}  // namespace

Transport::Transport(tcp::socket socket, const std::optional<tls::Context>& context)
    : socket_(std::move(socket)),
      stream_(context ? tls::Stream(*context, prepare(socket_).native_handle()) : tls::Stream(prepare(socket_).native_handle())),
      deadline_(std::make_shared<Deadline>(socket_)),
      peer_(address_of(socket_)) {}

Transport::~Transport() {
    deadline_->socket = nullptr;
    deadline_->timer.cancel();
}

void Transport::set_deadline(std::chrono::steady_clock::time_point when) {
    deadline_->expired = false;
    deadline_->timer.expires_at(when);
    deadline_->timer.async_wait([state = deadline_](const error_code& error) {
        if (error || state->socket == nullptr || state->timer.expiry() > std::chrono::steady_clock::now()) return;
        // Unlike Beast's tcp_stream it leaves the socket open, so that a slow peer can still be told why it is closed.
        state->expired = true;
        error_code ignored;  // nothing may be running
        state->socket->cancel(ignored);
    });
}

asio::awaitable<error_code> Transport::wait_for(State wanted) {
    if (!socket_.is_open()) co_return asio::error::operation_aborted;
    if (deadline_->expired) co_return asio::error::timed_out;
    const auto [error] = co_await socket_.async_wait(wanted == State::want_read ? tcp::socket::wait_read : tcp::socket::wait_write,
                                                     asio::as_tuple(asio::use_awaitable));
    co_return error == asio::error::operation_aborted && deadline_->expired ? asio::error::timed_out : error;
}

asio::awaitable<error_code> Transport::handshake() {
    for (;;) {
        const State state = stream_.handshake();
        if (state == State::done) co_return error_code();
        if (state != State::want_read && state != State::want_write) co_return asio::error::connection_refused;
        if (const error_code error = co_await wait_for(state)) co_return error;
    }
}

asio::awaitable<IoResult> Transport::read_some(asio::mutable_buffer into) {
    for (;;) {
        if (!socket_.is_open()) co_return IoResult{asio::error::operation_aborted, 0};
        const auto moved = stream_.read({static_cast<std::uint8_t*>(into.data()), into.size()});
        switch (moved.state) {
            case State::done:
                co_return IoResult{{}, moved.bytes};
            case State::closed:
                co_return IoResult{asio::error::eof, 0};
            case State::failed:
                co_return IoResult{asio::error::connection_reset, 0};
            case State::want_read:
            case State::want_write:
                if (const error_code error = co_await wait_for(moved.state)) co_return IoResult{error, 0};
        }
    }
}

asio::awaitable<error_code> Transport::write(std::array<asio::const_buffer, 2> bytes) {
    ByteView first = view_of(bytes[0]), second = view_of(bytes[1]);
    while (!first.empty() || !second.empty()) {
        if (!socket_.is_open()) co_return asio::error::operation_aborted;
        const auto moved = first.empty() ? stream_.write(second) : stream_.write(first, second);
        if (moved.state == State::done) {
            const std::size_t of_first = std::min(first.size(), moved.bytes);
            first = first.subspan(of_first);
            second = second.subspan(moved.bytes - of_first);
            continue;
        }
        if (moved.state != State::want_read && moved.state != State::want_write) co_return asio::error::connection_reset;
        if (const error_code error = co_await wait_for(moved.state)) co_return error;
    }
    co_return error_code();
}

void Transport::finish_writing() {
    stream_.close_notify();
    error_code ignored;  // the peer may have closed first
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

tls::Connected Transport::release() {
    deadline_->timer.cancel();
    error_code error;
    const int number = socket_.release(error);
    return {tls::Descriptor(error ? -1 : number), std::move(stream_), peer_};
}

void Transport::close() {
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace otabahn::http
