// SPDX-License-Identifier: Apache-2.0
// Objects as the front door meets them (spec control-plane 2.3 to 2.5, 2.8), on both engines.
#include "objects/s3_fixture_test.hpp"

#include <map>

namespace otabahn::objects {
namespace {

class ObjectTest : public S3Test {};

TEST_P(ObjectTest, ComesBackWithItsBytesAndHeaders) {
    make_bucket("fwb");
    const auto put_done = upload<s3::PutObject>({.bucket = "fwb",
                                                 .cache_control = "no-cache",
                                                 .content_encoding = "gzip,aws-chunked",
                                                 .content_type = "text/x",
                                                 .key = "a/b c+\xc3\xbc",
                                                 .metadata = std::map<std::string, std::string>{{"Git-Commit", "1\xe9 &=2"}},
                                                 .tagging = "k=v&k2=a+b"},
                                                "hello");
    ASSERT_TRUE(put_done) << put_done.error().message;
    EXPECT_EQ(put_done->etag, "\"5d41402abc4b2a76b9719d911017c592\"");
    EXPECT_EQ(put_done->version_id, std::nullopt);
    EXPECT_EQ(put_done->checksum_type, "FULL_OBJECT");
    EXPECT_TRUE(put_done->checksum_crc64_nvme);

    const auto got = download<s3::GetObject>({.bucket = "fwb", .key = "a/b c+\xc3\xbc"});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "hello");
    EXPECT_EQ(got->head.etag, put_done->etag);
    EXPECT_EQ(got->head.content_length, 5);
    EXPECT_EQ(got->head.content_type, "text/x");
    EXPECT_EQ(got->head.content_encoding, "gzip");
    EXPECT_EQ(got->head.cache_control, "no-cache");
    EXPECT_EQ(got->head.metadata->at("git-commit"), "1\xe9 &=2");
    EXPECT_EQ(got->head.tag_count, 2);
    EXPECT_EQ(got->head.version_id, std::nullopt);
    EXPECT_EQ(got->head.checksum_crc64_nvme, std::nullopt);  // not asked for
    EXPECT_EQ(got->head.accept_ranges, "bytes");
    EXPECT_EQ(announced_, (std::vector<std::string>{"fwb/a/b c+\xc3\xbc"}));
}

TEST_P(ObjectTest, HeadSaysWhatGetSaysWithoutTheBytes) {
    make_bucket("fwb");
    put("fwb", "k", "hello");
    const auto head = download<s3::HeadObject>({.bucket = "fwb", .key = "k", .range = "bytes=1-2", .checksum_mode = "ENABLED"});
    EXPECT_FALSE(head->has_body);
    EXPECT_EQ(head->status, 206);
    EXPECT_EQ(head->head.content_length, 2);
    EXPECT_EQ(head->head.content_range, "bytes 1-2/5");
    EXPECT_EQ(head->head.content_type, "binary/octet-stream");
    EXPECT_EQ(head->head.checksum_crc64_nvme, std::nullopt);
    const auto whole = download<s3::HeadObject>({.bucket = "fwb", .key = "k", .checksum_mode = "ENABLED"});
    EXPECT_TRUE(whole->head.checksum_crc64_nvme);
    EXPECT_EQ(whole->head.checksum_type, "FULL_OBJECT");
}

TEST_P(ObjectTest, RangesGiveExactlyThoseBytes) {
    make_bucket("fwb");
    std::string body;
    for (int i = 0; i < 200'000; ++i) body += std::to_string(i);
    put("fwb", "k", body);
    const auto size = body.size();
    const auto get_range = [&](const std::string& range) { return download<s3::GetObject>({.bucket = "fwb", .key = "k", .range = range}); };
    EXPECT_EQ(get_range("bytes=0-0")->body, body.substr(0, 1));
    EXPECT_EQ(get_range("bytes=100000-299999")->body, body.substr(100'000, 200'000));
    EXPECT_EQ(get_range("bytes=-7")->body, body.substr(size - 7));
    EXPECT_EQ(get_range("bytes=0-5,9-10")->status, 200);
    const auto beyond = get_range("bytes=" + std::to_string(size) + "-");
    EXPECT_REFUSED(beyond, "InvalidRange", 416);
    EXPECT_EQ(beyond.error().headers.at(0), (std::pair<std::string, std::string>("Content-Range", "bytes */" + std::to_string(size))));
    EXPECT_EQ(beyond.error().fields.at(1).second, std::to_string(size));
    put("fwb", "empty", "");
    EXPECT_EQ(download<s3::GetObject>({.bucket = "fwb", .key = "empty"})->body, "");
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "empty", .range = "bytes=0-"}), "InvalidRange", 416);
}

