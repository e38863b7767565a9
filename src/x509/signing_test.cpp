// SPDX-License-Identifier: Apache-2.0
#include "x509/x509.hpp"

#include <gmock/gmock.h>

namespace otabahn::x509 {
namespace {

using ::testing::HasSubstr;

struct Signer {
    PrivateKey key;
    Certificate certificate;
};

Signer signer(KeyAlgorithm algorithm) {
    auto key = PrivateKey::generate(algorithm).value();
    IssueRequest request;
    request.subject.common_name = "signer@example.com";
    request.not_before = from_millis(1'750'000'000'000);
    request.not_after = from_millis(1'850'000'000'000);
    request.code_signing = true;
    auto certificate = issue(request, key, nullptr).value();
    return {std::move(key), std::move(certificate)};
}

std::string sha256(std::string_view text) {
    Sha256 digest;
    digest.update(as_bytes(text));
    return digest.finish();
}

TEST(SignatureNames, AllThreeFormsAreReadAndTwoAreWritten) {
    for (const auto& [java, document, key] :
         {std::tuple("SHA256withECDSA", "SHA256-ECDSA", "sha256-ecdsa"), std::tuple("SHA256withRSA", "SHA256-RSA", "sha256-rsa"),
          std::tuple("SHA1withRSA", "SHA1-RSA", "sha1-rsa"), std::tuple("SHA1withECDSA", "SHA1-ECDSA", "sha1-ecdsa")}) {
        const auto algorithm = parse_signature_algorithm(key).value();
        EXPECT_EQ(parse_signature_algorithm(java).value(), algorithm);
        EXPECT_EQ(parse_signature_algorithm(document).value(), algorithm);
        EXPECT_EQ(to_java_name(algorithm), java);
        EXPECT_EQ(to_document_name(algorithm), document);
    }
    for (const char* bad : {"", "SHA256", "SHA256ECDSA", "MD5withRSA", "SHA256-ECDSA "})
        EXPECT_FALSE(parse_signature_algorithm(bad).has_value()) << bad;
}

TEST(Sha256, InPiecesIsTheDigestOfTheWhole) {
    Sha256 digest;
    digest.update(as_bytes("a"));
    digest.update({});
    digest.update(as_bytes("bc"));
    std::string hex;
    for (const unsigned char byte : digest.finish()) {
        hex.push_back("0123456789abcdef"[byte >> 4]);
        hex.push_back("0123456789abcdef"[byte & 15]);
    }
    EXPECT_EQ(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Signing, EveryAlgorithmVerifiesWithItsOwnCertificate) {
    for (const KeyAlgorithm algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::ec_p521}) {
        const Signer s = signer(algorithm);
        const auto signature = s.key.sign(SignatureAlgorithm::sha256_ecdsa, as_bytes("image")).value();
        EXPECT_TRUE(verify_digest(s.certificate, SignatureAlgorithm::sha256_ecdsa, sha256("image"), signature).has_value());
    }
    const Signer rsa = signer(KeyAlgorithm::rsa);
    const auto signature = sign_digest(rsa.key, SignatureAlgorithm::sha256_rsa, sha256("image")).value();
    EXPECT_EQ(signature.size(), 256U);
    EXPECT_TRUE(verify_digest(rsa.certificate, SignatureAlgorithm::sha256_rsa, sha256("image"), signature).has_value());
}

TEST(Signing, Sha1WithRsaWorksForTheBoardsThatNeedIt) {
    const Signer rsa = signer(KeyAlgorithm::rsa);
    const auto signature = rsa.key.sign(SignatureAlgorithm::sha1_rsa, as_bytes("abc")).value();
    const std::string sha1 = "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d";
    EXPECT_TRUE(verify_digest(rsa.certificate, SignatureAlgorithm::sha1_rsa, sha1, signature).has_value());
    EXPECT_FALSE(verify_digest(rsa.certificate, SignatureAlgorithm::sha256_rsa, sha256("abc"), signature).has_value());
}

TEST(Verify, AKeyOfTheWrongKindIsSaidToBeThat) {
    const Signer rsa = signer(KeyAlgorithm::rsa), ec = signer(KeyAlgorithm::ec_p256);
    const auto signature = ec.key.sign(SignatureAlgorithm::sha256_ecdsa, as_bytes("image")).value();
    const auto refused = verify_digest(rsa.certificate, SignatureAlgorithm::sha256_ecdsa, sha256("image"), signature);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(refused.error().message,
              "The certificate CN=signer@example.com holds a key of kind RSA_2048; a signature by SHA256-ECDSA takes an EC key.");
    EXPECT_EQ(verify_digest(ec.certificate, SignatureAlgorithm::sha256_rsa, sha256("image"), signature).error().code, ErrorCode::conflict);
    EXPECT_EQ(sign_digest(rsa.key, SignatureAlgorithm::sha256_ecdsa, sha256("image")).error().code, ErrorCode::conflict);
}

TEST(Verify, AMalformedSignatureIsSaidToBeThat) {
    const Signer ec = signer(KeyAlgorithm::ec_p256), rsa = signer(KeyAlgorithm::rsa);
    const auto good = ec.key.sign(SignatureAlgorithm::sha256_ecdsa, as_bytes("image")).value();
    std::string long_form = good;  // a BER length of two bytes where DER takes one
    long_form.insert(1, "\x81");
    for (const std::string& bad : {std::string(), std::string("x"), std::string(64, '\x11'), good.substr(0, good.size() - 1), good + "x",
                                   long_form, std::string(5000, '\x30')}) {
        const auto refused = verify_digest(ec.certificate, SignatureAlgorithm::sha256_ecdsa, sha256("image"), bad);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_request);
        EXPECT_THAT(refused.error().message, HasSubstr("malformed"));
    }
    const auto refused = verify_digest(rsa.certificate, SignatureAlgorithm::sha256_rsa, sha256("image"), good);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("malformed"));
}

