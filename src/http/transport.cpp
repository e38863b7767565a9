// SPDX-License-Identifier: Apache-2.0
#include "http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <openssl/pem.h>

namespace otabahn::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

beast::tcp_stream make_stream(asio::ip::tcp::socket socket) {
    error_code ignored;  // a peer that went away already is found by the first read
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    return beast::tcp_stream(std::move(socket));
}

std::string address_of(const asio::ip::tcp::socket& socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    return error ? std::string() : peer.address().to_string();
}

template <class Stream>
asio::awaitable<IoResult> read_from(Stream& stream, asio::mutable_buffer into) {
    const auto [error, size] = co_await stream.async_read_some(into, no_throw);
    co_return IoResult{error, size};
}

template <class Stream>
asio::awaitable<error_code> write_to(Stream& stream, std::array<asio::const_buffer, 2> bytes) {
    const auto [error, size] = co_await asio::async_write(stream, bytes, no_throw);
    co_return error;
}

class PlainTransport final : public Transport {
  public:
    explicit PlainTransport(asio::ip::tcp::socket socket) : stream_(make_stream(std::move(socket))), peer_(address_of(stream_.socket())) {}

    asio::awaitable<error_code> handshake() override { co_return error_code(); }
    asio::awaitable<IoResult> read_some(asio::mutable_buffer into) override { return read_from(stream_, into); }
    asio::awaitable<error_code> write(std::array<asio::const_buffer, 2> bytes) override { return write_to(stream_, bytes); }
    asio::awaitable<void> finish_writing() override {
        error_code ignored;  // the peer may have closed first
        stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        co_return;
    }
    void close() override { stream_.close(); }
    void set_deadline(std::chrono::steady_clock::time_point when) override { stream_.expires_at(when); }
    std::string peer_address() const override { return peer_; }
    std::string peer_certificate_pem() const override { return {}; }

  private:
    beast::tcp_stream stream_;
    std::string peer_;
};

class TlsTransport final : public Transport {
  public:
    TlsTransport(asio::ip::tcp::socket socket, asio::ssl::context& context)
        : stream_(make_stream(std::move(socket)), context), peer_(address_of(stream_.next_layer().socket())) {}

    asio::awaitable<error_code> handshake() override {
        const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, no_throw);
        co_return error;
    }
    asio::awaitable<IoResult> read_some(asio::mutable_buffer into) override { return read_from(stream_, into); }
    asio::awaitable<error_code> write(std::array<asio::const_buffer, 2> bytes) override { return write_to(stream_, bytes); }
    asio::awaitable<void> finish_writing() override { const auto [ignored] = co_await stream_.async_shutdown(no_throw); }
    void close() override { stream_.next_layer().close(); }
    void set_deadline(std::chrono::steady_clock::time_point when) override { stream_.next_layer().expires_at(when); }
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
    asio::ssl::stream<beast::tcp_stream> stream_;
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
