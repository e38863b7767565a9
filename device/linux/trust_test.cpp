// SPDX-License-Identifier: Apache-2.0
// Signatures against the trust folder, and how its certificates change.
#include "device/linux/trust_fixture_test.hpp"
#include "device/port/contract.hpp"
#include "encoding/base64_string.hpp"

#include <gmock/gmock.h>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

TEST_F(TrustTest, ASignatureByATrustedCertificateIsGoodWhateverTheHintSays) {
    const Signer signer = make("signer");
    trust(signer, "signer.pem");
    for (const char* hint : {"signer.pem", "signer", "/etc/certs/signer.pem", "other.pem", "", "/", "../../etc/passwd"})
        EXPECT_EQ(check(signer, hint), Trust::good) << hint;
}

TEST_F(TrustTest, ASignatureByAnotherKeyIsWrongOrOfAnUnknownCertificate) {
    trust(make("signer"), "signer.pem");
    const Signer other = make("other");
    EXPECT_EQ(check(other, "signer.pem"), Trust::wrong);
    EXPECT_EQ(check(other, ""), Trust::wrong);
    EXPECT_EQ(check(other, "/"), Trust::wrong);
    EXPECT_EQ(check(other, "other.pem"), Trust::unknown_certificate);
}

TEST_F(TrustTest, RsaAndP384AreTakenAndKindsAreNotConfused) {
    const Signer rsa = make("rsa", x509::KeyAlgorithm::rsa), big = make("big", x509::KeyAlgorithm::ec_p384);
    trust(rsa, "rsa.pem");
    trust(big, "big.pem");
    EXPECT_EQ(check(rsa, "rsa.pem", x509::SignatureAlgorithm::sha256_rsa), Trust::good);
    EXPECT_EQ(check(big, "big.pem"), Trust::good);
    const std::string signature = rsa.key.sign(x509::SignatureAlgorithm::sha256_rsa, as_bytes(message)).value();
    EXPECT_EQ(folder_trust.check({SignatureKind::sha256_ecdsa, as_bytes(signature), "rsa.pem"}, as_bytes(message), nullptr)->trust,
              Trust::wrong);
}

TEST_F(TrustTest, ADigestIsAsGoodAsItsMessageAndNoOther) {
    const Signer signer = make("signer");
    trust(signer, "signer.pem");
    const std::string signature = signer.key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(message)).value();
    Digest digest = sha256(as_bytes(message));
    EXPECT_EQ(folder_trust.check({SignatureKind::sha256_ecdsa, as_bytes(signature), ""}, {}, &digest)->trust, Trust::good);
    digest[0] ^= 1;
    EXPECT_EQ(folder_trust.check({SignatureKind::sha256_ecdsa, as_bytes(signature), ""}, {}, &digest)->trust, Trust::wrong);
}

TEST_F(TrustTest, KeepsTheContractOfAPort) {
    const Signer signer = make("signer");
    trust(signer, "signer.pem");
    const std::string good = signer.key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(message)).value();
    const std::string forged = make("other").key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(message)).value();
    const auto facts = [](const std::string& value) { return SignatureFacts{SignatureKind::sha256_ecdsa, as_bytes(value), "signer.pem"}; };
    EXPECT_EQ(contract::check_signatures(folder_trust, facts(good), facts(forged), sha256(as_bytes(message))).value_or("kept"), "kept");
}

TEST_F(TrustTest, AnEmptyOrUnreadableFolderTrustsNobodyAndSaysSo) {
    const Signer signer = make("signer");
    const std::string signature = signer.key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(message)).value();
    const Answer answer = folder_trust.check({SignatureKind::sha256_ecdsa, as_bytes(signature), "signer.pem"}, as_bytes(message), nullptr);
    EXPECT_EQ(answer->trust, Trust::unknown_certificate);
    EXPECT_THAT(std::string(answer->text), HasSubstr("holds no certificate"));
    folder.write("trust/junk.pem", "no certificate");
    EXPECT_EQ(folder_trust.certificates().found.size(), 0U);
    EXPECT_EQ(folder_trust.certificates().unreadable.size(), 1U);
}

