// SPDX-License-Identifier: Apache-2.0
// The rules of design 4, one by one: each document differs from a good one in what the test's name says.
#include "device/core/order.hpp"

#include "device/core/update.hpp"
#include "encoding/base64_string.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::device {
namespace {

const std::string hash_text(64, 'b');

struct DocumentParts {
    std::string version = "1.1.0", size = "1000", hash = hash_text,
                signature = R"(,"signature":{"algorithm":"SHA256-ECDSA","value":"c2ln","certificate":"s.pem"})";
    std::string manifest;  // JSON; empty: no release
    std::string release_algorithm = "SHA256-ECDSA";

    std::string text() const {
        std::string out = R"({"operation":"otabahn.update","schema":1,"version":")" + version +
                          R"(","stream":"S","files":[{"fileId":3,"name":"f","size":)" + size + R"(,"sha256":")" + hash + "\"" + signature +
                          "}]";
        if (!manifest.empty())
            out += R"(,"release":{"manifest":")" + encoding::to_base64(manifest) + R"(","signature":{"algorithm":")" + release_algorithm +
                   R"(","value":"c2ln","certificate":"s.pem"}})";
        return out + "}";
    }
};

std::string manifest(std::string_view version = "1.1.0", std::string_view product = "lamp", std::string_view hardware = R"("rev-b")",
                     std::string_view hash = hash_text, std::string_view min_version = "") {
    return R"({"schema":1,"product":")" + std::string(product) + R"(","hardware":[)" + std::string(hardware) + R"(],"version":")" +
           std::string(version) + R"(","minVersion":")" + std::string(min_version) + R"(","files":[{"name":"f","size":1000,"sha256":")" +
           std::string(hash) + R"("}]})";
}

class Orders : public testing::Test {
  protected:
    Orders() {
        SlotImage running;
        running.size = 1'000;
        running.sha256.fill(0x11);
        running.version.assign("1.0.0");
        record = Update::factory_record(running);
    }
    // As Update asks, with every signature good.
    Judgement judge(const std::string& text) {
        Judgement judged = read_order(text, policy, record, memory, order, release_signature, manifest_bytes);
        if (judged.verdict == Verdict::check_release) judged = judge_release(text, manifest_bytes, policy, record, memory, order);
        return judged;
    }
    Reason reason(const DocumentParts& parts) { return judge(parts.text()).reason; }
    void runs(std::string_view version, bool vouched) {
        SlotImage& slot = record.slots[record.active];
        slot.version.assign(version);
        slot.version_signed = vouched;
        if (vouched) record.floor_version.assign(version);
    }

