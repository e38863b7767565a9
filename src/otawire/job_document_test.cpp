// SPDX-License-Identifier: Apache-2.0
// Job documents of design 4 and spec jobs 7.1, and the reason that each refusal gives.
#include "otawire/job_document.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace otabahn::otawire {
namespace {

const std::string sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string signature = R"({"algorithm":"SHA256-ECDSA","value":"MEQC","certificate":"signer"})";

std::string file(const std::string& more = "", int id = 0) {
    return R"({"fileId":)" + std::to_string(id) + R"(,"name":"firmware","size":1048576,"sha256":")" + sha + "\"" + more + "}";
}

std::string document(const std::string& files, const std::string& more = "") {
    return R"({"operation":"otabahn.update","schema":1,"version":"1.1.0","stream":"otabahn-3f2c","files":[)" + files + "]" + more + "}";
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

// "missing-member files[0].sha256", or "accepted".
std::string verdict(const std::string& text) {
    const auto result = parse_job_document(text);
    if (result) return "accepted";
    std::array<char, 200> room{};
    std::string out(name_of(result.error().fault));
    if (result.error().fault == DocumentFault::not_json) return out;
    const std::string sentence(describe(result.error(), "It", room));
    const auto from = sentence.find("member ") + 7;
    return out + " " + sentence.substr(from, sentence.find(' ', from) - from);
}

TEST(JobDocument, ReadsAllThatADocumentCarries) {
    const std::string text =
        document(file(R"(,"signature":)" + signature + R"(,"url":"${aws:iot:s3-presigned-url:https://s3/x}")") + "," +
                     file(R"(,"role":"data")", 255),
                 R"(,"release":{"manifest":"e30=","signature":)" + signature + R"(},"parameters":{"delay":"30","n":5})");
    const auto result = parse_job_document(text);
    ASSERT_TRUE(result);
    const JobDocument& document = *result;
    EXPECT_EQ(document.kind, DocumentKind::otabahn_update);
    EXPECT_TRUE(document.version.equals("1.1.0"));
    EXPECT_TRUE(document.stream.equals("otabahn-3f2c"));
    ASSERT_EQ(document.files().size(), 2U);
    const UpdateFile& first = document.files()[0];
    EXPECT_EQ(first.file_id, 0U);
    EXPECT_TRUE(first.name.equals("firmware"));
    EXPECT_EQ(first.size, 1048576U);
    ASSERT_TRUE(first.sha256);
    EXPECT_EQ((*first.sha256)[0], 0xba);
    EXPECT_EQ((*first.sha256)[31], 0xad);
    ASSERT_TRUE(first.signature);
    EXPECT_EQ(first.signature->algorithm, SignatureAlgorithm::sha256_ecdsa);
    EXPECT_TRUE(first.signature->value.equals("MEQC"));
    EXPECT_TRUE(first.signature->certificate.equals("signer"));
    EXPECT_EQ(first.role, FileRole::image);
    EXPECT_EQ(document.files()[1].file_id, 255U);
    EXPECT_EQ(document.files()[1].role, FileRole::data);
    EXPECT_FALSE(document.files()[1].signature);
    ASSERT_TRUE(document.release);
    EXPECT_TRUE(document.release->manifest.equals("e30="));
    EXPECT_TRUE(document.over_mqtt);
    EXPECT_FALSE(document.over_http);
    Parameters parameters(document.parameters);
    Parameter parameter;
    ASSERT_TRUE(parameters.next(parameter));
    EXPECT_TRUE(parameter.name.equals("delay"));
    EXPECT_TRUE(parameter.text.equals("30"));
    ASSERT_TRUE(parameters.next(parameter));
    EXPECT_EQ(parameter.raw, "5");
    EXPECT_EQ(parameter.kind, encoding::JsonKind::number);
    EXPECT_FALSE(parameters.next(parameter));
}

TEST(JobDocument, TakesWhatIsNeededAloneInAnyOrderAndIgnoresTheRest) {
    EXPECT_EQ(verdict(document(file())), "accepted");
    EXPECT_EQ(verdict(document(file(R"(,"x":{"y":[1]})"), R"(,"who":"knows","afr_ota":{},"steps":[])")), "accepted");
    EXPECT_EQ(verdict(R"({"files":[)" + file() + R"(],"stream":"s","version":"1","schema":1,"oper\u0061tion":"otabahn.update"})"),
              "accepted");
    EXPECT_EQ(verdict(document(file(R"(,"signature":null,"url":null,"role":null)"), R"(,"release":null,"parameters":null)")), "accepted");
}

TEST(JobDocument, RefusesWhatIsNoJsonObject) {
    for (const char* text : {"", "firmware", "[]", "null", "{", "{\"operation\":}", "\xff\xfe"})
        EXPECT_EQ(verdict(text), "not-json") << text;
    EXPECT_EQ(verdict(document(file()) + "x"), "not-json");
}

TEST(JobDocument, RefusesOperationsAndSchemasItDoesNotKnow) {
    EXPECT_EQ(verdict("{}"), "missing-member operation");
    EXPECT_EQ(verdict(R"({"action":"print"})"), "missing-member operation");
    EXPECT_EQ(verdict(replaced(document(file()), "otabahn.update", "otabahn.erase")), "unknown-operation operation");
    EXPECT_EQ(verdict(replaced(document(file()), "\"otabahn.update\"", "1")), "wrong-type operation");
    EXPECT_EQ(verdict(replaced(document(file()), "\"schema\":1", "\"schema\":2")), "schema-too-high schema");
    EXPECT_EQ(verdict(replaced(document(file()), "\"schema\":1", "\"schema\":0")), "out-of-range schema");
    EXPECT_EQ(verdict(replaced(document(file()), "\"schema\":1", "\"schema\":\"1\"")), "wrong-type schema");
    // Whatever else a newer document may lack or carry: what is said is that it is newer.
    EXPECT_EQ(verdict(R"({"operation":"otabahn.update","schema":2})"), "schema-too-high schema");
}

TEST(JobDocument, NamesTheMemberThatIsMissing) {
    const std::string whole = document(file());
    EXPECT_EQ(verdict(replaced(whole, "\"schema\"", "\"x\"")), "missing-member schema");
    EXPECT_EQ(verdict(replaced(whole, "\"version\"", "\"x\"")), "missing-member version");
    EXPECT_EQ(verdict(replaced(whole, "\"stream\"", "\"x\"")), "missing-member stream");
    EXPECT_EQ(verdict(replaced(whole, "\"files\"", "\"x\"")), "missing-member files");
    EXPECT_EQ(verdict(replaced(whole, "\"fileId\"", "\"x\"")), "missing-member files[0].fileId");
    EXPECT_EQ(verdict(replaced(whole, "\"name\"", "\"x\"")), "missing-member files[0].name");
    EXPECT_EQ(verdict(replaced(whole, "\"size\"", "\"x\"")), "missing-member files[0].size");
    EXPECT_EQ(verdict(document(file() + "," + replaced(file("", 1), "\"sha256\"", "\"x\""))), "missing-member files[1].sha256");
    EXPECT_EQ(verdict(document(file(R"(,"signature":{"value":"x"})"))), "missing-member files[0].signature.algorithm");
    EXPECT_EQ(verdict(document(file(R"(,"signature":{"algorithm":"SHA256-ECDSA"})"))), "missing-member files[0].signature.value");
    EXPECT_EQ(verdict(document(file(), R"(,"release":{"signature":)" + signature + "}")), "missing-member release.manifest");
    EXPECT_EQ(verdict(document(file(), R"(,"release":{"manifest":"e30="})")), "missing-member release.signature");
    EXPECT_EQ(verdict(replaced(whole, "\"1.1.0\"", "null")), "missing-member version");
}

TEST(JobDocument, NamesTheMemberOfAnotherType) {
    const std::string whole = document(file());
    EXPECT_EQ(verdict(replaced(whole, "\"1.1.0\"", "1.1")), "wrong-type version");
    EXPECT_EQ(verdict(replaced(whole, "\"otabahn-3f2c\"", "{}")), "wrong-type stream");
    EXPECT_EQ(verdict(document("5")), "wrong-type files[0]");
    EXPECT_EQ(verdict(replaced(whole, "\"files\":[", "\"files\":{\"a\":[") + "}"), "wrong-type files");
    EXPECT_EQ(verdict(replaced(whole, "\"fileId\":0", "\"fileId\":\"0\"")), "wrong-type files[0].fileId");
    EXPECT_EQ(verdict(replaced(whole, "1048576", "1048576.0")), "wrong-type files[0].size");
    EXPECT_EQ(verdict(replaced(whole, "\"firmware\"", "true")), "wrong-type files[0].name");
    EXPECT_EQ(verdict(document(file(R"(,"signature":"MEQC")"))), "wrong-type files[0].signature");
    EXPECT_EQ(verdict(document(file(), R"(,"release":[])")), "wrong-type release");
    EXPECT_EQ(verdict(document(file(), R"(,"parameters":"x")")), "wrong-type parameters");
    EXPECT_EQ(verdict(document(file(), R"(,"parameters":[])")), "wrong-type parameters");
    EXPECT_EQ(verdict(document(file(R"(,"role":1)"))), "wrong-type files[0].role");
}

TEST(JobDocument, NamesTheMemberWhoseValueIsOutOfRange) {
    const std::string whole = document(file());
    EXPECT_EQ(verdict(replaced(whole, "\"1.1.0\"", "\"\"")), "out-of-range version");
    EXPECT_EQ(verdict(replaced(whole, "1.1.0", std::string(129, '1'))), "out-of-range version");
    EXPECT_EQ(verdict(replaced(whole, "otabahn-3f2c", "../etc")), "out-of-range stream");
    EXPECT_EQ(verdict(replaced(whole, "\"otabahn-3f2c\"", "\"\"")), "out-of-range stream");
    EXPECT_EQ(verdict(replaced(whole, "\"fileId\":0", "\"fileId\":256")), "out-of-range files[0].fileId");
    EXPECT_EQ(verdict(replaced(whole, "\"fileId\":0", "\"fileId\":-1")), "out-of-range files[0].fileId");
    EXPECT_EQ(verdict(replaced(whole, "1048576", "0")), "out-of-range files[0].size");
    EXPECT_EQ(verdict(replaced(whole, "1048576", "99999999999999999999")), "wrong-type files[0].size");
    EXPECT_EQ(verdict(replaced(whole, sha, sha.substr(2))), "out-of-range files[0].sha256");
    EXPECT_EQ(verdict(replaced(whole, sha, sha + "00")), "out-of-range files[0].sha256");
    EXPECT_EQ(verdict(replaced(whole, sha, "zz" + sha.substr(2))), "out-of-range files[0].sha256");
    EXPECT_EQ(verdict(replaced(whole, "\"firmware\"", "\"\"")), "out-of-range files[0].name");
}

TEST(JobDocument, RefusesUnknownRolesAndAlgorithms) {
    EXPECT_EQ(verdict(document(file(R"(,"role":"bootloader")"))), "unknown-role files[0].role");
    EXPECT_EQ(verdict(document(file(R"(,"signature":{"algorithm":"SHA1-ECDSA","value":"x"})"))),
              "unknown-algorithm files[0].signature.algorithm");
    EXPECT_EQ(verdict(document(file(R"(,"signature":{"algorithm":"SHA256-RSA","value":"x"})"))), "accepted");
}

TEST(JobDocument, BoundsTheFilesAndWantsAnImageAmongThem) {
    std::string eight, nine;
    for (int i = 0; i < 9; ++i) {
        nine += (i > 0 ? "," : "") + file("", i);
        if (i == 7) eight = nine;
    }
    EXPECT_EQ(verdict(document(eight)), "accepted");
    EXPECT_EQ(verdict(document(nine)), "too-many-files files");
    EXPECT_EQ(verdict(document("")), "no-image files");
    EXPECT_EQ(verdict(document(file(R"(,"role":"data")"))), "no-image files");
    EXPECT_EQ(verdict(document(file() + "," + file())), "duplicate-file files[1].fileId");
}

TEST(JobDocument, TheSentenceNamesDocumentAndMember) {
    std::array<char, 200> room{};
    EXPECT_EQ(describe({DocumentFault::missing_member, 3, "files[]", "sha256"}, "The job document", room),
              "The job document's member files[3].sha256 is missing.");
    EXPECT_EQ(describe({DocumentFault::not_json}, "The job document", room), "The job document is not a JSON object.");
    EXPECT_EQ(describe({DocumentFault::schema_too_high, -1, "", "schema"}, "The manifest", std::span(room).first(12)), "The manifest");
}

TEST(JobDocument, ParametersMayBeAnything) {
    Parameter parameter;
    EXPECT_FALSE(Parameters("").next(parameter));
    EXPECT_FALSE(Parameters("{}").next(parameter));
    Parameters all(R"({"s":"a\"b","t":true,"o":{"x":[1]},"z":null})");
    std::vector<std::string> seen;
    while (all.next(parameter)) seen.emplace_back(parameter.raw);
    EXPECT_EQ(seen, (std::vector<std::string>{R"("a\"b")", "true", R"({"x":[1]})", "null"}));
}

// AWS's document.

std::string afr(const std::string& files, const std::string& protocols = R"(["MQTT"])", const std::string& stream = R"("AFR_OTA-5f2c")") {
    return R"({"afr_ota":{"protocols":)" + protocols + R"(,"streamname":)" + stream + R"(,"files":[)" + files + "]}}";
}
const std::string afr_file =
    R"({"filepath":"/device","filesize":131072,"fileid":0,"certfile":"signer.crt","fileType":0,"sig-sha256-ecdsa":"MEQC...=="})";

TEST(AfrOtaDocument, ReadsTheDocumentsOfTheOtaUpdateManager) {
    const std::string text = afr(afr_file);
    const auto result = parse_job_document(text);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->kind, DocumentKind::afr_ota);
    EXPECT_TRUE(result->stream.equals("AFR_OTA-5f2c"));
    EXPECT_EQ(result->version.size(), 0U);
    EXPECT_TRUE(result->over_mqtt);
    EXPECT_FALSE(result->over_http);
    const UpdateFile& file = result->files()[0];
    EXPECT_EQ(file.size, 131072U);
    EXPECT_FALSE(file.sha256);
    EXPECT_TRUE(file.name.equals("/device"));
    ASSERT_TRUE(file.signature);
    EXPECT_TRUE(file.signature->certificate.equals("signer.crt"));
    EXPECT_TRUE(file.signature->value.equals("MEQC...=="));
    EXPECT_EQ(file.role, FileRole::image);
}

TEST(AfrOtaDocument, ReadsTheHttpDocumentOfARealCapture) {
    const std::string text =
        R"({"afr_ota":{"protocols":["HTTP"],"files":[{"filepath":"/","filesize":1230320,"fileid":0,"certfile":"/","fileType":0,
 "update_data_url":"https://BUCKET.s3.REGION.amazonaws.com/SignedImages/UUID?X-Amz-...","auth_scheme":"aws.s3.presigned",
 "sig-sha256-ecdsa":"MEQC...=="}]}})";
    const auto result = parse_job_document(text);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->over_http);
    EXPECT_FALSE(result->over_mqtt);
    EXPECT_EQ(result->files()[0].url.raw().substr(0, 8), "https://");
}