TEST(Verify, AWellFormedSignatureOfSomethingElseOrSomebodyElseDoesNotVerify) {
    const Signer mine = signer(KeyAlgorithm::ec_p256), other = signer(KeyAlgorithm::ec_p256);
    const auto signature = mine.key.sign(SignatureAlgorithm::sha256_ecdsa, as_bytes("image")).value();
    const auto over_other = verify_digest(mine.certificate, SignatureAlgorithm::sha256_ecdsa, sha256("other"), signature);
    const auto by_other = verify_digest(other.certificate, SignatureAlgorithm::sha256_ecdsa, sha256("image"), signature);
    for (const auto* refused : {&over_other, &by_other}) {
        ASSERT_FALSE(refused->has_value());
        EXPECT_EQ(refused->error().code, ErrorCode::unauthenticated);
        EXPECT_THAT(refused->error().message, HasSubstr("does not verify"));
    }
    EXPECT_THAT(by_other.error().message, HasSubstr(other.certificate.id()));
    const Signer rsa = signer(KeyAlgorithm::rsa);
    EXPECT_EQ(verify_digest(rsa.certificate, SignatureAlgorithm::sha256_rsa, sha256("image"), std::string(256, '\x01')).error().code,
              ErrorCode::unauthenticated);
}

TEST(Verify, ADigestOfAnotherLengthIsRefused) {
    const Signer ec = signer(KeyAlgorithm::ec_p256);
    const auto signature = ec.key.sign(SignatureAlgorithm::sha256_ecdsa, as_bytes("image")).value();
    const auto refused = verify_digest(ec.certificate, SignatureAlgorithm::sha256_ecdsa, "short", signature);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message, "The digest has 5 bytes; SHA256-ECDSA takes one of 32.");
    EXPECT_FALSE(sign_digest(ec.key, SignatureAlgorithm::sha256_ecdsa, "short").has_value());
}

}  // namespace
}  // namespace otabahn::x509
