// SPDX-License-Identifier: Apache-2.0
// What a certificate says about itself, in the words of ACM and of the policy variables (spec gateway 2.5, control-plane 4).
#include "x509/openssl_handles.hpp"

#include <openssl/err.h>

#include <arpa/inet.h>

#include <array>

namespace otabahn::x509 {
namespace {

using Fields = std::map<std::string, std::vector<std::string>>;

std::string to_text(const ASN1_STRING* value) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, value);
    if (size < 0) {
        ERR_clear_error();
        return {};
    }
    std::string out(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    return out;
}

// CN first, as ACM prints names: the reverse of the encoded order, RFC 2253.
std::string to_text(const X509_NAME* name) {
    const detail::Bio out(BIO_new(BIO_s_mem()));
    if (!out) detail::broken("BIO_new");
    // Letters beyond ASCII stay as they are: the text goes into JSON.
    if (X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB)) < 0) {
        ERR_clear_error();
        return {};
    }
    return detail::content(out.get());
}

struct NameRow {
    int nid;
    const char* name;
};
constexpr std::array name_rows{
    NameRow{NID_dnQualifier, "DistinguishedNameQualifier"},
    NameRow{NID_countryName, "Country"},
    NameRow{NID_organizationName, "Organization"},
    NameRow{NID_organizationalUnitName, "OrganizationalUnit"},
    NameRow{NID_stateOrProvinceName, "State"},
    NameRow{NID_commonName, "CommonName"},
    NameRow{NID_serialNumber, "SerialNumber"},
    NameRow{NID_title, "Title"},
    NameRow{NID_surname, "Surname"},
    NameRow{NID_givenName, "GivenName"},
    NameRow{NID_initials, "Initials"},
    NameRow{NID_pseudonym, "Pseudonym"},
    NameRow{NID_generationQualifier, "GenerationQualifier"},
};

void add_name(const X509_NAME* name, Fields& out) {
    for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
        const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        for (const NameRow& row : name_rows)
            if (row.nid == nid) out[row.name].push_back(to_text(X509_NAME_ENTRY_get_data(entry)));
    }
}

std::string address(const ASN1_OCTET_STRING* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int size = ASN1_STRING_length(bytes);
    if (size != 4 && size != 16) return {};
    const char* written = inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text.data(), text.size());
    return written == nullptr ? std::string() : std::string(written);
}

struct AlternativeName {
    int type;
    std::string text;
};

std::vector<AlternativeName> alternative_names(const X509* certificate, int extension) {
    std::vector<AlternativeName> out;
    const detail::AltNames names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, extension, nullptr, nullptr)));
    ERR_clear_error();
    if (!names) return out;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        switch (name->type) {
            case GEN_DNS:
            case GEN_EMAIL:
            case GEN_URI:
                out.push_back({name->type, to_text(name->d.ia5)});
                break;
            case GEN_DIRNAME:
                out.push_back({name->type, to_text(name->d.directoryName)});
                break;
            case GEN_IPADD:
                out.push_back({name->type, address(name->d.iPAddress)});
                break;
            default:
                break;
        }
    }
    return out;
}

void add_alternative_names(const X509* certificate, int extension, Fields& out) {
    for (AlternativeName& name : alternative_names(certificate, extension)) {
        const char* key = name.type == GEN_DNS       ? "AlternativeName.DNSName"
                          : name.type == GEN_EMAIL   ? "AlternativeName.RFC822Name"
                          : name.type == GEN_URI     ? "AlternativeName.UniformResourceIdentifier"
                          : name.type == GEN_DIRNAME ? "AlternativeName.DirectoryName"
                                                     : "AlternativeName.IPAddress";
        out[key].push_back(std::move(name.text));
    }
}

// Bit numbers of RFC 5280 4.2.1.3, in ACM's words.
constexpr std::array<const char*, 9> key_usage_names{"DIGITAL_SIGNATURE", "NON_REPUDIATION", "KEY_ENCIPHERMENT",
                                                     "DATA_ENCIPHERMENT", "KEY_AGREEMENT",   "CERTIFICATE_SIGNING",
                                                     "CRL_SIGNING",       "ENCIPHER_ONLY",   "DECIPHER_ONLY"};