TEST(AfrOtaDocument, TakesWhatEitherOfTheTwoParsersTakes) {
    EXPECT_EQ(verdict(afr(R"({"filesize":"131072","fileid":"0"})")), "accepted")
        << "numbers as strings; no path, no certificate, no signature";
    EXPECT_EQ(verdict(afr(R"({"filesize":1,"fileid":0,"fileType":null,"update_data_url":null,"auth_scheme":null,"attr":3})")), "accepted");
    EXPECT_EQ(verdict(afr(afr_file, R"(["HTTP","MQTT"])")), "accepted");
    const std::string rsa = afr(R"({"filesize":1,"fileid":7,"sig-sha1-rsa":"AAAA"})");
    const auto result = parse_job_document(rsa);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->files()[0].signature->algorithm, SignatureAlgorithm::sha1_rsa);
    const std::string both = afr(R"({"filesize":1,"fileid":7,"sig-sha1-rsa":"AAAA","sig-sha256-ecdsa":"BBBB"})");
    EXPECT_EQ(parse_job_document(both)->files()[0].signature->algorithm, SignatureAlgorithm::sha256_ecdsa);
}

TEST(AfrOtaDocument, RefusesByTheMembersName) {
    EXPECT_EQ(verdict(R"({"afr_ota":5})"), "wrong-type afr_ota");
    EXPECT_EQ(verdict(R"({"afr_ota":null})"), "missing-member operation");
    EXPECT_EQ(verdict(R"({"afr_ota":{}})"), "missing-member afr_ota.protocols");
    EXPECT_EQ(verdict(R"({"afr_ota":{"protocols":"MQTT"}})"), "wrong-type afr_ota.protocols");
    EXPECT_EQ(verdict(R"({"afr_ota":{"protocols":["MQTT"],"streamname":"s"}})"), "missing-member afr_ota.files");
    EXPECT_EQ(verdict(afr(R"({"fileid":0})")), "missing-member afr_ota.files[0].filesize");
    EXPECT_EQ(verdict(afr(R"({"filesize":1})")), "missing-member afr_ota.files[0].fileid");
    EXPECT_EQ(verdict(afr(R"({"filesize":0,"fileid":0})")), "out-of-range afr_ota.files[0].filesize");
    EXPECT_EQ(verdict(afr(R"({"filesize":"12 kB","fileid":0})")), "wrong-type afr_ota.files[0].filesize");
    EXPECT_EQ(verdict(afr(R"({"filesize":"","fileid":0})")), "wrong-type afr_ota.files[0].filesize");
    EXPECT_EQ(verdict(afr(R"({"filesize":1,"fileid":256})")), "out-of-range afr_ota.files[0].fileid");
    EXPECT_EQ(verdict(afr(afr_file + "," + afr_file)), "duplicate-file afr_ota.files[1].fileid");
    EXPECT_EQ(verdict(afr("")), "no-image afr_ota.files");
    EXPECT_EQ(verdict(afr(afr_file, R"(["MQTT"])", R"("a/b")")), "out-of-range afr_ota.streamname");
    EXPECT_EQ(verdict(afr(afr_file, R"(["MQTT"])", "\"\"")), "no-transport afr_ota.protocols");
    EXPECT_EQ(verdict(afr(afr_file, R"(["HTTP"])")), "no-transport afr_ota.protocols");
    EXPECT_EQ(verdict(afr(afr_file, R"(["BLE"])")), "no-transport afr_ota.protocols");
    EXPECT_EQ(verdict(afr(afr_file, "[7]")), "wrong-type afr_ota.protocols");
}

}  // namespace
}  // namespace otabahn::otawire
