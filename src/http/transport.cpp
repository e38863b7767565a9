// SPDX-License-Identifier: Apache-2.0
#include "http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <openssl/pem.h>

namespace otabahn::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

// Cancels what runs on a socket when its time is over. Unlike Beast's tcp_stream it leaves the socket open, so that a slow
// peer can still be told why it is closed.
class Deadline {
  public:
    explicit Deadline(tcp::socket& socket) : state_(std::make_shared<State>(socket)) {}
    ~Deadline() {
        state_->socket_ = nullptr;
        state_->timer_.cancel();
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void set(std::chrono::steady_clock::time_point when) {
        state_->expired_ = false;
        state_->timer_.expires_at(when);
        // The wait's handler may come after this object is gone, so it keeps the state alive.
        state_->timer_.async_wait([state = state_](const error_code& error) {
            if (error || state->socket_ == nullptr || state->timer_.expiry() > std::chrono::steady_clock::now()) return;
            state->expired_ = true;
            error_code ignored;  // nothing may be running
            state->socket_->cancel(ignored);
        });
    }
    error_code judge(const error_code& error) const {
        return error == asio::error::operation_aborted && state_->expired_ ? asio::error::timed_out : error;
    }

  private:
    struct State {
        explicit State(tcp::socket& socket) : socket_(&socket), timer_(socket.get_executor()) {}
        tcp::socket* socket_;
        asio::steady_timer timer_;
        bool expired_ = false;
    };
    std::shared_ptr<State> state_;
};

void prepare(tcp::socket& socket) {
    error_code ignored;  // a peer that went away already is found by the first read
    socket.set_option(tcp::no_delay(true), ignored);
}

std::string address_of(const tcp::socket& socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    return error ? std::string() : peer.address().to_string();
}

template <class Stream>
asio::awaitable<IoResult> read_from(Stream& stream, const Deadline& deadline, asio::mutable_buffer into) {
    const auto [error, size] = co_await stream.async_read_some(into, no_throw);
    co_return IoResult{deadline.judge(error), size};
}

template <class Stream>
asio::awaitable<error_code> write_to(Stream& stream, const Deadline& deadline, std::array<asio::const_buffer, 2> bytes) {
    const auto [error, size] = co_await asio::async_write(stream, bytes, no_throw);
    co_return deadline.judge(error);
}

class PlainTransport final : public Transport {
  public:
    explicit PlainTransport(tcp::socket socket) : socket_(std::move(socket)), deadline_(socket_), peer_(address_of(socket_)) {
        prepare(socket_);
    }

    asio::awaitable<error_code> handshake() override { co_return error_code(); }
    asio::awaitable<IoResult> read_some(asio::mutable_buffer into) override { return read_from(socket_, deadline_, into); }
    asio::awaitable<error_code> write(std::array<asio::const_buffer, 2> bytes) override { return write_to(socket_, deadline_, bytes); }
    asio::awaitable<void> finish_writing() override {
        error_code ignored;  // the peer may have closed first
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
        co_return;
    }
    void close() override {
        error_code ignored;
        socket_.close(ignored);
    }
    void set_deadline(std::chrono::steady_clock::time_point when) override { deadline_.set(when); }
    std::string peer_address() const override { return peer_; }
    std::string peer_certificate_pem() const override { return {}; }

  private:
    tcp::socket socket_;
    Deadline deadline_;
    std::string peer_;
};

class TlsTransport final : public Transport {
  public:
    TlsTransport(tcp::socket socket, asio::ssl::context& context)
        : stream_(std::move(socket), context), deadline_(stream_.next_layer()), peer_(address_of(stream_.next_layer())) {
        prepare(stream_.next_layer());
    }

    asio::awaitable<error_code> handshake() override {
        const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, no_throw);
        co_return deadline_.judge(error);
    }
    asio::awaitable<IoResult> read_some(asio::mutable_buffer into) override { return read_from(stream_, deadline_, into); }
    asio::awaitable<error_code> write(std::array<asio::const_buffer, 2> bytes) override { return write_to(stream_, deadline_, bytes); }
    asio::awaitable<void> finish_writing() override { (void)co_await stream_.async_shutdown(no_throw); }
    void close() override {
        error_code ignored;
        stream_.next_layer().close(ignored);
    }
    void set_deadline(std::chrono::steady_clock::time_point when) override { deadline_.set(when); }
    std::string peer_address() const override { return peer_; }
    std::string peer_certificate_pem() const override {
        X509* certificate = SSL_get0_peer_certificate(const_cast<TlsTransport*>(this)->stream_.native_handle());
        if (certificate == nullptr) return {};
        const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
        if (!memory || PEM_write_bio_X509(memory.get(), certificate) != 1) return {};
        char* text = nullptr;
        const long size = BIO_get_mem_data(memory.get(), &text);
        return std::string(text, static_cast<std::size_t>(size));
    }

  private:
    asio::ssl::stream<tcp::socket> stream_;
    Deadline deadline_;
    std::string peer_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(asio::ip::tcp::socket socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

std::unique_ptr<Transport> make_tls_transport(asio::ip::tcp::socket socket, asio::ssl::context& context) {
    return std::make_unique<TlsTransport>(std::move(socket), context);
}

}  // namespace otabahn::http
