// SPDX-License-Identifier: Apache-2.0
// Debian 12 has PKCS#11 for OpenSSL as an engine only, and OpenSSL 3 calls engines deprecated: they are used in this file alone.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "device/host/client_tls.hpp"

#include "device/host/files.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <utility>

namespace otabahn::device {

namespace {

constexpr const char* system_roots = "/etc/ssl/certs";
constexpr std::string_view pkcs11_scheme = "pkcs11:", handle_scheme = "handle:", tpm_pem = "-----BEGIN TSS2 PRIVATE KEY-----";
constexpr std::size_t most_key_bytes = 64 * 1024;

// A PIN may stand behind the question mark; it is no matter for a log.
Error key_trouble(const std::string& key, const std::string& what) {
    const std::string name = key.substr(0, key.find('?'));
    return Error{ErrorCode::invalid_request, "private_key = \"" + name + "\": " + what + ": " + openssl_trouble() + ".", name};
}

Result<PrivateKeyHandle> from_token(const ClientIdentity& identity) {
    const std::string& key = identity.private_key;
    ENGINE_load_builtin_engines();
    ENGINE* engine = ENGINE_by_id("pkcs11");
    if (engine == nullptr) return Unexpected(key_trouble(key, "OpenSSL has no pkcs11 engine (Debian: libengine-pkcs11-openssl)"));
    const std::string module = identity.pkcs11_module.string();
    // It writes the whole name to stderr otherwise.
    ENGINE_ctrl_cmd_string(engine, "QUIET", nullptr, 0);
    const bool ready =
        (module.empty() || ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", module.c_str(), 0) == 1) && ENGINE_init(engine) == 1;
    // The structural reference goes, the key holds a functional one.
    PrivateKeyHandle loaded(ready ? ENGINE_load_private_key(engine, key.c_str(), nullptr, nullptr) : nullptr);
    if (ready) ENGINE_finish(engine);
    ENGINE_free(engine);
    if (loaded) return loaded;
    return Unexpected(key_trouble(key, ready
                                           ? "the token gives no such key (is the object's name right, and pin-value or pin-source in it?)"
                                           : "the PKCS#11 module cannot be used (pkcs11_module names it)"));
}

// Once for the process: what is loaded stays. Everything but the TPM's own keys is still done by the default provider.
Result<void> use_tpm(const std::string& key) {
    static bool loaded = false;
    if (loaded) return {};
    loaded = OSSL_PROVIDER_load(nullptr, "default") != nullptr && OSSL_PROVIDER_load(nullptr, "tpm2") != nullptr &&
             EVP_set_default_properties(nullptr, "?provider!=tpm2") == 1;
    if (!loaded) return Unexpected(key_trouble(key, "OpenSSL cannot load the tpm2 provider (Debian: tpm2-openssl)"));
    return {};
}

// OpenSSL would have the TPM hash what is signed, and copy the hash half way: a TPM has room for three objects, and without a
// resource manager that is one too few. So a key on a curve stands in for the TPM's, and asks it to sign finished hashes only.
void forget_tpm_key(void*, void* held, CRYPTO_EX_DATA*, int, long, void*) { EVP_PKEY_free(static_cast<EVP_PKEY*>(held)); }

int tpm_key_slot() {
    static const int slot = EC_KEY_get_ex_new_index(0, nullptr, nullptr, nullptr, forget_tpm_key);
    return slot;
}

int sign_by_tpm(int, const unsigned char* digest, int digest_bytes, unsigned char* out, unsigned* out_bytes, const BIGNUM*, const BIGNUM*,
                EC_KEY* stand_in) {
    auto* key = static_cast<EVP_PKEY*>(EC_KEY_get_ex_data(stand_in, tpm_key_slot()));
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_pkey(nullptr, key, "provider=tpm2");
    std::size_t room = static_cast<std::size_t>(ECDSA_size(stand_in));
    const EVP_MD* hash = digest_bytes == 32 ? EVP_sha256() : digest_bytes == 48 ? EVP_sha384() : EVP_sha512();
    const bool signed_so = context != nullptr && EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_CTX_set_signature_md(context, hash) == 1 &&
                           EVP_PKEY_sign(context, out, &room, digest, static_cast<std::size_t>(digest_bytes)) == 1;
    EVP_PKEY_CTX_free(context);
    *out_bytes = signed_so ? static_cast<unsigned>(room) : 0;
    return signed_so ? 1 : 0;
}

PrivateKeyHandle stand_in_for(PrivateKeyHandle key) {
    if (!key || EVP_PKEY_is_a(key.get(), "EC") != 1) return key;
    static EC_KEY_METHOD* const method = [] {
        EC_KEY_METHOD* made = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
        int (*setup)(EC_KEY*, BN_CTX*, BIGNUM**, BIGNUM**) = nullptr;
        ECDSA_SIG* (*sign_parts)(const unsigned char*, int, const BIGNUM*, const BIGNUM*, EC_KEY*) = nullptr;
        EC_KEY_METHOD_get_sign(EC_KEY_OpenSSL(), nullptr, &setup, &sign_parts);
        EC_KEY_METHOD_set_sign(made, sign_by_tpm, setup, sign_parts);
        return made;
    }();
    std::array<char, 64> curve{};
    std::array<unsigned char, 256> point{};
    std::size_t point_bytes = 0;
    if (EVP_PKEY_get_utf8_string_param(key.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), curve.size(), nullptr) != 1 ||
        EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &point_bytes) != 1)
        return {};
    EC_KEY* stand_in = EC_KEY_new_by_curve_name(OBJ_txt2nid(curve.data()));
    PrivateKeyHandle out(EVP_PKEY_new());
    if (stand_in == nullptr || !out || EC_KEY_oct2key(stand_in, point.data(), point_bytes, nullptr) != 1 ||
        EC_KEY_set_method(stand_in, method) != 1 || EC_KEY_set_ex_data(stand_in, tpm_key_slot(), key.get()) != 1) {
        EC_KEY_free(stand_in);
        return {};
    }
    static_cast<void>(key.release());  // the stand-in has it
    EVP_PKEY_assign_EC_KEY(out.get(), stand_in);
    return out;
}

Result<PrivateKeyHandle> from_tpm_handle(const std::string& key) {
    if (auto ready = use_tpm(key); !ready) return Unexpected(ready.error());
    PrivateKeyHandle found;
    OSSL_STORE_CTX* store = OSSL_STORE_open(key.c_str(), nullptr, nullptr, nullptr, nullptr);
    while (store != nullptr && !found && OSSL_STORE_eof(store) == 0) {
        OSSL_STORE_INFO* info = OSSL_STORE_load(store);
        if (info == nullptr) break;
        if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) found.reset(OSSL_STORE_INFO_get1_PKEY(info));
        OSSL_STORE_INFO_free(info);
    }
    if (store != nullptr) OSSL_STORE_close(store);
    found = stand_in_for(std::move(found));
    if (!found) return Unexpected(key_trouble(key, "the TPM gives no key of that handle"));
    return found;
}

