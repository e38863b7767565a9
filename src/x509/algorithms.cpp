// SPDX-License-Identifier: Apache-2.0
// The names that algorithms have on the wire: one row each.
#include "x509/x509.hpp"

#include <array>

namespace otabahn::x509 {
namespace {

struct SignatureRow {
    SignatureAlgorithm algorithm;
    std::string_view java, document;  // sent and stored
};
constexpr std::array signature_rows{
    SignatureRow{SignatureAlgorithm::sha256_ecdsa, "SHA256withECDSA", "SHA256-ECDSA"},
    SignatureRow{SignatureAlgorithm::sha256_rsa, "SHA256withRSA", "SHA256-RSA"},
    SignatureRow{SignatureAlgorithm::sha1_rsa, "SHA1withRSA", "SHA1-RSA"},
    SignatureRow{SignatureAlgorithm::sha1_ecdsa, "SHA1withECDSA", "SHA1-ECDSA"},
};

const SignatureRow& row_of(SignatureAlgorithm algorithm) { return signature_rows[static_cast<std::size_t>(algorithm)]; }

constexpr bool rows_stand_in_order() {
    for (std::size_t i = 0; i < signature_rows.size(); ++i)
        if (static_cast<std::size_t>(signature_rows[i].algorithm) != i) return false;
    return true;
}
static_assert(rows_stand_in_order());

bool same_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

}  // namespace

std::string_view to_java_name(SignatureAlgorithm algorithm) { return row_of(algorithm).java; }
std::string_view to_document_name(SignatureAlgorithm algorithm) { return row_of(algorithm).document; }

Result<SignatureAlgorithm> parse_signature_algorithm(std::string_view text) {
    for (const SignatureRow& row : signature_rows)
        if (same_ignoring_case(text, row.java) || same_ignoring_case(text, row.document)) return row.algorithm;
    return fail(ErrorCode::invalid_request, "'" + std::string(text.substr(0, 80)) +
                                                "' is no known signature algorithm: known are SHA256-ECDSA, SHA256-RSA, SHA1-RSA and "
                                                "SHA1-ECDSA, also written as SHA256withECDSA or sha256-ecdsa.");
}

std::string to_key_type_name(KeyAlgorithm algorithm, int bits) {
    switch (algorithm) {
        case KeyAlgorithm::rsa:
            return "RSA_" + std::to_string(bits);
        case KeyAlgorithm::ec_p256:
            return "EC_prime256v1";
        case KeyAlgorithm::ec_p384:
            return "EC_secp384r1";
        case KeyAlgorithm::ec_p521:
            return "EC_secp521r1";
        case KeyAlgorithm::other:
            return "OTHER";
    }
    return "OTHER";
}

}  // namespace otabahn::x509
