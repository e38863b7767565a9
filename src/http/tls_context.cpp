// SPDX-License-Identifier: Apache-2.0
#include "http/tls_context.hpp"

#include <openssl/ssl.h>

#include <array>

namespace otabahn::http {
namespace {

namespace ssl = boost::asio::ssl;

// HTTP/1.1 is what is spoken here; a client that offers only other protocols is told so by the alert.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size, void*) {
    static constexpr std::array<unsigned char, 9> ours{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours.data(), ours.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::unique_ptr<ssl::context>> make_tls_context(const TlsFiles& files, ClientCertificate client) {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
    boost::system::error_code error;
    const auto wrong = [&](std::string_view what, const std::string& file) {
        return fail(ErrorCode::invalid_request, "The " + std::string(what) + " of the HTTPS listener could not be used: " + file + ": " +
                                                    error.message() + ". It must be a PEM file that this process may read.");
    };
    context->use_certificate_chain_file(files.certificate_file, error);
    if (error) return wrong("certificate", files.certificate_file);
    context->use_private_key_file(files.key_file, ssl::context::pem, error);
    if (error) return wrong("private key", files.key_file);
    SSL_CTX* const native = context->native_handle();
    if (SSL_CTX_check_private_key(native) != 1)
        return fail(ErrorCode::invalid_request,
                    "The private key " + files.key_file + " does not belong to the certificate " + files.certificate_file + ".");
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_alpn_select_cb(native, &choose_protocol, nullptr);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    if (client == ClientCertificate::required) {
        context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
        context->set_verify_callback([](bool, ssl::verify_context&) { return true; });
        static constexpr std::array<unsigned char, 11> id{'o', 't', 'a', 'b', 'a', 'h', 'n', '-', 'd', 'e', 'v'};
        SSL_CTX_set_session_id_context(native, id.data(), id.size());
    }
    return context;
}

}  // namespace otabahn::http
