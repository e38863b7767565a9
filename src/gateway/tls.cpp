// SPDX-License-Identifier: Apache-2.0
#include "gateway/tls.hpp"

#include "encoding/base64_string.hpp"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <climits>

namespace otabahn::gateway {
namespace {

std::string last_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "the peer closed the connection";
    std::array<char, 256> text{};
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

int accept_any_certificate(int, X509_STORE_CTX*) { return 1; }

}  // namespace

Result<TlsContext> TlsContext::server(const std::string& certificate_file, const std::string& private_key_file) {
    ERR_clear_error();
    std::shared_ptr<ssl_ctx_st> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) return fail(ErrorCode::internal, "OpenSSL gives no TLS context: " + last_error());
    SSL_CTX* raw = context.get();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(raw, 1);  // a record's head and body in one system call
    SSL_CTX_set_ciphersuites(raw, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any_certificate);
    if (SSL_CTX_use_certificate_chain_file(raw, certificate_file.c_str()) != 1)
        return fail(ErrorCode::invalid_request, "The gateway cannot use " + certificate_file +
                                                    " as its certificate: it must be PEM, the server's certificate first. OpenSSL says " +
                                                    last_error() + ".");
    if (SSL_CTX_use_PrivateKey_file(raw, private_key_file.c_str(), SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(raw) != 1)
        return fail(ErrorCode::invalid_request, "The gateway cannot use " + private_key_file +
                                                    " as its key: it must be PEM and the key of " + certificate_file + ". OpenSSL says " +
                                                    last_error() + ".");
    return TlsContext(std::move(context));
}

void TlsStream::Free::operator()(ssl_st* stream) const { SSL_free(stream); }

TlsStream::TlsStream(const TlsContext& context, int socket) : handle_(SSL_new(context.native())) {
    if (!handle_) throw std::bad_alloc();
    SSL_set_fd(handle_.get(), socket);
    SSL_set_accept_state(handle_.get());
}

TlsStream::State TlsStream::judge(int result) {
    switch (SSL_get_error(handle_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return State::want_read;
        case SSL_ERROR_WANT_WRITE:
            return State::want_write;
        case SSL_ERROR_ZERO_RETURN:
            return State::closed;
        default:
            failure_ = last_error();
            return State::failed;
    }
}

TlsStream::State TlsStream::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(handle_.get());
    return result == 1 ? State::done : judge(result);
}

TlsStream::Moved TlsStream::read(std::span<std::uint8_t> into) {
    ERR_clear_error();
    const int result = SSL_read(handle_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX)));
    if (result > 0) return {State::done, static_cast<std::size_t>(result)};
    return {judge(result)};
}

TlsStream::Moved TlsStream::write(ByteView bytes) {
    ERR_clear_error();
    const int result = SSL_write(handle_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX)));
    if (result > 0) return {State::done, static_cast<std::size_t>(result)};
    return {judge(result)};
}

bool TlsStream::has_pending() const { return SSL_has_pending(handle_.get()) == 1; }

void TlsStream::close_notify() {
    ERR_clear_error();
    if (SSL_is_init_finished(handle_.get())) SSL_shutdown(handle_.get());
    ERR_clear_error();
}

std::string TlsStream::certificate_id() const {
    X509* certificate = SSL_get0_peer_certificate(handle_.get());
    if (certificate == nullptr) return {};
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
    return encoding::to_hex(digest);
}

std::string TlsStream::server_name() const {
    const char* name = SSL_get_servername(handle_.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? std::string() : std::string(name);
}

std::optional<Region> region_of_host(std::string_view host) {
    for (const std::string_view suffix : {".amazonaws.com", ".amazonaws.com.cn"}) {
        if (!host.ends_with(suffix)) continue;
        host.remove_suffix(suffix.size());
        const std::size_t dot = host.rfind('.');
        if (dot == std::string_view::npos || !host.substr(0, dot).ends_with(".iot")) return std::nullopt;
        auto region = Region::parse(host.substr(dot + 1));
        if (!region) return std::nullopt;
        return std::move(*region);
    }
    return std::nullopt;
}

}  // namespace otabahn::gateway
