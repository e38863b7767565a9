// SPDX-License-Identifier: Apache-2.0
#include "x509/x509.hpp"

#include <gmock/gmock.h>

#include <set>

namespace otabahn::x509 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Timestamp start = from_millis(1'750'000'000'000);
constexpr Timestamp end = from_millis(2'524'607'999'000);  // 2049-12-31T23:59:59Z, CreateKeysAndCertificate's end

struct Pair {
    PrivateKey key;
    Certificate certificate;
};

IssueRequest request_for(std::string common_name) {
    IssueRequest request;
    request.subject.common_name = std::move(common_name);
    request.not_before = start;
    request.not_after = end;
    return request;
}

Pair self_signed(KeyAlgorithm algorithm, IssueRequest request) {
    auto key = PrivateKey::generate(algorithm).value();
    auto certificate = issue(request, key, nullptr).value();
    return {std::move(key), std::move(certificate)};
}

Pair authority(KeyAlgorithm algorithm = KeyAlgorithm::ec_p256) {
    auto request = request_for("otabahn CA");
    request.subject.organization = "otabahn";
    request.certificate_authority = true;
    return self_signed(algorithm, request);
}

TEST(Certificate, SurvivesPemAndDerUnchanged) {
    const Pair ca = authority();
    const auto by_pem = Certificate::parse_pem(ca.certificate.to_pem()).value();
    const auto by_der = Certificate::parse_der(as_bytes(ca.certificate.to_der())).value();
    EXPECT_TRUE(by_pem.same(ca.certificate));
    EXPECT_EQ(by_der.to_der(), ca.certificate.to_der());
}

TEST(Certificate, IdIsTheSha256OfTheDerInLowerCaseHex) {
    const Pair ca = authority();
    Sha256 digest;
    digest.update(as_bytes(ca.certificate.to_der()));
    std::string hex;
    for (const unsigned char byte : digest.finish()) {
        hex.push_back("0123456789abcdef"[byte >> 4]);
        hex.push_back("0123456789abcdef"[byte & 15]);
    }
    EXPECT_EQ(ca.certificate.id(), hex);
}

TEST(Certificate, SaysItsNamesAsAcmPrintsThem) {
    auto request = request_for("signer@example.com");
    request.subject.organization = "Grün & Söhne";
    request.subject.country = "DE";
    const Certificate certificate = self_signed(KeyAlgorithm::ec_p256, request).certificate;
    EXPECT_EQ(certificate.subject(), "CN=signer@example.com,O=Grün & Söhne,C=DE");
    EXPECT_EQ(certificate.issuer(), certificate.subject());
    EXPECT_EQ(certificate.version(), 3);
    EXPECT_EQ(certificate.signature_algorithm_name(), "SHA256WITHECDSA");
    EXPECT_EQ(to_key_type_name(certificate.key_algorithm(), certificate.key_bits()), "EC_prime256v1");
    EXPECT_EQ(certificate.serial().size(), 16 * 3 - 1U);
    EXPECT_EQ(certificate.serial()[2], ':');
}

TEST(Certificate, FieldsCarryTheNamesOfPolicyVariables) {
    auto request = request_for("dev1");
    request.subject = {"dev1", "Acme", "Lab", "Köln", "NRW", "DE"};
    request.dns_names = {"a.example", "b.example"};
    request.ip_addresses = {"127.0.0.1", "::1"};
    const auto fields = self_signed(KeyAlgorithm::ec_p256, request).certificate.subject_fields();
    EXPECT_THAT(fields.at("CommonName"), ElementsAre("dev1"));
    EXPECT_THAT(fields.at("Organization"), ElementsAre("Acme"));
    EXPECT_THAT(fields.at("OrganizationalUnit"), ElementsAre("Lab"));
    EXPECT_THAT(fields.at("State"), ElementsAre("NRW"));
    EXPECT_THAT(fields.at("Country"), ElementsAre("DE"));
    EXPECT_THAT(fields.at("AlternativeName.DNSName"), ElementsAre("a.example", "b.example"));
    EXPECT_THAT(fields.at("AlternativeName.IPAddress"), ElementsAre("127.0.0.1", "::1"));
    EXPECT_EQ(fields.count("Locality"), 0U);
}