TEST_P(ObjectTest, ConditionsDecideWhatIsRead) {
    make_bucket("fwb");
    const auto etag = *put("fwb", "k", "hello").etag;
    EXPECT_EQ(download<s3::GetObject>({.bucket = "fwb", .if_match = etag, .key = "k"})->body, "hello");
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .if_match = "\"other\"", .key = "k"}), "PreconditionFailed", 412);
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .if_unmodified_since = from_millis(0), .key = "k"}), "PreconditionFailed",
                   412);
    const auto unchanged = download<s3::GetObject>({.bucket = "fwb", .if_none_match = etag, .key = "k"});
    EXPECT_EQ(unchanged->status, 304);
    EXPECT_FALSE(unchanged->has_body);
    EXPECT_EQ(unchanged->head.etag, etag);
    EXPECT_EQ(download<s3::GetObject>({.bucket = "fwb", .if_modified_since = clock_.now(), .key = "k"})->status, 304);
}

TEST_P(ObjectTest, ResponseOverridesReplaceStoredHeaders) {
    make_bucket("fwb");
    put("fwb", "k", "x");
    const auto got = download<s3::GetObject>({.bucket = "fwb",
                                              .key = "k",
                                              .response_content_disposition = "attachment",
                                              .response_content_type = "text/plain",
                                              .response_expires = from_millis(1751112000000)});
    EXPECT_EQ(got->head.content_type, "text/plain");
    EXPECT_EQ(got->head.content_disposition, "attachment");
    EXPECT_EQ(got->head.expires, "Sat, 28 Jun 2025 12:00:00 GMT");
}

TEST_P(ObjectTest, AMissingKeyIsNamedOnlyToThoseWhoMayList) {
    make_bucket("fwb");
    const auto missing = download<s3::GetObject>({.bucket = "fwb", .key = "none"});
    EXPECT_REFUSED(missing, "NoSuchKey", 404);
    EXPECT_EQ(missing.error().fields.at(0), (std::pair<std::string, std::string>("Key", "none")));
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "none", .key = "k"}), "NoSuchBucket", 404);
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "none"}, make_nobody()), "AccessDenied", 403);
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "k"}, make_root("111111111111", "us-east-1")), "AccessDenied", 403);
}

TEST_P(ObjectTest, BytesThatAreNotWhatWasPromisedLeaveNothing) {
    make_bucket("fwb");
    const auto with = [](auto change) {
        s3::PutObjectRequest in{.bucket = "fwb", .key = "k"};
        change(in);
        return in;
    };
    EXPECT_REFUSED(upload<s3::PutObject>(with([](auto& in) { in.content_md5 = "AAAAAAAAAAAAAAAAAAAAAA=="; }), "hello"), "BadDigest", 400);
    EXPECT_REFUSED(upload<s3::PutObject>(with([](auto& in) { in.content_md5 = "short"; }), "hello"), "InvalidDigest", 400);
    EXPECT_REFUSED(upload<s3::PutObject>(with([](auto& in) { in.checksum_crc32 = "AAAAAA=="; }), "hello"), "BadDigest", 400);
    EXPECT_REFUSED(upload<s3::PutObject>(with([](auto& in) { in.checksum_crc32 = "not base64"; }), "hello"), "InvalidRequest", 400);
    EXPECT_REFUSED(upload<s3::PutObject>(with([](auto& in) { in.checksum_xxhash3 = "AAAAAAAAAAA="; }), "hello"), "InvalidRequest", 400);
    EXPECT_REFUSED(upload<s3::PutObject>(with([](auto& in) { in.checksum_algorithm = "XXHASH64"; }), "hello"), "InvalidRequest", 400);
    EXPECT_REFUSED(upload<s3::PutObject>(with([](auto& in) {
                                             in.checksum_crc32 = "NhCmhg==";
                                             in.checksum_sha1 = "qvTGHdzF6KLavt4PO0gs2a6pQ00=";
                                         }),
                                         "hello"),
                   "InvalidRequest", 400);
    EXPECT_EQ(get("fwb", "k"), "NoSuchKey");
    EXPECT_EQ(count_blobs(), 0U);
    EXPECT_TRUE(announced_.empty());
}

