// SPDX-License-Identifier: Apache-2.0
// Buckets as the front door meets them (spec control-plane 2.1, 2.2), on both engines.
#include "objects/s3_fixture_test.hpp"

namespace otabahn::objects {
namespace {

class BucketTest : public S3Test {};

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

INSTANTIATE_TEST_SUITE_P(Engines, BucketTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

}  // namespace
}  // namespace otabahn::objects
