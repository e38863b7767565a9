// SPDX-License-Identifier: Apache-2.0
// Job documents and the URLs in them (spec jobs 3.7, control-plane 7.2).
#include "jobs/document.hpp"

#include <gtest/gtest.h>

namespace otabahn::jobs {
namespace {

constexpr std::string_view own = "127.0.0.1:4566";

std::string address(std::string_view url, bool encoded = true) {
    const auto parsed = parse_s3_url(url, own, encoded);
    if (!parsed) return "refused";
    return parsed->bucket + " " + parsed->key + (parsed->version_id ? " @" + *parsed->version_id : "");
}

TEST(S3Url, EveryFormNamesTheSameObject) {
    for (const auto* url :
         {"https://s3.amazonaws.com/fw/a/job.json", "https://s3.us-east-1.amazonaws.com/fw/a/job.json",
          "https://s3-us-west-2.amazonaws.com/fw/a/job.json", "https://s3.dualstack.eu-west-1.amazonaws.com/fw/a/job.json",
          "https://fw.s3.us-east-1.amazonaws.com/a/job.json", "https://fw.s3.amazonaws.com/a/job.json",
          "https://fw.s3-us-west-2.amazonaws.com/a/job.json", "https://fw.s3.dualstack.eu-west-1.amazonaws.com/a/job.json",
          "https://s3.cn-north-1.amazonaws.com.cn/fw/a/job.json", "http://127.0.0.1:4566/fw/a/job.json",
          "https://127.0.0.1:4566/fw/a/job.json", "http://fw.127.0.0.1:4566/a/job.json", "HTTPS://S3.Amazonaws.COM/fw/a/job.json",
          "https://s3.amazonaws.com:443/fw/a/job.json"})
        EXPECT_EQ(address(url), "fw a/job.json") << url;
}

TEST(S3Url, KeysAreDecodedOnceAndAVersionMayFollow) {
    EXPECT_EQ(address("https://s3.amazonaws.com/fw/fw%2F1.4+2%20x.bin"), "fw fw/1.4+2 x.bin");
    EXPECT_EQ(address("https://s3.amazonaws.com/fw/a%252Fb"), "fw a%2Fb");
    EXPECT_EQ(address("https://s3.amazonaws.com/fw/a?versionId=3sL4"), "fw a @3sL4");
    EXPECT_EQ(address("https://s3.amazonaws.com/fw/a%3FversionId%3D3sL4"), "fw a @3sL4");
    EXPECT_EQ(address("https://s3.amazonaws.com/fw/what%3F"), "fw what?");
    EXPECT_EQ(address("https://my.dotted.bucket.s3.eu-central-1.amazonaws.com/k"), "my.dotted.bucket k");
    EXPECT_EQ(address("https://s3.amazonaws.com/fw/a%20b?x", false), "fw a%20b?x");
}

TEST(S3Url, WhatIsNoObjectIsRefused) {
    for (const auto* url : {"",
                            "fw/a",
                            "s3://fw/a",
                            "ftp://s3.amazonaws.com/fw/a",
                            "https://s3.amazonaws.com",
                            "https://s3.amazonaws.com/",
                            "https://s3.amazonaws.com/fw",
                            "https://s3.amazonaws.com/fw/",
                            "https://s3.amazonaws.com//a",
                            "https://evil.example/fw/a",
                            "https://s3.amazonaws.com.evil.example/fw/a",
                            "https://amazonaws.com/fw/a",
                            "https://iot.us-east-1.amazonaws.com/fw/a",
                            "http://127.0.0.1:4567/fw/a",
                            "http://127.0.0.1/fw/a",
                            "https://s3.amazonaws.com/FW/a",
                            "https://s3.amazonaws.com/fw/a%2",
                            "https://s3.amazonaws.com/fw/a%zz",
                            "https://s3.amazonaws.com/fw/a%00",
                            "https://s3.amazonaws.com/fw/a?x=1",
                            "https://s3.amazonaws.com/fw/a?versionId=",
                            "https://s3.amazonaws.com/fw/a#b",
                            "https://user@s3.amazonaws.com/fw/a",
                            "https://xs3.amazonaws.com/fw/a"})
        EXPECT_EQ(address(url), "refused") << url;
    EXPECT_EQ(address("https://s3.amazonaws.com/fw/" + std::string(1025, 'k')), "refused");
    EXPECT_FALSE(parse_s3_url("http:///fw/a", "", true));
}

TEST(Document, OnlyAJsonObjectOfAtMost32KilobytesIsTaken) {
    EXPECT_TRUE(check_document(R"({"operation":"x"})"));
    EXPECT_TRUE(check_document("{}"));
    EXPECT_TRUE(check_document("{\"a\":\"" + std::string(longest_document - 8, 'x') + "\"}"));
    for (const auto& text :
         {std::string(), std::string("[]"), std::string("1"), std::string("{"), std::string("{} x"), std::string("{'a':1}"),
          std::string("{\"a\":\"\xff\"}"), std::string("\xef\xbb\xbf{}"), std::string("{\"a\":\"\x01\"}"),
          "{\"a\":\"" + std::string(longest_document - 7, 'x') + "\"}", std::string(2000, '[') + std::string(2000, ']')})
        EXPECT_EQ(check_document(text).error().code, ErrorCode::invalid_request) << text.substr(0, 40);
}

TEST(Placeholders, BothKindsAreFoundAndTheRestOfTheTextIsKeptByteForByte) {
    const std::string document =
        R"({ "n": 1.10, "a":"${aws:iot:s3-presigned-url:https:\/\/s3.amazonaws.com/fw/a b%}", "b" : ["x ${aws:iot:s3-presigned-url-v2:https://s3.amazonaws.com/fw/c%20d%3FversionId%3D7} y"] })";
    const auto found = find_placeholders(document, own);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ((*found)[0].object.key, "a b%");
    EXPECT_EQ((*found)[1].object.key, "c d");
    EXPECT_EQ((*found)[1].object.version_id, "7");
    const auto replaced = replace_placeholders(
        document, *found, [](const ObjectAddress& object) -> Result<std::string> { return "url?\"" + object.key + "\""; });
    ASSERT_TRUE(replaced);
    EXPECT_EQ(*replaced, R"({ "n": 1.10, "a":"url?\"a b%\"", "b" : ["x url?\"c d\" y"] })");
}

TEST(Placeholders, OtherTextInBracesIsLeftAlone) {
    const auto found = find_placeholders(R"({"a":"${thingName} ${aws:iot:unknown:x} ${ $aws"})", own);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->empty());
}

TEST(Placeholders, OneThatCannotBeUsedIsRefused) {
    for (const auto* document :
         {R"({"a":"${aws:iot:s3-presigned-url:https://s3.amazonaws.com/fw/a"})",
          R"({"a":"${aws:iot:s3-presigned-url:https://evil.example/fw/a}"})", R"({"a":"${aws:iot:s3-presigned-url:}"})",
          R"({"a":"${aws:iot:s3-presigned-url-v2:https://s3.amazonaws.com/fw/a%}"})",
          R"({"a":"${aws:iot:s3-presigned-url:https://s3.amazonaws.com/fw/${aws:iot:s3-presigned-url:https://s3.amazonaws.com/fw/a}"})"})
        EXPECT_EQ(find_placeholders(document, own).error().code, ErrorCode::invalid_request) << document;
}

TEST(Placeholders, KindsThatAreNotImplementedAreRefusedByName) {
    for (const std::string kind : {"s3-presigned-url-upload", "code-sign-signature", "parameter", "package"}) {
        const auto refused = find_placeholders("{\"a\":\"${aws:iot:" + kind + ":x}\"}", own);
        ASSERT_FALSE(refused) << kind;
        EXPECT_EQ(refused.error().code, ErrorCode::not_implemented);
        EXPECT_NE(refused.error().message.find(kind), std::string::npos) << refused.error().message;
    }
}

TEST(Placeholders, AtMostTenAreTaken) {
    const std::string one = "${aws:iot:s3-presigned-url:https://s3.amazonaws.com/fw/a}";
    std::string ten;
    for (int i = 0; i < 10; ++i) ten += one;
    EXPECT_TRUE(find_placeholders("{\"a\":\"" + ten + "\"}", own));
    EXPECT_FALSE(find_placeholders("{\"a\":\"" + ten + one + "\"}", own));
}

TEST(Placeholders, AUrlThatCannotBeMadeIsTheReasonThatIsGiven) {
    const std::string document = R"({"a":"${aws:iot:s3-presigned-url:https://s3.amazonaws.com/fw/a}"})";
    const auto refused = replace_placeholders(document, *find_placeholders(document, own), [](const ObjectAddress&) -> Result<std::string> {
        return fail(ErrorCode::access_denied, "no such role");
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "no such role");
}

}  // namespace
}  // namespace otabahn::jobs
