// SPDX-License-Identifier: Apache-2.0
#include "sigv4/digest.hpp"

#include "encoding/base64_string.hpp"
#include "sigv4/url_text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace otabahn::sigv4 {
namespace {

// OpenSSL 3 looks an algorithm up by name each time EVP_sha256() is used; fetched once it is a pointer.
const EVP_MD* method_of(DigestKind kind) {
    static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
    static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    switch (kind) {
        case DigestKind::md5:
            return md5;
        case DigestKind::sha1:
            return sha1;
        case DigestKind::sha256:
            return sha256;
    }
    return sha256;
}

std::string hmac(DigestKind kind, ByteView key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    // A null key pointer would mean "the key of before" to OpenSSL.
    static constexpr unsigned char no_key = 0;
    const void* key_data = key.empty() ? &no_key : key.data();
    if (HMAC(method_of(kind), key_data, static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
             out.data(), &size) == nullptr)
        throw std::runtime_error("OpenSSL could not compute an HMAC");
    return std::string(reinterpret_cast<const char*>(out.data()), size);
}

}  // namespace

void Digest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Digest::Digest(DigestKind kind) : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex2(context_.get(), method_of(kind), nullptr) != 1)
        throw std::runtime_error("OpenSSL could not start a digest");
}

void Digest::update(ByteView bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
        throw std::runtime_error("OpenSSL could not go on with a digest");
}

std::string Digest::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context_.get(), out.data(), &size) != 1) throw std::runtime_error("OpenSSL could not end a digest");
    return std::string(reinterpret_cast<const char*>(out.data()), size);
}

std::string sha256_hex(std::string_view text) {
    Digest digest(DigestKind::sha256);
    digest.update(as_bytes(text));
    return encoding::to_hex(digest.finish());
}

Sha256Value hmac_sha256(ByteView key, std::string_view text) {
    const std::string raw = hmac(DigestKind::sha256, key, text);
    Sha256Value out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(raw[i]);
    return out;
}

std::string hmac_sha1(std::string_view key, std::string_view text) { return hmac(DigestKind::sha1, as_bytes(key), text); }

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace otabahn::sigv4