TEST_P(ObjectTest, RightChecksumsOfEveryKindAreAcceptedAndComeBack) {
    make_bucket("fwb");
    const auto md5 = upload<s3::PutObject>({.bucket = "fwb", .content_md5 = "XUFAKrxLKna5cZ2REBfFkg==", .key = "md5"}, "hello");
    EXPECT_TRUE(md5);
    const auto crc32 = upload<s3::PutObject>({.bucket = "fwb", .checksum_crc32 = "NhCmhg==", .key = "k"}, "hello");
    ASSERT_TRUE(crc32) << crc32.error().message;
    EXPECT_EQ(crc32->checksum_crc32, "NhCmhg==");
    EXPECT_EQ(crc32->checksum_crc64_nvme, std::nullopt);
    const auto sha1 = upload<s3::PutObject>({.bucket = "fwb", .checksum_sha1 = "qvTGHdzF6KLavt4PO0gs2a6pQ00=", .key = "k"}, "hello");
    ASSERT_TRUE(sha1) << sha1.error().message;
    const auto got = download<s3::GetObject>({.bucket = "fwb", .key = "k", .checksum_mode = "ENABLED"});
    EXPECT_EQ(got->head.checksum_sha1, "qvTGHdzF6KLavt4PO0gs2a6pQ00=");
    // A checksum that comes as a trailer is announced by its algorithm alone.
    EXPECT_EQ(upload<s3::PutObject>({.bucket = "fwb", .checksum_algorithm = "CRC32", .key = "t"}, "hello")->checksum_crc32, "NhCmhg==");
}

TEST_P(ObjectTest, WhatIsNotHereIsRefusedAloud) {
    make_bucket("fwb");
    const auto refused = [&](auto change) {
        s3::PutObjectRequest in{.bucket = "fwb", .key = "k"};
        change(in);
        const auto out = upload<s3::PutObject>(in, "x");
        return out ? std::string("accepted") : out.error().code;
    };
    EXPECT_EQ(refused([](auto& in) { in.sse_customer_algorithm = "AES256"; }), "NotImplemented");
    EXPECT_EQ(refused([](auto& in) { in.server_side_encryption = "aws:kms"; }), "NotImplemented");
    EXPECT_EQ(refused([](auto& in) { in.object_lock_mode = "COMPLIANCE"; }), "NotImplemented");
    EXPECT_EQ(refused([](auto& in) { in.website_redirect_location = "/x"; }), "NotImplemented");
    EXPECT_EQ(refused([](auto& in) { in.write_offset_bytes = 5; }), "NotImplemented");
    EXPECT_EQ(refused([](auto& in) { in.if_none_match = "\"etag\""; }), "NotImplemented");
    EXPECT_EQ(refused([](auto& in) { in.acl = "public-read"; }), "AccessControlListNotSupported");
    EXPECT_EQ(refused([](auto& in) { in.grant_read = "id=1"; }), "AccessControlListNotSupported");
    EXPECT_EQ(refused([](auto& in) { in.metadata = {{"a", std::string(2048, 'x')}}; }), "MetadataTooLarge");
    EXPECT_EQ(refused([](auto& in) { in.tagging = "aws:x=1"; }), "InvalidTag");
    EXPECT_EQ(refused([](auto& in) { in.tagging = "a=1&a=2"; }), "InvalidTag");
    EXPECT_EQ(refused([](auto& in) { in.tagging = "a&b&c&d&e&f&g&h&i&j&k"; }), "BadRequest");
    EXPECT_EQ(refused([](auto& in) { in.key = std::string(1025, 'x'); }), "KeyTooLongError");
    EXPECT_EQ(refused([](auto& in) { in.key = "a\xff"; }), "InvalidArgument");
    EXPECT_EQ(refused([](auto& in) { in.acl = "private"; }), "accepted");
    EXPECT_EQ(refused([](auto& in) { in.server_side_encryption = "AES256"; }), "accepted");
}

