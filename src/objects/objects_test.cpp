// SPDX-License-Identifier: Apache-2.0
// Buckets, objects and their versions as the front door meets them (spec control-plane 2.1 to 2.5, 2.8), on both engines.
#include "objects/s3_fixture_test.hpp"

#include <map>

namespace otabahn::objects {
namespace {

class BucketTest : public S3Test {};
class ObjectTest : public S3Test {};
class VersionTest : public S3Test {};
class ServiceTest : public S3Test {};

TEST_P(BucketTest, ABucketLiesInTheRegionOfTheEndpointOrOfItsConstraint) {
    ASSERT_TRUE(call<s3::CreateBucket>({.bucket = "east"}));
    EXPECT_EQ(call<s3::HeadBucket>({.bucket = "east"})->bucket_region, "us-east-1");
    EXPECT_EQ(call<s3::GetBucketLocation>({.bucket = "east"})->location_constraint, std::nullopt);

    const auto ohio = make_root("000000000000", "us-east-2");
    const s3::CreateBucketRequest in{.bucket = "ohio",
                                     .create_bucket_configuration = s3::CreateBucketConfiguration{.location_constraint = "us-east-2"}};
    EXPECT_EQ(call<s3::CreateBucket>(in, ohio)->location, "/ohio");
    EXPECT_EQ(call<s3::GetBucketLocation>({.bucket = "ohio"})->location_constraint, "us-east-2");
    const s3::CreateBucketRequest old{.bucket = "old",
                                      .create_bucket_configuration = s3::CreateBucketConfiguration{.location_constraint = "EU"}};
    ASSERT_TRUE(call<s3::CreateBucket>(old));
    EXPECT_EQ(call<s3::GetBucketLocation>({.bucket = "old"})->location_constraint, "eu-west-1");
}

TEST_P(BucketTest, AConstraintThatDoesNotFitIsRefused) {
    const auto ohio = make_root("000000000000", "us-east-2");
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "abc"}, ohio), "IllegalLocationConstraintException", 400);
    const auto with = [](const std::string& region) {
        return s3::CreateBucketRequest{.bucket = "abc",
                                       .create_bucket_configuration = s3::CreateBucketConfiguration{.location_constraint = region}};
    };
    EXPECT_REFUSED(call<s3::CreateBucket>(with("eu-west-1"), ohio), "IllegalLocationConstraintException", 400);
    EXPECT_REFUSED(call<s3::CreateBucket>(with("us-east-1"), ohio), "InvalidLocationConstraint", 400);
    EXPECT_REFUSED(call<s3::CreateBucket>(with("No Region")), "InvalidLocationConstraint", 400);
}

TEST_P(BucketTest, RightsAndOwnershipThatAreNotHereAreRefusedAndNoBucketIsMade) {
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "mine", .grant_full_control = "id=1"}), "AccessControlListNotSupported", 400);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "mine", .grant_read = "id=1"}), "AccessControlListNotSupported", 400);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "mine", .grant_read_acp = "id=1"}), "AccessControlListNotSupported", 400);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "mine", .grant_write = "id=1"}), "AccessControlListNotSupported", 400);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "mine", .grant_write_acp = "id=1"}), "AccessControlListNotSupported", 400);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "mine", .object_ownership = "ObjectWriter"}), "NotImplemented", 501);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "mine", .bucket_namespace = "account-regional"}), "NotImplemented", 501);
    EXPECT_REFUSED(call<s3::HeadBucket>({.bucket = "mine"}), "NoSuchBucket", 404);
    EXPECT_TRUE(call<s3::CreateBucket>({.bucket = "mine", .object_ownership = "BucketOwnerEnforced", .bucket_namespace = "global"}));
}

TEST_P(BucketTest, NamesAreGlobal) {
    make_bucket("mine");
    EXPECT_TRUE(call<s3::CreateBucket>({.bucket = "mine"}));  // in us-east-1 once more is fine
    const s3::CreateBucketRequest again{.bucket = "mine",
                                        .create_bucket_configuration = s3::CreateBucketConfiguration{.location_constraint = "us-east-2"}};
    EXPECT_REFUSED(call<s3::CreateBucket>(again, make_root("000000000000", "us-east-2")), "BucketAlreadyOwnedByYou", 409);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "mine"}, make_root("111111111111", "us-east-1")), "BucketAlreadyExists", 409);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "Not_A_Name"}), "InvalidBucketName", 400);
}

