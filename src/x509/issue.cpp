// SPDX-License-Identifier: Apache-2.0
// Making certificates. Names go into the extensions as objects, never through OpenSSL's configuration
// language, so a name cannot smuggle in another extension.
#include "x509/openssl_handles.hpp"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <array>

namespace otabahn::x509 {
namespace {

// The last second that a certificate can name (RFC 5280 4.1.2.5).
constexpr std::int64_t last_second = 253402300799;

template <auto Free, class T>
void add_extension(X509* certificate, int nid, T* value, bool critical) {
    const detail::Owner<T, Free> owned(value);
    if (value == nullptr || X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) != 1)
        detail::broken("X509_add1_ext_i2d");
}

void add_basic_constraints(X509* certificate, bool authority) {
    BASIC_CONSTRAINTS* value = BASIC_CONSTRAINTS_new();
    if (value != nullptr) value->ca = authority ? 0xff : 0;
    add_extension<&BASIC_CONSTRAINTS_free>(certificate, NID_basic_constraints, value, true);
}

void add_key_usage(X509* certificate, const IssueRequest& request, bool rsa) {
    ASN1_BIT_STRING* value = ASN1_BIT_STRING_new();
    if (value == nullptr) detail::broken("ASN1_BIT_STRING_new");
    // Bit numbers of RFC 5280 4.2.1.3. TLS 1.2's RSA key exchange needs keyEncipherment.
    if (!request.certificate_authority || request.server_auth) ASN1_BIT_STRING_set_bit(value, 0, 1);
    if (rsa && request.server_auth) ASN1_BIT_STRING_set_bit(value, 2, 1);
    if (request.certificate_authority) {
        ASN1_BIT_STRING_set_bit(value, 5, 1);
        ASN1_BIT_STRING_set_bit(value, 6, 1);
    }
    add_extension<&ASN1_BIT_STRING_free>(certificate, NID_key_usage, value, true);
}

void add_extended_usage(X509* certificate, const IssueRequest& request) {
    if (!request.client_auth && !request.server_auth && !request.code_signing) return;
    EXTENDED_KEY_USAGE* value = sk_ASN1_OBJECT_new_null();
    if (value == nullptr) detail::broken("sk_ASN1_OBJECT_new_null");
    if (request.server_auth) sk_ASN1_OBJECT_push(value, OBJ_nid2obj(NID_server_auth));
    if (request.client_auth) sk_ASN1_OBJECT_push(value, OBJ_nid2obj(NID_client_auth));
    if (request.code_signing) sk_ASN1_OBJECT_push(value, OBJ_nid2obj(NID_code_sign));
    add_extension<&EXTENDED_KEY_USAGE_free>(certificate, NID_ext_key_usage, value, false);
}

Result<void> add_alternative_names(X509* certificate, const IssueRequest& request) {
    if (request.dns_names.empty() && request.ip_addresses.empty()) return {};
    detail::AltNames names(sk_GENERAL_NAME_new_null());
    if (!names) detail::broken("sk_GENERAL_NAME_new_null");
    const auto push = [&](int type, ASN1_STRING* value) {
        GENERAL_NAME* name = GENERAL_NAME_new();
        if (name == nullptr || value == nullptr) detail::broken("GENERAL_NAME_new");
        GENERAL_NAME_set0_value(name, type, value);
        sk_GENERAL_NAME_push(names.get(), name);
    };
    for (const std::string& dns : request.dns_names) {
        if (dns.empty() || dns.size() > 253)
            return fail(ErrorCode::invalid_request,
                        "'" + dns.substr(0, 80) + "' is no DNS name for a certificate: it takes 1 to 253 characters.");
        for (const char c : dns)
            if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
                return fail(ErrorCode::invalid_request, "A DNS name for a certificate holds a character that is not printable ASCII.");
        ASN1_STRING* text = ASN1_IA5STRING_new();
        if (text == nullptr || ASN1_STRING_set(text, dns.data(), static_cast<int>(dns.size())) != 1) detail::broken("ASN1_STRING_set");
        push(GEN_DNS, text);
    }
    for (const std::string& ip : request.ip_addresses) {
        ASN1_OCTET_STRING* bytes = a2i_IPADDRESS(ip.c_str());
        if (bytes == nullptr) {
            ERR_clear_error();
            return fail(ErrorCode::invalid_request, "'" + ip.substr(0, 80) + "' is no IPv4 or IPv6 address for a certificate.");
        }
        push(GEN_IPADD, bytes);
    }
    add_extension<&GENERAL_NAMES_free>(certificate, NID_subject_alt_name, names.release(), false);
    return {};
}

// RFC 5280 4.2.1.2 (1): the SHA-1 of the public key's bit string names the key; it protects nothing.
ASN1_OCTET_STRING* key_identifier(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    ASN1_OCTET_STRING* out = ASN1_OCTET_STRING_new();
    if (out == nullptr || X509_pubkey_digest(certificate, EVP_sha1(), digest.data(), &size) != 1 ||
        ASN1_OCTET_STRING_set(out, digest.data(), static_cast<int>(size)) != 1)
        detail::broken("X509_pubkey_digest");
    return out;
}

void add_key_identifiers(X509* certificate, X509* authority) {
    add_extension<&ASN1_OCTET_STRING_free>(certificate, NID_subject_key_identifier, key_identifier(certificate), false);
    if (authority == nullptr) return;
    // The authority's own identifier where it has one: path building compares the two.
    const ASN1_OCTET_STRING* named = X509_get0_subject_key_id(authority);
    AUTHORITY_KEYID* value = AUTHORITY_KEYID_new();
    if (value == nullptr) detail::broken("AUTHORITY_KEYID_new");
    value->keyid = named != nullptr ? ASN1_OCTET_STRING_dup(named) : key_identifier(authority);
    add_extension<&AUTHORITY_KEYID_free>(certificate, NID_authority_key_identifier, value, false);
}

void set_serial(X509* certificate) {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) detail::broken("RAND_bytes");
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);  // positive, and always 16 bytes
    const detail::Owner<BIGNUM, &BN_free> number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    if (!number || BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) detail::broken("BN_to_ASN1_INTEGER");
}