TEST_P(ObjectTest, ConditionalWritesKeepTwoWritersApart) {
    make_bucket("fwb");
    const auto write = [&](std::optional<std::string> if_match, std::optional<std::string> if_none_match) {
        return upload<s3::PutObject>(
            {.bucket = "fwb", .if_match = std::move(if_match), .if_none_match = std::move(if_none_match), .key = "k"}, "x");
    };
    EXPECT_REFUSED(write("\"e\"", {}), "NoSuchKey", 404);
    ASSERT_TRUE(write({}, "*"));
    EXPECT_REFUSED(write({}, "*"), "PreconditionFailed", 412);
    EXPECT_REFUSED(write("\"e\"", {}), "PreconditionFailed", 412);
    EXPECT_TRUE(write("\"9dd4e461268c8034f5c8564e155c67a6\"", {}));
    EXPECT_EQ(count_blobs(), 1U);
}

TEST_P(ObjectTest, TheConditionIsJudgedWhenTheObjectBecomesVisible) {
    make_bucket("fwb");
    const s3::PutObjectRequest in{.bucket = "fwb", .if_none_match = "*", .key = "k"};
    auto slow = operations_.find("s3", "PutObject")->upload(make_root("000000000000", "us-east-1"), &in);
    ASSERT_TRUE(slow);
    put("fwb", "k", "first");
    ASSERT_TRUE((*slow)->write(as_bytes("second")));
    EXPECT_REFUSED((*slow)->finish(), "PreconditionFailed", 412);
    EXPECT_EQ(get("fwb", "k"), "first");
    EXPECT_EQ(count_blobs(), 1U);
}

TEST_P(ObjectTest, AnUploadThatBreaksOffLeavesNothing) {
    make_bucket("fwb");
    const s3::PutObjectRequest in{.bucket = "fwb", .key = "k"};
    {
        auto begun = operations_.find("s3", "PutObject")->upload(make_root("000000000000", "us-east-1"), &in);
        ASSERT_TRUE((*begun)->write(as_bytes("half")));
    }
    EXPECT_EQ(get("fwb", "k"), "NoSuchKey");
    EXPECT_EQ(count_blobs(), 0U);
}

TEST_P(ObjectTest, ABucketThatGoesDuringTheUploadTakesTheBytesWithIt) {
    make_bucket("fwb");
    const s3::PutObjectRequest in{.bucket = "fwb", .key = "k"};
    auto begun = operations_.find("s3", "PutObject")->upload(make_root("000000000000", "us-east-1"), &in);
    ASSERT_TRUE((*begun)->write(as_bytes("bytes")));
    ASSERT_TRUE(call<s3::DeleteBucket>({.bucket = "fwb"}));
    EXPECT_REFUSED((*begun)->finish(), "NoSuchBucket", 404);
    EXPECT_EQ(count_blobs(), 0U);
}