TEST_P(BucketTest, WhatIsNotThereOrNotAllowedIsRefused) {
    EXPECT_REFUSED(call<s3::HeadBucket>({.bucket = "none"}), "NoSuchBucket", 404);
    EXPECT_REFUSED(call<s3::HeadBucket>({.bucket = "Not A Name\xff"}), "NoSuchBucket", 404);
    make_bucket("mine");
    EXPECT_REFUSED(call<s3::HeadBucket>({.bucket = "mine"}, make_root("111111111111", "us-east-1")), "AccessDenied", 403);
    EXPECT_REFUSED(call<s3::HeadBucket>({.bucket = "mine"}, make_nobody()), "AccessDenied", 403);
    EXPECT_REFUSED(call<s3::HeadBucket>({.bucket = "mine", .expected_bucket_owner = "111111111111"}), "AccessDenied", 403);
    EXPECT_REFUSED(call<s3::CreateBucket>({.bucket = "other"}, make_nobody()), "AccessDenied", 403);
    EXPECT_REFUSED(call<s3::ListBuckets>({}, make_nobody()), "AccessDenied", 403);
    EXPECT_REFUSED(call<s3::CreateBucket>({.acl = "public-read", .bucket = "other"}), "AccessControlListNotSupported", 400);
}

TEST_P(BucketTest, ListBucketsShowsOnlyTheAccountsOwnAndPages) {
    for (const auto* name : {"b-one", "a-one", "c-one", "a-two"}) make_bucket(name);
    ASSERT_TRUE(call<s3::CreateBucket>({.bucket = "a-foreign"}, make_root("111111111111", "us-east-1")));
    const auto all = call<s3::ListBuckets>({});
    std::vector<std::string> names;
    for (const auto& bucket : *all->buckets) names.push_back(*bucket.name);
    EXPECT_EQ(names, (std::vector<std::string>{"a-one", "a-two", "b-one", "c-one"}));
    EXPECT_EQ(all->owner->id->size(), 64U);

    const auto first = call<s3::ListBuckets>({.max_buckets = 1, .prefix = "a-"});
    ASSERT_TRUE(first->continuation_token);
    const auto second = call<s3::ListBuckets>({.max_buckets = 1, .continuation_token = first->continuation_token, .prefix = "a-"});
    EXPECT_EQ(*second->buckets->at(0).name, "a-two");
    EXPECT_FALSE(second->continuation_token);
    EXPECT_REFUSED(call<s3::ListBuckets>({.max_buckets = 0}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::ListBuckets>({.continuation_token = "Bad Token"}), "InvalidArgument", 400);
}

TEST_P(BucketTest, VersioningGoesOnAndIsSuspendedButNeverForgotten) {
    make_bucket("fwb");
    EXPECT_EQ(call<s3::GetBucketVersioning>({.bucket = "fwb"})->status, std::nullopt);
    set_versioning("fwb", "Enabled");
    EXPECT_EQ(call<s3::GetBucketVersioning>({.bucket = "fwb"})->status, "Enabled");
    set_versioning("fwb", "Suspended");
    EXPECT_EQ(call<s3::GetBucketVersioning>({.bucket = "fwb"})->status, "Suspended");
    EXPECT_REFUSED(call<s3::PutBucketVersioning>({.bucket = "fwb", .versioning_configuration = {}}),
                   "IllegalVersioningConfigurationException", 400);
    EXPECT_REFUSED(
        call<s3::PutBucketVersioning>({.bucket = "fwb", .versioning_configuration = {.mfa_delete = "Enabled", .status = "Enabled"}}),
        "NotImplemented", 501);
    EXPECT_REFUSED(call<s3::PutBucketVersioning>({.bucket = "none", .versioning_configuration = {.status = "Enabled"}}), "NoSuchBucket",
                   404);
}

TEST_P(BucketTest, OnlyAnEmptyOneIsDeleted) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    const auto version = put("fwb", "k", "bytes").version_id;
    const auto marker = remove("fwb", "k").version_id;
    EXPECT_REFUSED(call<s3::DeleteBucket>({.bucket = "fwb"}), "BucketNotEmpty", 409);
    remove("fwb", "k", version);
    EXPECT_REFUSED(call<s3::DeleteBucket>({.bucket = "fwb"}), "BucketNotEmpty", 409);
    remove("fwb", "k", marker);
    const auto open = call<s3::CreateMultipartUpload>({.bucket = "fwb", .key = "k"});
    ASSERT_TRUE(upload<s3::UploadPart>({.bucket = "fwb", .key = "k", .part_number = 1, .upload_id = *open->upload_id}, "part"));
    ASSERT_TRUE(call<s3::DeleteBucket>({.bucket = "fwb"}));  // unfinished uploads do not block
    EXPECT_EQ(count_blobs(), 0U);
    EXPECT_REFUSED(call<s3::DeleteBucket>({.bucket = "fwb"}), "NoSuchBucket", 404);
}