TEST(Certificate, ValidityKeepsSecondsAlsoBeyond2050) {
    auto request = request_for("long");
    request.not_after = from_millis(4'102'444'800'000);  // 2100
    const Certificate certificate = self_signed(KeyAlgorithm::ec_p256, request).certificate;
    EXPECT_EQ(certificate.not_before(), start);
    EXPECT_EQ(certificate.not_after(), request.not_after);
}

TEST(Certificate, CodeSigningNeedsTheExtendedKeyUsage) {
    auto request = request_for("plain");
    EXPECT_FALSE(self_signed(KeyAlgorithm::ec_p256, request).certificate.allows_code_signing());
    request.server_auth = request.client_auth = true;
    EXPECT_FALSE(self_signed(KeyAlgorithm::ec_p256, request).certificate.allows_code_signing());
    request.code_signing = true;
    const Certificate certificate = self_signed(KeyAlgorithm::ec_p256, request).certificate;
    EXPECT_TRUE(certificate.allows_code_signing());
    EXPECT_THAT(certificate.extended_key_usages(), ElementsAre(std::pair("TLS_WEB_SERVER_AUTHENTICATION", "1.3.6.1.5.5.7.3.1"),
                                                               std::pair("TLS_WEB_CLIENT_AUTHENTICATION", "1.3.6.1.5.5.7.3.2"),
                                                               std::pair("CODE_SIGNING", "1.3.6.1.5.5.7.3.3")));
    EXPECT_THAT(certificate.key_usages(), ElementsAre("DIGITAL_SIGNATURE"));
}

TEST(Certificate, EveryKeyKindIssuesWithItsOwnDigest) {
    EXPECT_EQ(authority(KeyAlgorithm::rsa).certificate.signature_algorithm_name(), "SHA256WITHRSA");
    EXPECT_EQ(authority(KeyAlgorithm::rsa).certificate.key_bits(), 2048);
    EXPECT_EQ(authority(KeyAlgorithm::ec_p384).certificate.signature_algorithm_name(), "SHA384WITHECDSA");
    EXPECT_EQ(authority(KeyAlgorithm::ec_p384).certificate.key_algorithm(), KeyAlgorithm::ec_p384);
    EXPECT_EQ(authority(KeyAlgorithm::ec_p521).certificate.signature_algorithm_name(), "SHA512WITHECDSA");
}

TEST(Certificate, IsIssuedByTheAuthorityThatSignedItAndByNoOther) {
    const Pair ca = authority(), other = authority();
    const auto device = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    auto request = request_for("AWS IoT Certificate");
    request.public_key_pem = device.public_key_pem();
    request.client_auth = true;
    const auto certificate = issue(request, ca.key, &ca.certificate).value();
    EXPECT_TRUE(device.fits(certificate));
    EXPECT_FALSE(ca.key.fits(certificate));
    EXPECT_EQ(certificate.issuer(), ca.certificate.subject());
    EXPECT_TRUE(certificate.issued_by(ca.certificate));
    EXPECT_FALSE(certificate.issued_by(other.certificate)) << "the same name, another key";
    EXPECT_FALSE(certificate.self_signed());
    EXPECT_TRUE(ca.certificate.self_signed());
    EXPECT_TRUE(ca.certificate.issued_by(ca.certificate));
}

TEST(Certificate, IsNotIssuedByACertificateThatMayNotIssue) {
    const Pair leaf = self_signed(KeyAlgorithm::ec_p256, request_for("no CA"));
    const auto device = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    auto request = request_for("dev");
    request.public_key_pem = device.public_key_pem();
    const auto certificate = issue(request, leaf.key, &leaf.certificate).value();
    EXPECT_FALSE(certificate.issued_by(leaf.certificate));
}

TEST(Certificate, SerialNumbersDiffer) {
    const Pair ca = authority();
    std::set<std::string> serials;
    for (int i = 0; i < 20; ++i) serials.insert(issue(request_for("x"), ca.key, nullptr).value().serial());
    EXPECT_EQ(serials.size(), 20U);
}

