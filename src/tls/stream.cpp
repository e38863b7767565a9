// SPDX-License-Identifier: Apache-2.0
#include "tls/stream.hpp"

#include "encoding/base64_string.hpp"
#include "tls/openssl_error.hpp"
#include "tls/server_name.hpp"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace otabahn::tls {
namespace {

// A client's own text on its way to a log line.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e || c == '"'; }, '?');
    return text;
}

}  // namespace

void Stream::Free::operator()(ssl_st* stream) const { SSL_free(stream); }

Stream::Stream(const Context& context, int socket) : handle_(SSL_new(context.native())), socket_(socket) {
    if (!handle_) throw std::bad_alloc();
    SSL_set_fd(handle_.get(), socket);
    SSL_set_accept_state(handle_.get());
}

Stream::State Stream::judge(int result) {
    switch (SSL_get_error(handle_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return State::want_read;
        case SSL_ERROR_WANT_WRITE:
            return State::want_write;
        case SSL_ERROR_ZERO_RETURN:
            return State::closed;
        default:
            break;
    }
    failure_ = last_error();
    if (!SSL_is_init_finished(handle_.get())) {
        const std::string name = server_name();
        X509* own = SSL_get_certificate(handle_.get());
        if (!name.empty() && own != nullptr && !is_known_name(own, name))
            failure_ = "SNI_MISUSED: the client asks for the host " + printable(name) +
                       ", which is no name of the server's certificate; start the server with --hostname to have it there";
    }
    return State::failed;
}

Stream::Moved Stream::judge_plain(ssize_t result) {
    if (result > 0) return {State::done, static_cast<std::size_t>(result)};
    if (result == 0) return {State::closed};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {State::want_read};
    failure_ = std::strerror(errno);
    return {State::failed};
}

Stream::State Stream::handshake() {
    if (is_plain()) return State::done;
    ERR_clear_error();
    const int result = SSL_do_handshake(handle_.get());
    return result == 1 ? State::done : judge(result);
}

Stream::Moved Stream::read(std::span<std::uint8_t> into) {
    if (is_plain()) return judge_plain(::recv(socket_, into.data(), into.size(), MSG_DONTWAIT));
    ERR_clear_error();
    const int result = SSL_read(handle_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX)));
    if (result > 0) return {State::done, static_cast<std::size_t>(result)};
    return {judge(result)};
}

Stream::Moved Stream::write(ByteView bytes, ByteView more) {
    if (is_plain()) {
        std::array<iovec, 2> parts{iovec{const_cast<std::uint8_t*>(bytes.data()), bytes.size()},
                                   iovec{const_cast<std::uint8_t*>(more.data()), more.size()}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        Moved moved = judge_plain(::sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
        if (moved.state == State::want_read) moved.state = State::want_write;
        return moved;
    }
    // One record for both: a head of its own would cost a record, and a packet, more.
    thread_local std::array<std::uint8_t, SSL3_RT_MAX_PLAIN_LENGTH> record;
    if (!more.empty() && bytes.size() < record.size()) {
        const std::size_t added = std::min(more.size(), record.size() - bytes.size());
        std::copy(bytes.begin(), bytes.end(), record.begin());
        std::copy_n(more.begin(), added, record.begin() + static_cast<std::ptrdiff_t>(bytes.size()));
        bytes = ByteView(record.data(), bytes.size() + added);
    }
    ERR_clear_error();
    const int result = SSL_write(handle_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX)));
    if (result > 0) return {State::done, static_cast<std::size_t>(result)};
    return {judge(result)};
}

bool Stream::has_pending() const { return handle_ && SSL_has_pending(handle_.get()) == 1; }

void Stream::close_notify() {
    if (is_plain()) return;
    ERR_clear_error();
    if (SSL_is_init_finished(handle_.get())) SSL_shutdown(handle_.get());
    ERR_clear_error();
}

void Stream::forget_handshake() {
    // The record layer of TLS 1.2 looks its MAC up by the session; that of 1.3 does not.
    if (is_plain() || SSL_version(handle_.get()) != TLS1_3_VERSION) return;
    // OpenSSL begins anew when it is given another session while its context is for any version; so first one that is for this alone,
    // which has no certificates either that each connection would hold copies of.
    static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> of_version(SSL_CTX_new(SSL_get_ssl_method(handle_.get())), SSL_CTX_free);
    if (!of_version || SSL_set_SSL_CTX(handle_.get(), of_version.get()) != of_version.get()) return;
    SSL_set_session(handle_.get(), nullptr);  // it holds the client's certificate, parsed
}

std::string Stream::certificate_id() const {
    X509* certificate = is_plain() ? nullptr : SSL_get0_peer_certificate(handle_.get());
    if (certificate == nullptr) return {};
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
    return encoding::to_hex(digest);
}

std::string Stream::server_name() const {
    const char* name = is_plain() ? nullptr : SSL_get_servername(handle_.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? std::string() : std::string(name);
}

std::string_view Stream::protocol() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    if (!is_plain()) SSL_get0_alpn_selected(handle_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

}  // namespace otabahn::tls
