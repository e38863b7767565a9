// SPDX-License-Identifier: Apache-2.0
// The device's side of mutual TLS: its certificate, and a private key that lies in a file, in a PKCS#11 token ("pkcs11:…", by
// OpenSSL's engine) or in a TPM 2.0 ("handle:0x…", or a file that only the TPM can use; by the tpm2 provider).
#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <memory>
#include <string>

struct ssl_ctx_st;
struct evp_pkey_st;

namespace otabahn::device {

struct FreeTlsContext {
    void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeTlsContext>;

struct FreeKey {
    void operator()(evp_pkey_st* key) const;
};
using PrivateKeyHandle = std::unique_ptr<evp_pkey_st, FreeKey>;

struct ClientIdentity {
    std::filesystem::path certificate;
    std::string private_key;              // a path, "pkcs11:…" or "handle:…"
    std::filesystem::path pkcs11_module;  // empty: the engine's own choice
    std::filesystem::path root_ca;        // empty: the system's roots
};

// Whether `key` names a token's key, not a file.
bool is_key_uri(const std::string& key);

Result<PrivateKeyHandle> load_private_key(const ClientIdentity& identity);

// A certificate signing request in PEM, by a key given as PEM text or as a token's name.
Result<std::string> make_certificate_request(const std::string& key, const std::filesystem::path& pkcs11_module,
                                             const std::string& common_name);

// For connections to `host`, whose certificate must name it. `alpn`: one protocol, or empty.
Result<TlsContext> make_client_context(const ClientIdentity& identity, const std::string& host, const std::string& alpn);

// Why OpenSSL failed last, in its own words; clears its queue.
std::string openssl_trouble();

}  // namespace otabahn::device