    std::vector<std::uint8_t> scratch = std::vector<std::uint8_t>(2'048), signature = std::vector<std::uint8_t>(128);
    JudgeMemory memory{scratch, signature};
    Policy policy{"lamp", "rev-b", 4'096, false, false, false};
    Record record;
    Order order;
    SignatureFacts release_signature;
    ByteView manifest_bytes;
};

TEST_F(Orders, SignedFilesNeedTheImagesSignature) {
    const Judgement judged = judge(DocumentParts().text());
    EXPECT_EQ(judged.verdict, Verdict::check_image);
    EXPECT_EQ(order.stream.view(), "S");
    EXPECT_EQ(order.file_id, 3U);
    EXPECT_EQ(order.image.version.view(), "1.1.0");
    EXPECT_FALSE(order.image.version_signed);
    EXPECT_EQ(as_text(signature_of(order, signature).value), "sig");
    EXPECT_EQ(order.certificate.view(), "s.pem");
}

TEST_F(Orders, AReleaseVouchesForItsVersion) {
    EXPECT_EQ(judge(DocumentParts{.manifest = manifest()}.text()).verdict, Verdict::check_image);
    EXPECT_TRUE(order.image.version_signed);
    EXPECT_EQ(judge(DocumentParts{.signature = "", .manifest = manifest()}.text()).verdict, Verdict::accepted)
        << "the release covers the image";
}

TEST_F(Orders, RefusedForWhatTheDocumentIs) {
    const std::pair<const char*, Reason> rows[] = {
        {"[]", Reason::document_no_object},
        {"{", Reason::document_no_object},
        {"{}", Reason::document_incomplete},
        {R"({"operation":"reboot"})", Reason::operation_unknown},
        {R"({"operation":"otabahn.update","schema":1,"version":"1","files":[]})", Reason::document_incomplete},
        {R"({"operation":"otabahn.update","schema":2})", Reason::schema_unsupported},
    };
    for (const auto& [text, reason] : rows) {
        const Judgement judged = judge(text);
        EXPECT_EQ(judged.verdict, Verdict::refused) << text;
        EXPECT_EQ(judged.reason, reason) << text << " " << judged.message.view();
        EXPECT_FALSE(judged.message.empty()) << text;
    }
}

TEST_F(Orders, RefusedForAMissingMember) {
    const std::string whole = DocumentParts().text();
    for (const char* member : {"version", "stream", "files", "fileId", "size", "sha256", "value", "algorithm"}) {
        std::string text = whole;
        text.replace(text.find('"' + std::string(member) + '"') + 1, 1, "_");
        const Judgement judged = judge(text);
        EXPECT_EQ(judged.verdict, Verdict::refused) << member;
        EXPECT_EQ(judged.reason, Reason::document_incomplete) << member;
        EXPECT_NE(judged.message.view().find(member), std::string_view::npos) << judged.message.view();
    }
}

TEST_F(Orders, RefusedForWhoVouches) {
    EXPECT_EQ(reason({.signature = ""}), Reason::unsigned_file);
    EXPECT_EQ(reason({.signature = R"(,"signature":{"algorithm":"SHA1-RSA","value":"c2ln","certificate":""})"}), Reason::signature_wrong);
    EXPECT_EQ(reason({.signature = R"(,"signature":{"algorithm":"SHA256-ECDSA","value":"!","certificate":""})"}),
              Reason::document_incomplete);
    EXPECT_EQ(reason({.manifest = manifest(), .release_algorithm = "SHA1-RSA"}), Reason::signature_wrong);
    policy.require_release = true;
    EXPECT_EQ(reason({}), Reason::release_required);
    EXPECT_EQ(judge(DocumentParts{.manifest = manifest()}.text()).verdict, Verdict::check_image);
    policy = {"lamp", "rev-b", 4'096, false, false, true};
    EXPECT_EQ(judge(DocumentParts{.signature = ""}.text()).verdict, Verdict::accepted) << "allow_unsigned";
}

TEST_F(Orders, ASignatureThatDoesNotHoldSaysWhichOfTheTwoItIs) {
    EXPECT_EQ(judge_trust(Trust::wrong, "image", "s", "").reason, Reason::signature_wrong);
    EXPECT_EQ(judge_trust(Trust::unknown_certificate, "image", "s", "").reason, Reason::certificate_unknown);
    EXPECT_EQ(judge_trust(Trust::good, "image", "s", "").verdict, Verdict::accepted);
}

TEST_F(Orders, ASignatureThatDoesNotHoldNamesTheHintAndWhatWasTried) {
    EXPECT_EQ(judge_trust(Trust::wrong, "release", "b.pem", "Tried: a.pem, b.pem.").message.view(),
              "The signature of the release fits no trusted certificate. It names 'b.pem'. Tried: a.pem, b.pem.");
    EXPECT_EQ(judge_trust(Trust::wrong, "release", "", "Tried: a.pem.").message.view(),
              "The signature of the release fits no trusted certificate. Tried: a.pem.");
    EXPECT_EQ(judge_trust(Trust::unknown_certificate, "release", "c.pem", "Tried: a.pem.").message.view(),
              "The signature of the release names 'c.pem', which is not trusted here, and fits no other certificate. Tried: a.pem.");
}

TEST_F(Orders, RefusedForWhatTheReleaseIsFor) {
    EXPECT_EQ(reason({.manifest = manifest("1.1.0", "fan")}), Reason::product_mismatch);
    EXPECT_EQ(reason({.manifest = manifest("1.1.0", "lamp", R"("rev-a","rev-c")")}), Reason::hardware_mismatch);
    EXPECT_EQ(reason({.manifest = manifest("1.1.0", "", "")}), Reason::none) << "empty fits all";
    EXPECT_EQ(reason({.manifest = manifest("1.2.0")}), Reason::release_mismatch);
    EXPECT_EQ(reason({.manifest = manifest("1.1.0", "lamp", "", std::string(64, 'c'))}), Reason::release_mismatch);
    EXPECT_EQ(reason({.manifest = R"({"schema":1})"}), Reason::document_incomplete);
    EXPECT_EQ(reason({.manifest = manifest("1.1.0", "lamp", "", hash_text, "1.0.1")}), Reason::version_too_old_for);
    EXPECT_EQ(reason({.manifest = manifest("1.1.0", "lamp", "", hash_text, "1.0.0")}), Reason::none);
}

TEST_F(Orders, RefusedForItsSize) {
    EXPECT_EQ(reason({.size = "4097"}), Reason::image_too_large);
    EXPECT_EQ(reason({.size = "4096"}), Reason::none);
    EXPECT_EQ(reason({.size = "0"}), Reason::document_incomplete);
    EXPECT_EQ(reason({.size = "18446744073709551615"}), Reason::image_too_large);
}

TEST_F(Orders, LowerAndEqualVersionsAreRefusedUnlessDowngradesAreAllowed) {
    EXPECT_EQ(reason({.version = "0.9.9"}), Reason::version_lower);
    EXPECT_EQ(reason({.version = "1.0.0"}), Reason::version_equal);
    EXPECT_EQ(reason({.version = "1.0.0-rc.1"}), Reason::version_lower);
    EXPECT_EQ(reason({.version = "v1.0.1"}), Reason::none);
    policy.allow_downgrade = true;
    EXPECT_EQ(reason({.version = "0.9.9"}), Reason::none);
    EXPECT_EQ(reason({.version = "1.0.0"}), Reason::none);
}

TEST_F(Orders, TheVeryImageThatRunsIsDoneAtOnce) {
    const std::string running(64, '1');
    EXPECT_EQ(judge(DocumentParts{.version = "1.0.0", .hash = running}.text()).verdict, Verdict::already_running);
    EXPECT_EQ(judge(DocumentParts{.version = "1.0.0", .hash = running, .manifest = manifest("1.0.0", "lamp", "", running)}.text()).verdict,
              Verdict::already_running);
    EXPECT_EQ(reason({.version = "0.9.0", .hash = running}), Reason::version_lower) << "same bytes under a lower version";
}

TEST_F(Orders, AClaimBarsOtherClaimsButNeverASignedRelease) {
    runs("9.9.9", false);
    EXPECT_EQ(reason({.version = "1.1.0"}), Reason::version_lower);
    EXPECT_EQ(reason({.manifest = manifest()}), Reason::none) << "the floor is 1.0.0, which was vouched for";
    EXPECT_EQ(reason({.version = "0.9.0", .manifest = manifest("0.9.0")}), Reason::version_lower);
}

TEST_F(Orders, AVouchedVersionBarsClaimsToo) {
    runs("0.1.0", false);
    record.floor_version.assign("1.2.0");
    EXPECT_EQ(reason({.version = "1.1.0"}), Reason::version_lower);
}

TEST_F(Orders, AnImageCalledByItsHashBarsNothing) {
    runs("sha256:0123456789ab", false);
    record.floor_version.clear();
    EXPECT_EQ(reason({.version = "0.0.1"}), Reason::none);
    EXPECT_EQ(reason({.manifest = manifest("1.1.0", "lamp", "", hash_text, "1.0.0")}), Reason::version_too_old_for);
}

std::string afr(const std::string& signature, const std::string& protocols = R"("MQTT")") {
    return R"({"afr_ota":{"protocols":[)" + protocols +
           R"(],"streamname":"AFR_OTA-1","files":[{"filepath":"/","filesize":1000,"fileid":0,"certfile":"/",)" +
           R"("update_data_url":"https://x","auth_scheme":"aws.s3.presigned")" + signature + "}]}}";
}

TEST_F(Orders, AfrOtaIsTakenWithItsSignatureToBeCheckedOverTheImage) {
    const Judgement judged = judge(afr(R"(,"sig-sha256-ecdsa":"c2ln")"));
    EXPECT_EQ(judged.verdict, Verdict::accepted) << judged.message.view();
    EXPECT_FALSE(order.hash_stated);
    EXPECT_TRUE(order.image.version.empty());
    EXPECT_EQ(order.kind, SignatureKind::sha256_ecdsa);
    const Digest identity = order.image.identity;
    ASSERT_EQ(judge(afr(R"(,"sig-sha256-ecdsa":"c2lo")")).verdict, Verdict::accepted);
    EXPECT_NE(order.image.identity, identity) << "another signature is another image";
}

TEST_F(Orders, AfrOtaWithTheSignatureOfWhatRunsIsDoneAtOnce) {
    ASSERT_EQ(judge(afr(R"(,"sig-sha256-ecdsa":"c2ln")")).verdict, Verdict::accepted);
    record.slots[0].identity = order.image.identity;
    EXPECT_EQ(judge(afr(R"(,"sig-sha256-ecdsa":"c2ln")")).verdict, Verdict::already_running);
}

TEST_F(Orders, AfrOtaIsRefused) {
    EXPECT_EQ(judge(afr("")).reason, Reason::unsigned_file);
    EXPECT_EQ(judge(afr(R"(,"sig-sha1-rsa":"c2ln")")).reason, Reason::signature_wrong);
    EXPECT_EQ(judge(afr(R"(,"sig-sha256-ecdsa":"c2ln")", R"("HTTP")")).reason, Reason::no_transfer);
    policy.require_release = true;
    EXPECT_EQ(judge(afr(R"(,"sig-sha256-ecdsa":"c2ln")")).reason, Reason::release_required);
}

TEST_F(Orders, SignaturesWithEscapedSlashesAreTheSameSignatures) {
    DocumentParts parts;
    parts.signature = R"(,"signature":{"algorithm":"SHA256-ECDSA","value":"\/\/\/\/","certificate":""})";
    ASSERT_EQ(judge(parts.text()).verdict, Verdict::check_image);
    EXPECT_EQ(as_text(signature_of(order, signature).value), "\xff\xff\xff");
}

}  // namespace
}  // namespace otabahn::device