constexpr std::array extended_usage_rows{
    NameRow{NID_server_auth, "TLS_WEB_SERVER_AUTHENTICATION"},
    NameRow{NID_client_auth, "TLS_WEB_CLIENT_AUTHENTICATION"},
    NameRow{NID_code_sign, "CODE_SIGNING"},
    NameRow{NID_email_protect, "EMAIL_PROTECTION"},
    NameRow{NID_time_stamp, "TIME_STAMPING"},
    NameRow{NID_OCSP_sign, "OCSP_SIGNING"},
    NameRow{NID_ipsecEndSystem, "IPSEC_END_SYSTEM"},
    NameRow{NID_ipsecTunnel, "IPSEC_TUNNEL"},
    NameRow{NID_ipsecUser, "IPSEC_USER"},
    NameRow{NID_anyExtendedKeyUsage, "ANY"},
};

std::string dotted(const ASN1_OBJECT* object) {
    std::array<char, 256> text{};
    const int size = OBJ_obj2txt(text.data(), text.size(), object, 1);
    if (size <= 0) return {};
    return std::string(text.data(), std::min(static_cast<std::size_t>(size), text.size() - 1));
}

}  // namespace

std::string Certificate::serial() const {
    const ASN1_INTEGER* number = X509_get0_serialNumber(handle_.get());
    const unsigned char* bytes = ASN1_STRING_get0_data(number);
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    for (int i = 0; i < ASN1_STRING_length(number); ++i) {
        if (i != 0) out.push_back(':');
        out.push_back(hex[bytes[i] >> 4]);
        out.push_back(hex[bytes[i] & 15]);
    }
    return out;
}

std::string Certificate::subject() const { return to_text(X509_get_subject_name(handle_.get())); }
std::string Certificate::issuer() const { return to_text(X509_get_issuer_name(handle_.get())); }
int Certificate::version() const { return static_cast<int>(X509_get_version(handle_.get())) + 1; }

Fields Certificate::subject_fields() const {
    Fields out;
    add_name(X509_get_subject_name(handle_.get()), out);
    add_alternative_names(handle_.get(), NID_subject_alt_name, out);
    return out;
}

Fields Certificate::issuer_fields() const {
    Fields out;
    add_name(X509_get_issuer_name(handle_.get()), out);
    add_alternative_names(handle_.get(), NID_issuer_alt_name, out);
    return out;
}

std::vector<std::string> Certificate::subject_alternative_names() const {
    std::vector<std::string> out;
    for (AlternativeName& name : alternative_names(handle_.get(), NID_subject_alt_name))
        if (name.type == GEN_DNS || name.type == GEN_EMAIL) out.push_back(std::move(name.text));
    return out;
}

std::string Certificate::signature_algorithm_name() const {
    int digest = NID_undef, key = NID_undef;
    if (OBJ_find_sigid_algs(X509_get_signature_nid(handle_.get()), &digest, &key) != 1) {
        ERR_clear_error();
        return "UNKNOWN";
    }
    const char* digest_name = digest == NID_undef ? nullptr : OBJ_nid2sn(digest);
    std::string out = digest_name == nullptr ? "NONE" : digest_name;
    out += "WITH";
    out += key == NID_X9_62_id_ecPublicKey ? "ECDSA" : key == NID_rsaEncryption ? "RSA" : OBJ_nid2sn(key);
    return out;
}

bool Certificate::allows_code_signing() const {
    for (const auto& [name, oid] : extended_key_usages())
        if (name == "CODE_SIGNING" || name == "ANY") return true;
    return false;
}

std::vector<std::string> Certificate::key_usages() const {
    std::vector<std::string> out;
    const detail::Owner<ASN1_BIT_STRING, &ASN1_BIT_STRING_free> bits(
        static_cast<ASN1_BIT_STRING*>(X509_get_ext_d2i(handle_.get(), NID_key_usage, nullptr, nullptr)));
    ERR_clear_error();
    if (!bits) return out;
    for (std::size_t i = 0; i < key_usage_names.size(); ++i)
        if (ASN1_BIT_STRING_get_bit(bits.get(), static_cast<int>(i)) == 1) out.emplace_back(key_usage_names[i]);
    return out;
}

std::vector<std::pair<std::string, std::string>> Certificate::extended_key_usages() const {
    std::vector<std::pair<std::string, std::string>> out;
    const detail::Owner<EXTENDED_KEY_USAGE, &EXTENDED_KEY_USAGE_free> usages(
        static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(handle_.get(), NID_ext_key_usage, nullptr, nullptr)));
    ERR_clear_error();
    if (!usages) return out;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
        const ASN1_OBJECT* object = sk_ASN1_OBJECT_value(usages.get(), i);
        const char* name = "CUSTOM";
        for (const NameRow& row : extended_usage_rows)
            if (row.nid == OBJ_obj2nid(object)) name = row.name;
        out.emplace_back(name, dotted(object));
    }
    return out;
}

}  // namespace otabahn::x509
