// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/target.hpp"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <toml++/toml.h>

#include <array>
#include <cstring>
#include <filesystem>

namespace otabahn::load {
namespace {

// Several records a system call, so that reading costs the client less than writing cost the server.
constexpr std::size_t read_ahead_bytes = 64 * 1024;

std::string tls_reason() {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    return text.data();
}

Result<void> resolve(Target& target) {
    const auto colon = target.endpoint.rfind(':');
    if (colon == std::string::npos) return fail(ErrorCode::invalid_request, "'" + target.endpoint + "' is no HOST:PORT.", target.endpoint);
    addrinfo wanted{}, *found = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    if (::getaddrinfo(target.endpoint.substr(0, colon).c_str(), target.endpoint.substr(colon + 1).c_str(), &wanted, &found) != 0)
        return fail(ErrorCode::not_found, "Cannot find the host of " + target.endpoint + ".", target.endpoint);
    std::memcpy(&target.address, found->ai_addr, found->ai_addrlen);
    target.address_size = found->ai_addrlen;
    ::freeaddrinfo(found);
    return {};
}

std::shared_ptr<SSL_CTX> make_tls() {
    std::shared_ptr<SSL_CTX> out(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX_set_min_proto_version(out.get(), TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(out.get(), "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_mode(out.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(out.get(), 1);
    SSL_CTX_set_default_read_buffer_len(out.get(), read_ahead_bytes);
    return out;
}

}  // namespace

Result<Target> load_target(const std::string& bundle, const std::string& endpoint) {
    Target out;
    out.tls = make_tls();
    try {
        const auto table = toml::parse_file(bundle + "/device.toml");
        const auto text = [&](const char* key) { return table[key].value_or(std::string()); };
        const auto file = [&](const char* key) { return (std::filesystem::path(bundle) / text(key)).string(); };
        out.thing = text("thing_name");
        out.endpoint = endpoint.empty() ? text("endpoint") : endpoint;
        if (SSL_CTX_use_certificate_chain_file(out.tls.get(), file("certificate").c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(out.tls.get(), file("private_key").c_str(), SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_load_verify_locations(out.tls.get(), file("root_ca").c_str(), nullptr) != 1)
            return fail(ErrorCode::invalid_request, "Cannot use the certificates in " + bundle + ": " + tls_reason(), bundle);
        SSL_CTX_set_verify(out.tls.get(), SSL_VERIFY_PEER, nullptr);
    } catch (const toml::parse_error& wrong) {
        return fail(ErrorCode::invalid_request, bundle + "/device.toml: " + std::string(wrong.description()), bundle);
    }
    if (auto found = resolve(out); !found) return Unexpected(found.error());
    return out;
}

Result<Target> plain_target(const std::string& endpoint) {
    Target out;
    out.tls = make_tls();
    out.endpoint = endpoint;
    if (auto found = resolve(out); !found) return Unexpected(found.error());
    return out;
}

}  // namespace otabahn::load
