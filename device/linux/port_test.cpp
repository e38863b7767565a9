// SPDX-License-Identifier: Apache-2.0
// Slots, state, trust: what they owe, on a real file system, with real keys.
#include "device/linux/agent.hpp"
#include "device/linux/backoff.hpp"
#include "device/host/instance_lock.hpp"
#include "device/host/monotonic_clock.hpp"
#include "device/host/stderr_log.hpp"
#include "device/install/back_ends.hpp"
#include "device/install/stages.hpp"
#include "device/linux/state_files.hpp"
#include "device/host/temporary_folder_test.hpp"
#include "device/linux/trust.hpp"
#include "device/port/contract.hpp"
#include "x509/x509.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

// Works a verification off at once.
class Patient final : public Verifier {
  public:
    explicit Patient(TrustFolder& trust) : trust_(trust) {}
    Answer check(const SignatureFacts& signature, ByteView message, const Digest* digest) override {
        return trust_.check(signature, message, digest);
    }
    Answer verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& signature) override {
        Answer answer = trust_.verify(slot, size, signature);
        while (!answer) answer = trust_.work();
        return answer;
    }

  private:
    TrustFolder& trust_;
};

Digest to_digest(std::string_view bytes) {
    Digest out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

Digest sha256(ByteView bytes) {
    x509::Sha256 hash;
    hash.update(bytes);
    return to_digest(hash.finish());
}

TEST(LinuxPort, KeepsTheContract) {
    TemporaryFolder folder;
    StateFiles state(folder.path());
    EXPECT_EQ(contract::check_state_storage(state).value_or("kept"), "kept");
    SlotFiles slots(folder.path());
    TrustFolder trust(folder.path() / "trust", slots);
    Patient verifier(trust);
    InstallSettings settings;
    settings.state = settings.folder = folder.path();
    MonotonicClock clock;
    StderrLog log;
    const Record record;
    const InstallContext context{settings, slots, clock, log, -1, [&record]() -> const Record& { return record; }};
    Stages stages(context, find_back_end("program")->make(context));
    std::vector<std::uint8_t> expected(contract::pattern_size);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = contract::pattern(i);
    for (std::uint8_t slot = 0; slot < 2; ++slot)
        EXPECT_EQ(contract::check_slots(stages, verifier, slot, sha256(expected)).value_or("kept"), "kept");
}

TEST(StateFilesTest, ReadNothingWhereNothingIs) {
    TemporaryFolder folder;
    StateFiles state(folder.path());
    EXPECT_TRUE(state.read(0).empty());
    EXPECT_TRUE(state.read(1).empty());
}

TEST(StateFilesTest, SayWhyTheyCannotWrite) {
    StateFiles state("/nonexistent/folder");
    const Trouble trouble = state.write(0, as_bytes("x"));
    ASSERT_TRUE(trouble);
    EXPECT_THAT(std::string(*trouble), HasSubstr("/nonexistent/folder/state.0: cannot be opened"));
}

class TrustTest : public testing::Test {
  protected:
    struct Signer {
        x509::PrivateKey key;
        x509::Certificate certificate;
    };
    static Signer make(const std::string& name, x509::KeyAlgorithm algorithm = x509::KeyAlgorithm::ec_p256) {
        auto key = x509::PrivateKey::generate(algorithm).value();
        x509::IssueRequest request;
        request.public_key_pem = key.public_key_pem();
        request.subject.common_name = name;
        request.not_before = Timestamp(std::chrono::days{19'000});
        request.not_after = Timestamp(std::chrono::days{40'000});
        request.code_signing = true;
        auto certificate = x509::issue(request, key, nullptr).value();
        return {std::move(key), std::move(certificate)};
    }
    void trust(const Signer& signer, const std::string& name) { folder.write("trust/" + name, signer.certificate.to_pem()); }
    Trust check(const Signer& signer, const std::string& hint,
                x509::SignatureAlgorithm algorithm = x509::SignatureAlgorithm::sha256_ecdsa) {
        const std::string signature = signer.key.sign(algorithm, as_bytes(message)).value();
        const auto kind = algorithm == x509::SignatureAlgorithm::sha256_rsa ? SignatureKind::sha256_rsa : SignatureKind::sha256_ecdsa;
        return folder_trust.check({kind, as_bytes(signature), hint}, as_bytes(message), nullptr)->trust;
    }

    const std::string message = "what is signed";
    TemporaryFolder folder;
    SlotFiles slots{folder.path()};
    TrustFolder folder_trust{folder.path() / "trust", slots};
};

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

TEST(InstanceLock, IsTakenOnce) {
    TemporaryFolder folder;
    {
        const auto first = take_instance_lock(folder.path(), std::chrono::milliseconds{0});
        ASSERT_TRUE(first);
        const auto second = take_instance_lock(folder.path(), std::chrono::milliseconds{0});
        ASSERT_FALSE(second);
        EXPECT_THAT(second.error().message, HasSubstr("another otabahn-device runs"));
    }
    EXPECT_TRUE(take_instance_lock(folder.path(), std::chrono::milliseconds{0}));
}

TEST(BackoffTest, TheLimitDoublesAndTheWaitIsAnythingBelow) {
    Backoff backoff;
    EXPECT_EQ(backoff.next(0), Millis{0});
    EXPECT_EQ(backoff.next(2'000), Millis{2'000});
    EXPECT_EQ(backoff.next(4'001), Millis{0}) << "4,000 is the third limit";
    for (int i = 0; i < 20; ++i) EXPECT_LE(backoff.next(0xFFFFFFFFFFFFFFFF - static_cast<std::uint64_t>(i)), Backoff::most);
    backoff.reset();
    EXPECT_EQ(backoff.limit(), Backoff::first);
}

class Commands : public testing::Test {
  protected:
    Commands() {
        config.folder = folder.path();
        config.state = folder.path() / "state";
        config.slot_bytes = 1'000;
        image = folder.write("image", "an image");
    }
    TemporaryFolder folder;
    Config config;
    std::filesystem::path image;
};

TEST_F(Commands, FactoryPutsTheImageIntoSlotAAndStatusTells) {
    ASSERT_TRUE(install_factory_image(config, image, "1.0.0"));
    const auto status = describe_state(config);
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, R"({"state":"idle","slot":"a","version":"1.0.0","versionSigned":true,"image":")" +
                           (config.state / "slot-a.image").string() +
                           R"(","sha256":"a5df3fde7b200c3fa2791144c7e05c5c2bced4c6ad863d3a4cf76c972c1712f9"})")
        << "the hash is that of 'an image'";
}

TEST_F(Commands, FactoryRefusesWhatNoSlotTakes) {
    EXPECT_FALSE(install_factory_image(config, folder.path() / "nowhere", "1.0.0"));
    EXPECT_FALSE(install_factory_image(config, folder.write("empty", ""), "1.0.0"));
    EXPECT_FALSE(install_factory_image(config, folder.write("large", std::string(1'001, 'x')), "1.0.0"));
    EXPECT_FALSE(install_factory_image(config, image, ""));
    EXPECT_FALSE(install_factory_image(config, image, std::string(65, '1')));
    EXPECT_FALSE(install_factory_image(config, image, "1\n2"));
    EXPECT_FALSE(describe_state(config)) << "nothing was put there";
}

TEST_F(Commands, FactoryWaitsForNoAgent) {
    std::filesystem::create_directories(config.state);
    const auto lock = take_instance_lock(config.state, std::chrono::milliseconds{0});
    ASSERT_TRUE(lock);
    const auto refused = install_factory_image(config, image, "1.0.0");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST_F(Commands, AnAgentWithoutAnImageSaysWhatToDo) {
    const auto status = describe_state(config);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("factory"));
}

}  // namespace
}  // namespace otabahn::device
