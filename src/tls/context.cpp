// SPDX-License-Identifier: Apache-2.0
#include "tls/context.hpp"

#include "tls/openssl_error.hpp"
#include "tls/server_name.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <span>

namespace otabahn::tls {
namespace {

// In place of OpenSSL's own: no chain is built, none is kept with the connection.
int accept_any_certificate(X509_STORE_CTX* chain, void*) {
    X509_STORE_CTX_set_error(chain, X509_V_OK);
    return 1;
}

void ask_for_certificate(SSL* stream) { SSL_set_verify(stream, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr); }

int judge_server_name(SSL* stream, int* alert, void*) {
    const char* name = SSL_get_servername(stream, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    if (is_known_name(SSL_get_certificate(stream), name)) return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The protocol of `ours` that comes first in it and is offered; the names in an offer have their length before them.
std::string_view choose(std::span<const std::string_view> ours, std::span<const unsigned char> offered) {
    for (const std::string_view wanted : ours) {
        for (std::size_t at = 0; at < offered.size(); at += 1 + offered[at]) {
            const std::string_view one(reinterpret_cast<const char*>(offered.data()) + at + 1, offered[at]);
            if (one == wanted) return {one.data(), one.size()};
        }
    }
    return {};
}

int answer(std::string_view chosen, const unsigned char** out, unsigned char* out_size) {
    *out = reinterpret_cast<const unsigned char*>(chosen.data());
    *out_size = static_cast<unsigned char>(chosen.size());
    return SSL_TLSEXT_ERR_OK;
}

// OpenSSL has checked that the lengths in an offer fit.
int choose_on_mqtt(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size, void*) {
    static constexpr std::string_view ours[] = {alpn_mqtt};
    const std::string_view chosen = choose(ours, {in, in_size});
    // Nothing has to be told apart here, so whatever else is offered does no harm.
    return chosen.empty() ? SSL_TLSEXT_ERR_NOACK : answer(chosen, out, out_size);
}

int choose_on_https(SSL* stream, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size, void*) {
    static constexpr std::string_view ours[] = {alpn_mqtt, alpn_device_http, alpn_http};
    const std::string_view chosen = choose(ours, {in, in_size});
    if (chosen.empty()) return SSL_TLSEXT_ERR_ALERT_FATAL;
    if (chosen != alpn_http) ask_for_certificate(stream);
    return answer(chosen, out, out_size);
}

int choose_on_device_https(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size, void*) {
    static constexpr std::string_view ours[] = {alpn_device_http, alpn_http};
    const std::string_view chosen = choose(ours, {in, in_size});
    return chosen.empty() ? SSL_TLSEXT_ERR_ALERT_FATAL : answer(chosen, out, out_size);
}

}  // namespace

Result<Context> Context::make(const Files& files, Entrance entrance) {
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
    SSL_CTX_set_tlsext_servername_callback(raw, judge_server_name);
    switch (entrance) {
        case Entrance::mqtt:
            SSL_CTX_set_alpn_select_cb(raw, choose_on_mqtt, nullptr);
            break;
        case Entrance::https:
            SSL_CTX_set_alpn_select_cb(raw, choose_on_https, nullptr);
            break;
        case Entrance::device_https:
            SSL_CTX_set_alpn_select_cb(raw, choose_on_device_https, nullptr);
            break;
    }
    SSL_CTX_set_cert_verify_callback(raw, accept_any_certificate, nullptr);
    if (entrance != Entrance::https) SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    if (SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) != 1)
        return fail(ErrorCode::invalid_request, "The server cannot use " + files.certificate +
                                                    " as its certificate: it must be PEM, the server's certificate first. OpenSSL says " +
                                                    last_error() + ".");
    if (SSL_CTX_use_PrivateKey_file(raw, files.key.c_str(), SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(raw) != 1)
        return fail(ErrorCode::invalid_request, "The server cannot use " + files.key + " as its key: it must be PEM and the key of " +
                                                    files.certificate + ". OpenSSL says " + last_error() + ".");
    return Context(std::move(context));
}

}  // namespace otabahn::tls