TEST_P(ObjectTest, OverwritingWithoutVersionsFreesTheOldBytes) {
    make_bucket("fwb");
    put("fwb", "k", "one");
    put("fwb", "k", "two");
    EXPECT_EQ(get("fwb", "k"), "two");
    EXPECT_EQ(count_blobs(), 1U);
    EXPECT_EQ(remove("fwb", "k").delete_marker, std::nullopt);
    EXPECT_EQ(get("fwb", "k"), "NoSuchKey");
    EXPECT_EQ(count_blobs(), 0U);
    EXPECT_TRUE(call<s3::DeleteObject>({.bucket = "fwb", .key = "never-there"}));
}

TEST_P(ObjectTest, DeleteIsRefusedToOthersAndUnderAFalseCondition) {
    make_bucket("fwb");
    put("fwb", "k", "one");
    EXPECT_REFUSED(call<s3::DeleteObject>({.bucket = "fwb", .key = "k"}, make_nobody()), "AccessDenied", 403);
    EXPECT_REFUSED(call<s3::DeleteObject>({.bucket = "fwb", .key = "k", .if_match = "\"other\""}), "PreconditionFailed", 412);
    EXPECT_REFUSED(call<s3::DeleteObject>({.bucket = "fwb", .key = "none", .if_match = "\"other\""}), "NoSuchKey", 404);
    EXPECT_REFUSED(call<s3::DeleteObject>({.bucket = "fwb", .key = "k", .version_id = "malformed"}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::DeleteObject>({.bucket = "fwb", .key = "k", .mfa = "1 2"}), "NotImplemented", 501);
    EXPECT_EQ(get("fwb", "k"), "one");
}

TEST_P(ObjectTest, DeleteObjectsAnswersForEachKey) {
    make_bucket("fwb");
    put("fwb", "a", "1");
    put("fwb", "b", "2");
    s3::DeleteObjectsRequest in{.bucket = "fwb"};
    in.delete_.objects = {{.key = "a"}, {.key = "none"}, {.key = "b", .version_id = "bad"}};
    const auto out = call<s3::DeleteObjects>(in);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->deleted->size(), 2U);
    EXPECT_EQ(out->errors->at(0).code, "InvalidArgument");
    EXPECT_EQ(get("fwb", "a"), "NoSuchKey");
    EXPECT_EQ(get("fwb", "b"), "2");
    in.delete_ = {.objects = {{.key = "b"}}, .quiet = true};
    EXPECT_EQ(call<s3::DeleteObjects>(in)->deleted, std::nullopt);
    in.delete_.objects.clear();
    EXPECT_REFUSED(call<s3::DeleteObjects>(in), "MalformedXML", 400);
}

TEST_P(ObjectTest, TagsAreReadReplacedAndRemoved) {
    make_bucket("fwb");
    ASSERT_TRUE(upload<s3::PutObject>({.bucket = "fwb", .key = "k", .tagging = "stage=beta"}, "x"));
    EXPECT_EQ(call<s3::GetObjectTagging>({.bucket = "fwb", .key = "k"})->tag_set.at(0).value, "beta");
    ASSERT_TRUE(call<s3::PutObjectTagging>({.bucket = "fwb", .key = "k", .tagging = {.tag_set = {{"stage", "release"}, {"a", "b"}}}}));
    EXPECT_EQ(call<s3::GetObjectTagging>({.bucket = "fwb", .key = "k"})->tag_set.size(), 2U);
    ASSERT_TRUE(call<s3::DeleteObjectTagging>({.bucket = "fwb", .key = "k"}));
    EXPECT_TRUE(call<s3::GetObjectTagging>({.bucket = "fwb", .key = "k"})->tag_set.empty());
    EXPECT_REFUSED(call<s3::GetObjectTagging>({.bucket = "fwb", .key = "none"}), "NoSuchKey", 404);
    EXPECT_REFUSED(call<s3::PutObjectTagging>({.bucket = "fwb", .key = "k", .tagging = {.tag_set = {{"", "x"}}}}), "InvalidTag", 400);
}

INSTANTIATE_TEST_SUITE_P(Engines, ObjectTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

}  // namespace
}  // namespace otabahn::objects
