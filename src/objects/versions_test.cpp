// SPDX-License-Identifier: Apache-2.0
// Versions and delete markers, and what other capabilities and the sweep find of them, on both engines.
#include "objects/s3_fixture_test.hpp"

namespace otabahn::objects {
namespace {

class VersionTest : public S3Test {};
class ServiceTest : public S3Test {};

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
    clock_.pass(std::chrono::hours(2));
    EXPECT_EQ(*s3_.sweep_orphans(), 1U);
    EXPECT_EQ(count_blobs(), 2U);
    EXPECT_EQ(get("fwb", "k"), "kept");
}

INSTANTIATE_TEST_SUITE_P(Engines, VersionTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, ServiceTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

}  // namespace
}  // namespace otabahn::objects