Result<void> set_validity(X509* certificate, const IssueRequest& request) {
    const std::int64_t from = to_seconds(request.not_before), until = to_seconds(request.not_after);
    if (from >= until || from < 0 || until > last_second)
        return fail(ErrorCode::invalid_request,
                    "A certificate's validity must begin before it ends and lie between the years 1970 and 9999.");
    if (ASN1_TIME_set(X509_getm_notBefore(certificate), static_cast<std::time_t>(from)) == nullptr ||
        ASN1_TIME_set(X509_getm_notAfter(certificate), static_cast<std::time_t>(until)) == nullptr)
        detail::broken("ASN1_TIME_set");
    return {};
}

}  // namespace

Result<Certificate> issue(const IssueRequest& request, const PrivateKey& key, const Certificate* authority) {
    auto subject_key =
        detail::parse_public_pem(request.public_key_pem.empty() && authority == nullptr ? key.public_key_pem() : request.public_key_pem);
    if (!subject_key) return Unexpected(std::move(subject_key).error());
    if (authority != nullptr && !key.fits(*authority))
        return fail(ErrorCode::conflict, "The signing key does not belong to the authority's certificate " + authority->subject() + ".");
    if (authority == nullptr && EVP_PKEY_eq(subject_key->get(), key.native()) != 1)
        return fail(ErrorCode::conflict, "A self-signed certificate takes the public key of the key that signs it; another one was given.");

    detail::X509Handle certificate(X509_new());
    if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1) detail::broken("X509_new");
    set_serial(certificate.get());
    if (auto fine = set_validity(certificate.get(), request); !fine) return Unexpected(std::move(fine).error());
    if (auto fine = detail::write_name(X509_get_subject_name(certificate.get()), request.subject); !fine)
        return Unexpected(std::move(fine).error());
    X509* issuer = authority == nullptr ? certificate.get() : authority->native();
    if (X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) != 1 ||
        X509_set_pubkey(certificate.get(), subject_key->get()) != 1)
        detail::broken("X509_set_pubkey");

    add_basic_constraints(certificate.get(), request.certificate_authority);
    add_key_usage(certificate.get(), request, detail::algorithm_of(subject_key->get()) == KeyAlgorithm::rsa);
    add_extended_usage(certificate.get(), request);
    if (auto fine = add_alternative_names(certificate.get(), request); !fine) return Unexpected(std::move(fine).error());
    add_key_identifiers(certificate.get(), authority == nullptr ? nullptr : authority->native());
    if (X509_sign(certificate.get(), key.native(), detail::digest_for(key.native())) <= 0) detail::broken("X509_sign");
    // Parsed back: what others will read is what was written, and caches that OpenSSL fills on parsing are filled.
    return Certificate::parse_der(as_bytes(Certificate::share(certificate.get()).to_der()));
}

}  // namespace otabahn::x509
