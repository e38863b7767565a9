// SPDX-License-Identifier: Apache-2.0
#include "x509/openssl_handles.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <stdexcept>

namespace otabahn::x509::detail {
namespace {

struct SubjectField {
    int nid;
    std::string Subject::*member;
    const char* name;
};
// In the order in which names are written.
constexpr std::array subject_rows{
    SubjectField{NID_countryName, &Subject::country, "country"},
    SubjectField{NID_stateOrProvinceName, &Subject::state, "state"},
    SubjectField{NID_localityName, &Subject::locality, "locality"},
    SubjectField{NID_organizationName, &Subject::organization, "organization"},
    SubjectField{NID_organizationalUnitName, &Subject::organizational_unit, "organizational unit"},
    SubjectField{NID_commonName, &Subject::common_name, "common name"},
};

}  // namespace

Bio read_only(std::string_view text) {
    // The caller has bounded the length (largest_text), so the narrowing is safe.
    Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!bio) broken("BIO_new_mem_buf");
    return bio;
}

std::string content(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string reason() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
    return text == nullptr ? std::string() : " (" + std::string(text) + ")";
}

void broken(const char* what) { throw std::runtime_error(std::string("OpenSSL failed in ") + what + reason()); }

int no_password(char*, int, int, void*) { return -1; }

KeyAlgorithm algorithm_of(const EVP_PKEY* key) {
    if (key == nullptr) return KeyAlgorithm::other;
    if (EVP_PKEY_is_a(key, "RSA")) return KeyAlgorithm::rsa;
    if (!EVP_PKEY_is_a(key, "EC")) return KeyAlgorithm::other;
    std::array<char, 64> group{};
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1) {
        ERR_clear_error();
        return KeyAlgorithm::other;
    }
    const std::string_view name(group.data(), length);
    if (name == "prime256v1" || name == "P-256") return KeyAlgorithm::ec_p256;
    if (name == "secp384r1" || name == "P-384") return KeyAlgorithm::ec_p384;
    if (name == "secp521r1" || name == "P-521") return KeyAlgorithm::ec_p521;
    return KeyAlgorithm::other;
}

std::string public_pem_of(const EVP_PKEY* key) {
    Bio out(BIO_new(BIO_s_mem()));
    if (!out) broken("BIO_new");
    if (key == nullptr || PEM_write_bio_PUBKEY(out.get(), key) != 1) {
        ERR_clear_error();
        return {};
    }
    return content(out.get());
}

Result<Pkey> parse_public_pem(std::string_view pem) {
    if (pem.size() > largest_text) return fail(ErrorCode::invalid_request, "The text of a public key is larger than 4 MiB.");
    Pkey key(PEM_read_bio_PUBKEY(read_only(pem).get(), nullptr, &no_password, nullptr));
    if (!key)
        return fail(ErrorCode::invalid_request,
                    "There is no public key in the text: it takes a PEM block that begins '-----BEGIN PUBLIC KEY-----'" + reason() + ".");
    return key;
}

const EVP_MD* digest_for(const EVP_PKEY* signer) {
    switch (algorithm_of(signer)) {
        case KeyAlgorithm::ec_p384:
            return EVP_sha384();
        case KeyAlgorithm::ec_p521:
            return EVP_sha512();
        case KeyAlgorithm::rsa:
        case KeyAlgorithm::ec_p256:
        case KeyAlgorithm::other:
            return EVP_sha256();
    }
    return EVP_sha256();
}

Result<void> write_name(X509_NAME* name, const Subject& subject) {
    for (const SubjectField& row : subject_rows) {
        const std::string& value = subject.*row.member;
        if (value.empty()) continue;
        const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
        if (value.size() > 4096 ||
            X509_NAME_add_entry_by_NID(name, row.nid, MBSTRING_UTF8, bytes, static_cast<int>(value.size()), -1, 0) != 1)
            return fail(ErrorCode::invalid_request, "'" + value.substr(0, 80) + "' cannot be the " + row.name +
                                                        " of a certificate's subject" + reason() +
                                                        ": a country is 2 letters, the others are UTF-8 of at most 64 or 128 characters.");
    }
    return {};
}

Subject read_subject(const X509_NAME* name) {
    Subject out;
    for (const SubjectField& row : subject_rows) {
        const int at = X509_NAME_get_index_by_NID(name, row.nid, -1);
        if (at < 0) continue;
        unsigned char* text = nullptr;
        const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
        if (size < 0) {
            ERR_clear_error();
            continue;
        }
        (out.*row.member).assign(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
        OPENSSL_free(text);
    }
    return out;
}

}  // namespace otabahn::x509::detail