TEST_P(BucketTest, WhatIsNeverConfiguredSaysSoInS3sWords) {
    make_bucket("fwb");
    EXPECT_REFUSED(call<s3::GetBucketPolicy>({.bucket = "fwb"}), "NoSuchBucketPolicy", 404);
    EXPECT_REFUSED(call<s3::GetBucketTagging>({.bucket = "fwb"}), "NoSuchTagSet", 404);
    EXPECT_REFUSED(call<s3::GetPublicAccessBlock>({.bucket = "fwb"}), "NoSuchPublicAccessBlockConfiguration", 404);
    EXPECT_REFUSED(call<s3::GetBucketPolicy>({.bucket = "none"}), "NoSuchBucket", 404);
}

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

TEST_P(VersionTest, EveryPutIsAVersionOfItsOwn) {
    make_bucket("fwb");
    put("fwb", "k", "before");
    set_versioning("fwb", "Enabled");
    const auto one = *put("fwb", "k", "one").version_id, two = *put("fwb", "k", "two").version_id;
    EXPECT_NE(one, two);
    EXPECT_EQ(get("fwb", "k"), "two");
    EXPECT_EQ(get("fwb", "k", one), "one");
    EXPECT_EQ(get("fwb", "k", "null"), "before");
    EXPECT_EQ(download<s3::GetObject>({.bucket = "fwb", .key = "k"})->head.version_id, two);
}

TEST_P(VersionTest, ADeleteMarkerHidesTheKeyAndItsRemovalShowsItAgain) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    const auto one = *put("fwb", "k", "one").version_id;
    const auto deleted = remove("fwb", "k");
    EXPECT_EQ(deleted.delete_marker, true);
    const auto hidden = download<s3::GetObject>({.bucket = "fwb", .key = "k"});
    EXPECT_REFUSED(hidden, "NoSuchKey", 404);
    EXPECT_EQ(hidden.error().headers.at(0), (std::pair<std::string, std::string>("x-amz-delete-marker", "true")));
    EXPECT_EQ(hidden.error().headers.at(1).second, *deleted.version_id);
    EXPECT_EQ(get("fwb", "k", one), "one");
    const auto of_marker = download<s3::GetObject>({.bucket = "fwb", .key = "k", .version_id = deleted.version_id});
    EXPECT_REFUSED(of_marker, "MethodNotAllowed", 405);
    EXPECT_EQ(of_marker.error().headers.at(2), (std::pair<std::string, std::string>("Allow", "DELETE")));

    const auto undone = remove("fwb", "k", deleted.version_id);
    EXPECT_EQ(undone.delete_marker, true);
    EXPECT_EQ(get("fwb", "k"), "one");
    EXPECT_EQ(announced_.size(), 3U);
}

TEST_P(VersionTest, DeletingTheCurrentVersionBringsTheOneBeforeBack) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    put("fwb", "k", "one");
    const auto two = put("fwb", "k", "two").version_id;
    EXPECT_EQ(remove("fwb", "k", two).delete_marker, std::nullopt);
    EXPECT_EQ(get("fwb", "k"), "one");
    EXPECT_EQ(call<s3::ListObjectsV2>({.bucket = "fwb"})->key_count, 1);
    EXPECT_EQ(count_blobs(), 1U);
}

TEST_P(VersionTest, SuspendedKeepsOldVersionsAndOverwritesNull) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    const auto kept = *put("fwb", "k", "kept").version_id;
    set_versioning("fwb", "Suspended");
    put("fwb", "k", "null-1");
    put("fwb", "k", "null-2");
    EXPECT_EQ(get("fwb", "k"), "null-2");
    EXPECT_EQ(get("fwb", "k", kept), "kept");
    EXPECT_EQ(count_blobs(), 2U);
    EXPECT_EQ(download<s3::HeadObject>({.bucket = "fwb", .key = "k"})->head.version_id, "null");
    const auto deleted = remove("fwb", "k");
    EXPECT_EQ(deleted.version_id, "null");
    EXPECT_EQ(deleted.delete_marker, true);
    EXPECT_EQ(count_blobs(), 1U);
    EXPECT_EQ(get("fwb", "k"), "NoSuchKey");
    EXPECT_EQ(get("fwb", "k", kept), "kept");
}