TEST_F(TrustTest, ARefusalNamesWhatWasTriedAndWhatCouldNotBeRead) {
    trust(make("first"), "first.pem");
    trust(make("second"), "second.pem");
    folder.write("trust/junk.pem", "no certificate");
    const std::string signature = make("other").key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(message)).value();
    const Answer answer = folder_trust.check({SignatureKind::sha256_ecdsa, as_bytes(signature), "second.pem"}, as_bytes(message), nullptr);
    EXPECT_EQ(answer->trust, Trust::wrong);
    EXPECT_EQ(std::string(answer->text), "Tried: second.pem, first.pem. Unreadable: junk.pem.");
}

TEST_F(TrustTest, AnImageIsReadBackAndItsSignatureHeldAgainstWhatIsThere) {
    const Signer signer = make("signer");
    trust(signer, "signer.pem");
    Patient patient(folder_trust);
    const std::string signature = signer.key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(message)).value();
    const SignatureFacts facts{SignatureKind::sha256_ecdsa, as_bytes(signature), "signer.pem"};
    folder.write("slot-b.image", message);
    Answer answer = patient.verify(1, message.size(), facts);
    EXPECT_TRUE(answer->good);
    EXPECT_EQ(answer->trust, Trust::good);
    EXPECT_EQ(answer->digest, sha256(as_bytes(message)));
    folder.write("slot-b.image", "What is signed");
    EXPECT_EQ(patient.verify(1, message.size(), facts)->trust, Trust::wrong);
    EXPECT_FALSE(patient.verify(1, message.size() + 1, facts)->good) << "it is shorter than it should be";
    EXPECT_FALSE(patient.verify(0, 1, facts)->good) << "there is no such file";
}

class Rotation : public TrustTest {
  protected:
    Rotation() { trust(old_signer, "signer.pem"); }

    static std::string array_of(const std::vector<x509::Certificate>& certificates) {
        std::string out;
        for (const auto& certificate : certificates) out += (out.empty() ? "\"" : ",\"") + encoding::to_base64(certificate.to_der()) + "\"";
        return "[" + out + "]";
    }
    // A signer whose certificate `by` has signed.
    static Signer make_signed(const std::string& name, const Signer& by, bool code_signing = true) {
        return make(name, x509::KeyAlgorithm::ec_p256, &by, code_signing);
    }
    Trust check_introduced(const Signer& signer, const std::vector<x509::Certificate>& certificates) {
        const std::string signature = signer.key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(message)).value();
        const std::string introduced = array_of(certificates);
        return folder_trust.check({SignatureKind::sha256_ecdsa, as_bytes(signature), "new.pem", introduced}, as_bytes(message), nullptr)
            ->trust;
    }
    std::string document(const Signer& signer, const std::string& changes, const std::string& certificates = "[]") const {
        const std::string manifest = R"({"schema":1,"product":"","hardware":[],"version":"2","minVersion":"","trust":)" + changes +
                                     R"(,"files":[{"name":"f","size":1,"sha256":")" + std::string(64, 'a') + R"("}]})";
        const std::string signature = signer.key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(manifest)).value();
        return R"({"operation":"otabahn.update","schema":1,"version":"2","stream":"S","files":[{"fileId":0,"name":"f","size":1,"sha256":")" +
               std::string(64, 'a') + R"("}],"certificates":)" + certificates + R"(,"release":{"manifest":")" +
               encoding::to_base64(manifest) + R"(","signature":{"algorithm":"SHA256-ECDSA","value":")" + encoding::to_base64(signature) +
               R"(","certificate":"signer.pem"}}})";
    }
    const Signer old_signer = make("signer"), new_signer = make("new");
};

TEST_F(Rotation, ACertificateThatATrustedOneHasSignedMaySign) {
    const Signer next = make_signed("next", old_signer);
    EXPECT_EQ(check_introduced(next, {next.certificate}), Trust::good);
    EXPECT_EQ(check_introduced(next, {}), Trust::unknown_certificate);
    EXPECT_EQ(check_introduced(next, {new_signer.certificate}), Trust::unknown_certificate) << "another one's certificate";
}