Result<PrivateKeyHandle> from_text(const std::string& key, std::string text) {
    const bool of_tpm = text.find(tpm_pem) != std::string::npos;
    if (of_tpm)
        if (auto ready = use_tpm(key); !ready) return Unexpected(ready.error());
    BIO* bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    // No password is asked for on a terminal that nobody sits at.
    PrivateKeyHandle loaded(PEM_read_bio_PrivateKey(
        bio, nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
    BIO_free(bio);
    OPENSSL_cleanse(text.data(), text.size());
    if (of_tpm) loaded = stand_in_for(std::move(loaded));
    if (!loaded) return Unexpected(key_trouble(key, "it holds no private key in PEM that can be read without a password"));
    return loaded;
}

}  // namespace

void FreeTlsContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

std::string openssl_trouble() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    std::string out = reason != nullptr ? reason : "no reason is given";
    ERR_clear_error();
    return out;
}

bool is_key_uri(const std::string& key) { return key.starts_with(pkcs11_scheme) || key.starts_with(handle_scheme); }

Result<PrivateKeyHandle> load_private_key(const ClientIdentity& identity) {
    if (identity.private_key.starts_with(pkcs11_scheme)) return from_token(identity);
    if (identity.private_key.starts_with(handle_scheme)) return from_tpm_handle(identity.private_key);
    auto text = read_file(identity.private_key, most_key_bytes);
    if (!text) return Unexpected(text.error());
    return from_text(identity.private_key, std::move(text).value());
}

Result<std::string> make_certificate_request(const std::string& key, const std::filesystem::path& pkcs11_module,
                                             const std::string& common_name) {
    ClientIdentity identity;
    identity.private_key = key;
    identity.pkcs11_module = pkcs11_module;
    auto loaded = is_key_uri(key) ? load_private_key(identity) : from_text("the new key", key);
    if (!loaded) return Unexpected(loaded.error());
    X509_REQ* request = X509_REQ_new();
    BIO* bio = BIO_new(BIO_s_mem());
    const auto* name = reinterpret_cast<const unsigned char*>(common_name.c_str());
    const bool made = X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
                      X509_REQ_set_pubkey(request, loaded->get()) == 1 && X509_REQ_sign(request, loaded->get(), EVP_sha256()) > 0 &&
                      PEM_write_bio_X509_REQ(bio, request) == 1;
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string out(text, made ? static_cast<std::size_t>(size) : 0);
    BIO_free(bio);
    X509_REQ_free(request);
    if (!made) return fail(ErrorCode::internal, "no certificate signing request could be made: " + openssl_trouble() + ".");
    return out;
}

Result<TlsContext> make_client_context(const ClientIdentity& identity, const std::string& host, const std::string& alpn) {
    // First: it may bring a provider, and a context keeps the algorithms that it was made with.
    auto key = load_private_key(identity);
    if (!key) return Unexpected(key.error());
    TlsContext context(SSL_CTX_new(TLS_client_method()));
    const auto trouble = [&](const std::string& what) { return fail(ErrorCode::invalid_request, what + ": " + openssl_trouble() + "."); };
    if (!context) return trouble("TLS cannot be set up");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    const std::string authority = identity.root_ca.string();
    // A folder is read as it is needed: all the system's roots at once would be a megabyte.
    const int trusts = authority.empty() ? SSL_CTX_load_verify_dir(context.get(), system_roots)
                                         : SSL_CTX_load_verify_file(context.get(), authority.c_str());
    if (trusts != 1) return trouble((authority.empty() ? system_roots : authority) + std::string(" holds no certificates of authorities"));
    if (SSL_CTX_use_certificate_chain_file(context.get(), identity.certificate.c_str()) != 1)
        return trouble(identity.certificate.string() + " holds no certificate");
    if (SSL_CTX_use_PrivateKey(context.get(), key->get()) != 1)
        return trouble("the private key does not belong to the certificate in " + identity.certificate.string());
    X509_VERIFY_PARAM* verify = SSL_CTX_get0_param(context.get());
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) != 1) X509_VERIFY_PARAM_set1_host(verify, host.c_str(), 0);
    ERR_clear_error();
    if (!alpn.empty()) {
        const std::string wire = std::string(1, static_cast<char>(alpn.size())) + alpn;
        SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(wire.data()), static_cast<unsigned>(wire.size()));
    }
    return context;
}

}  // namespace otabahn::device
