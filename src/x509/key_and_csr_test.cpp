// SPDX-License-Identifier: Apache-2.0
#include "x509/x509.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <gmock/gmock.h>

#include <memory>

namespace otabahn::x509 {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string written(int (*write)(BIO*, void*), void* object) {
    const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), &BIO_free);
    EXPECT_EQ(write(out.get(), object), 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string traditional_pem(const PrivateKey& key) {
    return written(
        [](BIO* out, void* k) {
            return PEM_write_bio_PrivateKey_traditional(out, static_cast<EVP_PKEY*>(k), nullptr, nullptr, 0, nullptr, nullptr);
        },
        key.native());
}

std::string request_signed_with(const PrivateKey& key, const EVP_MD* digest) {
    const std::unique_ptr<X509_REQ, void (*)(X509_REQ*)> request(X509_REQ_new(), &X509_REQ_free);
    X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
    X509_REQ_set_pubkey(request.get(), key.native());
    EXPECT_GT(X509_REQ_sign(request.get(), key.native(), digest), 0);
    return written([](BIO* out, void* r) { return PEM_write_bio_X509_REQ(out, static_cast<X509_REQ*>(r)); }, request.get());
}

TEST(PrivateKeyPem, ReadsPkcs8Pkcs1AndSec1) {
    const auto ec = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    const auto rsa = PrivateKey::generate(KeyAlgorithm::rsa).value();
    EXPECT_THAT(ec.to_pem(), StartsWith("-----BEGIN PRIVATE KEY-----"));
    EXPECT_EQ(PrivateKey::parse_pem(ec.to_pem()).value().public_key_pem(), ec.public_key_pem());
    EXPECT_THAT(traditional_pem(ec), StartsWith("-----BEGIN EC PRIVATE KEY-----"));
    EXPECT_EQ(PrivateKey::parse_pem(traditional_pem(ec)).value().public_key_pem(), ec.public_key_pem());
    EXPECT_THAT(traditional_pem(rsa), StartsWith("-----BEGIN RSA PRIVATE KEY-----"));
    EXPECT_EQ(PrivateKey::parse_pem(traditional_pem(rsa)).value().algorithm(), KeyAlgorithm::rsa);
}

TEST(PrivateKeyPem, ReadsWhatOpensslEcparamWritesWithItsParametersBlock) {
    const auto ec = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    const std::string parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const auto key = PrivateKey::parse_pem(parameters + traditional_pem(ec));
    ASSERT_TRUE(key.has_value()) << key.error().message;
    EXPECT_EQ(key->public_key_pem(), ec.public_key_pem());
}

TEST(PrivateKeyPem, AnythingElseIsRefused) {
    const auto ec = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    for (const std::string& text : {std::string(), std::string("garbage"), ec.public_key_pem(), ec.to_pem().substr(0, 80),
                                    std::string("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n")}) {
        const auto refused = PrivateKey::parse_pem(text);
        ASSERT_FALSE(refused.has_value()) << text;
        EXPECT_THAT(refused.error().message, HasSubstr("no private key in the text"));
    }
}

TEST(PrivateKeyPem, AnEncryptedKeyIsRefusedWithoutAskingForItsPassword) {
    const auto ec = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    const std::string encrypted = written(
        [](BIO* out, void* k) {
            return PEM_write_bio_PKCS8PrivateKey(out, static_cast<EVP_PKEY*>(k), EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
        },
        ec.native());
    const auto refused = PrivateKey::parse_pem(encrypted);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("encrypted"));
}

TEST(PrivateKeyPem, AKindThatNeitherAcmNorIotTakesIsRefused) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> ed(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> bitcoin(EVP_EC_gen("secp256k1"), &EVP_PKEY_free);
    for (EVP_PKEY* key : {ed.get(), bitcoin.get()}) {
        const auto refused = PrivateKey::parse_pem(written(
            [](BIO* out, void* k) {
                return PEM_write_bio_PKCS8PrivateKey(out, static_cast<EVP_PKEY*>(k), nullptr, nullptr, 0, nullptr, nullptr);
            },
            key));
        ASSERT_FALSE(refused.has_value());
        EXPECT_THAT(refused.error().message, HasSubstr("neither RSA nor EC on P-256"));
    }
}

TEST(PrivateKeyGenerate, RefusesSizesBeyondReason) {
    EXPECT_FALSE(PrivateKey::generate(KeyAlgorithm::rsa, 512).has_value());
    EXPECT_FALSE(PrivateKey::generate(KeyAlgorithm::rsa, 100'000).has_value());
    EXPECT_FALSE(PrivateKey::generate(KeyAlgorithm::other).has_value());
}

TEST(Csr, CarriesSubjectAndKeyThrough) {
    const auto key = PrivateKey::generate(KeyAlgorithm::ec_p384).value();
    const Subject subject{"dev-1", "Acme", "Lab", "Köln", "NRW", "DE"};
    const auto csr = parse_csr(make_csr(key, subject).value()).value();
    EXPECT_EQ(csr.public_key_pem, key.public_key_pem());
    EXPECT_EQ(csr.algorithm, KeyAlgorithm::ec_p384);
    EXPECT_EQ(csr.key_bits, 384);
    EXPECT_EQ(csr.subject.common_name, "dev-1");
    EXPECT_EQ(csr.subject.locality, "Köln");
    EXPECT_EQ(csr.subject.country, "DE");
}

TEST(Csr, TellsTheSizeOfAnRsaKeySoThatTheCallerCanRefuse1024) {
    const auto key = PrivateKey::generate(KeyAlgorithm::rsa, 1024).value();
    const auto csr = parse_csr(make_csr(key, {}).value()).value();
    EXPECT_EQ(csr.algorithm, KeyAlgorithm::rsa);
    EXPECT_EQ(csr.key_bits, 1024);
    EXPECT_EQ(csr.subject.common_name, "");
}

TEST(Csr, ABrokenSignatureIsRefused) {
    const auto key = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    const std::string pem = make_csr(key, {.common_name = "AAAAAAAAAAAA"}).value();
    // Another name of the same length under the old signature.
    BIO* raw = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    const std::unique_ptr<X509_REQ, void (*)(X509_REQ*)> request(PEM_read_bio_X509_REQ(raw, nullptr, nullptr, nullptr), &X509_REQ_free);
    BIO_free(raw);
    X509_NAME* name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("BBBBBBBBBBBB"), -1, -1, 0);
    X509_REQ_set_subject_name(request.get(), name);
    X509_NAME_free(name);
    const auto refused =
        parse_csr(written([](BIO* out, void* r) { return PEM_write_bio_X509_REQ(out, static_cast<X509_REQ*>(r)); }, request.get()));
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("own signature does not verify"));
}

TEST(Csr, SignedWithSha1IsRefused) {
    const auto refused = parse_csr(request_signed_with(PrivateKey::generate(KeyAlgorithm::rsa).value(), EVP_sha1()));
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("SHA1"));
    EXPECT_TRUE(parse_csr(request_signed_with(PrivateKey::generate(KeyAlgorithm::rsa).value(), EVP_sha384())).has_value());
}

TEST(Csr, OfAnEd25519KeyIsRefused) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> ed(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
    const std::unique_ptr<X509_REQ, void (*)(X509_REQ*)> request(X509_REQ_new(), &X509_REQ_free);
    X509_REQ_set_pubkey(request.get(), ed.get());
    ASSERT_GT(X509_REQ_sign(request.get(), ed.get(), nullptr), 0);
    const auto refused =
        parse_csr(written([](BIO* out, void* r) { return PEM_write_bio_X509_REQ(out, static_cast<X509_REQ*>(r)); }, request.get()));
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("neither RSA nor EC"));
}

TEST(Csr, GarbageIsRefused) {
    const auto key = PrivateKey::generate(KeyAlgorithm::ec_p256).value();
    const std::string pem = make_csr(key, {}).value();
    for (const std::string& text : {std::string(), std::string("garbage"), key.to_pem(), pem.substr(0, pem.size() / 2)}) {
        const auto refused = parse_csr(text);
        ASSERT_FALSE(refused.has_value()) << text;
        EXPECT_THAT(refused.error().message, HasSubstr("no certificate signing request in the text"));
    }
}

}  // namespace
}  // namespace otabahn::x509