TEST_F(Rotation, OneThatNobodyTrustedHasSignedMayNot) {
    const Signer stranger = make("stranger"), friend_of_stranger = make_signed("x", stranger);
    EXPECT_EQ(check_introduced(stranger, {stranger.certificate}), Trust::unknown_certificate) << "its own signature is no reason";
    EXPECT_EQ(check_introduced(friend_of_stranger, {friend_of_stranger.certificate, stranger.certificate}), Trust::unknown_certificate);
    const Signer client = make_signed("client", old_signer, false);
    EXPECT_EQ(check_introduced(client, {client.certificate}), Trust::unknown_certificate) << "it may not sign code";
}

TEST_F(Rotation, WhatIsIntroducedAsJunkIsPassedOver) {
    const Signer next = make_signed("next", old_signer);
    const std::string signature = next.key.sign(x509::SignatureAlgorithm::sha256_ecdsa, as_bytes(message)).value();
    const std::string good = encoding::to_base64(next.certificate.to_der());
    for (const std::string introduced : {"[1,2]", "{}", "[\"x\"]", "[\"AAAA\"]", "not json"})
        EXPECT_EQ(folder_trust.check({SignatureKind::sha256_ecdsa, as_bytes(signature), "", introduced}, as_bytes(message), nullptr)->trust,
                  Trust::wrong)
            << introduced;
    const std::string mixed = "[\"AAAA\",\"" + good + "\"]";
    EXPECT_EQ(folder_trust.check({SignatureKind::sha256_ecdsa, as_bytes(signature), "", mixed}, as_bytes(message), nullptr)->trust,
              Trust::good);
}

TEST_F(Rotation, AConfirmedReleaseKeepsTheSignerThatItIntroduced) {
    const Signer next = make_signed("next", old_signer);
    EXPECT_EQ(folder_trust.apply_changes(document(next, "{}", array_of({next.certificate, make("stranger").certificate}))), "");
    EXPECT_EQ(check(next, ""), Trust::good);
    EXPECT_EQ(folder_trust.certificates().found.size(), 2U) << "the stranger is not kept";
}

TEST_F(Rotation, AConfirmedReleaseAddsAndRemovesSigners) {
    const std::string add = R"({"add":)" + array_of({new_signer.certificate}) + "}";
    EXPECT_EQ(folder_trust.apply_changes(document(old_signer, add)), "");
    EXPECT_EQ(folder_trust.apply_changes(document(old_signer, add)), "") << "repeating it is harmless";
    EXPECT_EQ(folder_trust.certificates().found.size(), 2U);
    EXPECT_EQ(check(new_signer, ""), Trust::good);
    EXPECT_EQ(folder_trust.apply_changes(document(new_signer, R"({"remove":[")" + old_signer.certificate.id() + R"("]})")), "");
    EXPECT_EQ(check(old_signer, ""), Trust::wrong);
}

TEST_F(Rotation, TheLastSignerIsNeverRemoved) {
    EXPECT_THAT(folder_trust.apply_changes(document(old_signer, R"({"remove":[")" + old_signer.certificate.id() + R"("]})")),
                HasSubstr("The last trusted certificate is not removed"));
    EXPECT_EQ(check(old_signer, ""), Trust::good);
}

TEST_F(Rotation, ChangesThatNobodyTrustedHasSignedAreNotMade) {
    const Signer stranger = make("stranger");
    EXPECT_THAT(folder_trust.apply_changes(document(stranger, R"({"add":)" + array_of({stranger.certificate}) + "}")),
                HasSubstr("does not hold"));
    EXPECT_EQ(folder_trust.certificates().found.size(), 1U);
    EXPECT_THAT(folder_trust.apply_changes(document(old_signer, R"({"add":["AAAA"]})")), HasSubstr("A new signer of the release is none"));
}

TEST_F(Rotation, ASlotThatCannotBeReadBackIsWhatItsRecordSays) {
    Digest digest{};
    digest.fill(7);
    TrustFolder recorded(folder.path() / "trust", slots,
                         [&](std::uint8_t slot) { return slot == 0 ? std::optional(digest) : std::nullopt; });
    Patient patient(recorded);
    EXPECT_EQ(patient.verify(0, 100, {})->digest, digest);
    EXPECT_FALSE(patient.verify(1, 100, {})->good);
}

}  // namespace
}  // namespace otabahn::device