TEST_P(VersionTest, UnknownAndMalformedIdsAreToldApart) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    put("fwb", "k", "one");
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "k", .version_id = std::string(32, '0')}), "NoSuchVersion", 404);
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "k", .version_id = "null"}), "NoSuchVersion", 404);
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "k", .version_id = "xyz"}), "InvalidArgument", 400);
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "k", .version_id = ""}), "InvalidArgument", 400);
    EXPECT_TRUE(call<s3::DeleteObject>({.bucket = "fwb", .key = "k", .version_id = std::string(32, '0')}));
}

TEST_P(ServiceTest, OtherCapabilitiesFindOpenAndPut) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    const auto version = put("fwb", "k", "firmware").version_id;
    EXPECT_EQ((*s3_.find_bucket("fwb"))->versioning, Bucket::Versioning::enabled);
    EXPECT_EQ((*s3_.find_bucket("fwb"))->owner.text(), "000000000000");
    EXPECT_FALSE(s3_.find_bucket("none")->has_value());
    const auto found = *s3_.find_object("fwb", "k", version);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->size, 8U);
    const auto reader = s3_.open(*found);
    std::vector<std::uint8_t> out(4);
    ASSERT_TRUE((*reader)->read_at(2, out));
    EXPECT_EQ(as_text(out), "rmwa");
    EXPECT_FALSE(s3_.find_object("fwb", "none", {})->has_value());
    EXPECT_FALSE(s3_.find_object("fwb", "k", "bad-id")->has_value());
    remove("fwb", "k");
    EXPECT_FALSE(s3_.find_object("fwb", "k", {})->has_value());

    const auto made = s3_.put("fwb", "signed/1", "application/json", "{}");
    ASSERT_TRUE(made);
    EXPECT_EQ(get("fwb", "signed/1"), "{}");
    EXPECT_EQ(download<s3::GetObject>({.bucket = "fwb", .key = "signed/1"})->head.content_type, "application/json");
    EXPECT_EQ(s3_.put("none", "k", "x", "y").error().code, ErrorCode::not_found);
    EXPECT_EQ(s3_.put("fwb", std::string(1025, 'k'), "x", "y").error().code, ErrorCode::invalid_request);
}

TEST_P(ServiceTest, RightsAreAskedForBeforeAnythingIsRead) {
    make_bucket("fwb");
    const auto root = make_root("000000000000", "us-east-1");
    EXPECT_TRUE(s3_.may_read(root, "fwb", "k", true));
    EXPECT_TRUE(s3_.may_write(root, "fwb", "k"));
    EXPECT_EQ(s3_.may_read(make_nobody(), "fwb", "k", false).error().code, ErrorCode::access_denied);
    EXPECT_EQ(s3_.may_write(make_nobody(), "fwb", "k").error().code, ErrorCode::access_denied);
    EXPECT_EQ(s3_.may_read(root, "none", "k", false).error().code, ErrorCode::not_found);
}

TEST_P(ServiceTest, AReaderOutlivesTheDeletionOfItsObject) {
    make_bucket("fwb");
    put("fwb", "k", "firmware");
    const auto reader = *s3_.open(**s3_.find_object("fwb", "k", {}));
    remove("fwb", "k");
    std::vector<std::uint8_t> out(8);
    ASSERT_TRUE(reader->read_at(0, out));
    EXPECT_EQ(as_text(out), "firmware");
}

TEST_P(ServiceTest, TheSweepRemovesOldBlobsThatNobodyNamesAndNoOthers) {
    clock_.set(std::chrono::floor<Duration>(std::chrono::system_clock::now()));
    make_bucket("fwb");
    put("fwb", "k", "kept");
    const auto open = call<s3::CreateMultipartUpload>({.bucket = "fwb", .key = "parts"});
    ASSERT_TRUE(upload<s3::UploadPart>({.bucket = "fwb", .key = "parts", .part_number = 1, .upload_id = *open->upload_id}, "kept"));
    auto orphan = std::move(blobs_->create()).value();
    ASSERT_TRUE(orphan->append(as_bytes("lost")));
    ASSERT_TRUE(orphan->commit());
    EXPECT_EQ(*s3_.sweep_orphans(), 0U);  // too young: it may be on its way
    clock_.advance(std::chrono::hours(2));
    EXPECT_EQ(*s3_.sweep_orphans(), 1U);
    EXPECT_EQ(count_blobs(), 2U);
    EXPECT_EQ(get("fwb", "k"), "kept");
}

INSTANTIATE_TEST_SUITE_P(Engines, BucketTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, ObjectTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, VersionTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, ServiceTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

}  // namespace
}  // namespace otabahn::objects