TEST(Certificate, ChainGivesEveryCertificateInOrder) {
    const Pair a = authority(), b = authority();
    const auto chain = Certificate::parse_pem_chain("text before\n" + a.certificate.to_pem() + "text between\n" + b.certificate.to_pem());
    ASSERT_TRUE(chain.has_value());
    ASSERT_EQ(chain->size(), 2U);
    EXPECT_TRUE((*chain)[0].same(a.certificate));
    EXPECT_TRUE((*chain)[1].same(b.certificate));
}

TEST(Certificate, ChainWithADamagedSecondCertificateIsRefusedByItsNumber) {
    std::string damaged = authority().certificate.to_pem();
    damaged.replace(60, 8, "!!!!!!!!");
    const auto chain = Certificate::parse_pem_chain(authority().certificate.to_pem() + damaged);
    ASSERT_FALSE(chain.has_value());
    EXPECT_THAT(chain.error().message, HasSubstr("Certificate 2 of the chain"));
}

TEST(Certificate, TextWithoutACertificateIsRefused) {
    const std::string key = PrivateKey::generate(KeyAlgorithm::ec_p256).value().to_pem();
    const std::string begins = "-----BEGIN CERTIFICATE-----\nMIIB";
    for (const std::string& text : {std::string(), std::string("garbage"), key, begins, begins + "\n-----END CERTIFICATE-----\n",
                                    std::string("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n")}) {
        const auto refused = Certificate::parse_pem(text);
        ASSERT_FALSE(refused.has_value()) << text;
        EXPECT_THAT(refused.error().message, HasSubstr("There is no certificate in the text"));
        EXPECT_FALSE(Certificate::parse_pem_chain(text).has_value()) << text;
    }
}

TEST(Certificate, TruncatedDerIsRefusedAtEveryLength) {
    const std::string der = authority().certificate.to_der();
    for (std::size_t size = 0; size < der.size(); ++size)
        EXPECT_FALSE(Certificate::parse_der(as_bytes(std::string_view(der).substr(0, size))).has_value()) << size;
}

TEST(Certificate, BytesAfterTheDerAreRefused) {
    const auto refused = Certificate::parse_der(as_bytes(authority().certificate.to_der() + "x"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message, "1 bytes follow the DER certificate; nothing may.");
}

TEST(Certificate, TextOfManyMegabytesIsRefusedUnread) {
    EXPECT_FALSE(Certificate::parse_pem(std::string(5 << 20, 'x')).has_value());
    EXPECT_FALSE(Certificate::parse_der(as_bytes(std::string(5 << 20, '\x30'))).has_value());
}

TEST(Issue, RefusesWhatCannotStandInACertificate) {
    const auto key = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    const auto refused = [&](auto change) {
        auto request = request_for("x");
        change(request);
        return !issue(request, key, nullptr).has_value();
    };
    EXPECT_TRUE(refused([](IssueRequest& r) { r.subject.country = "Germany"; }));
    EXPECT_TRUE(refused([](IssueRequest& r) { r.subject.common_name = std::string(65, 'x'); }));
    EXPECT_TRUE(refused([](IssueRequest& r) { r.subject.common_name = "\xff\xfe"; }));
    EXPECT_TRUE(refused([](IssueRequest& r) { r.ip_addresses = {"localhost"}; }));
    EXPECT_TRUE(refused([](IssueRequest& r) { r.dns_names = {""}; }));
    EXPECT_TRUE(refused([](IssueRequest& r) { r.dns_names = {"a b"}; }));
    EXPECT_TRUE(refused([](IssueRequest& r) { r.not_after = r.not_before; }));
    EXPECT_TRUE(refused([](IssueRequest& r) { r.public_key_pem = "no key"; }));
    EXPECT_FALSE(refused([](IssueRequest&) {}));
}

TEST(Issue, RefusesAKeyThatIsNotTheAuthoritys) {
    const Pair ca = authority();
    const auto other = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    auto request = request_for("x");
    request.public_key_pem = other.public_key_pem();
    const auto by_wrong_key = issue(request, other, &ca.certificate);
    ASSERT_FALSE(by_wrong_key.has_value());
    EXPECT_THAT(by_wrong_key.error().message, HasSubstr("does not belong to the authority's certificate CN=otabahn CA"));
    EXPECT_FALSE(issue(request, ca.key, nullptr).has_value()) << "self-signed takes the signer's own public key";
}

}  // namespace
}  // namespace otabahn::x509
