// SPDX-License-Identifier: Apache-2.0
// Uploads in parts and copies (spec control-plane 2.7 to 2.9), on both engines.
#include "objects/parts_reader.hpp"
#include "objects/s3_fixture_test.hpp"
#include "objects/uploads.hpp"

namespace otabahn::objects {
namespace {

class MultipartTest : public S3Test {
  protected:
    std::string begin(const std::string& key = "k", std::optional<std::string> algorithm = {}, std::optional<std::string> type = {}) {
        auto out = call<s3::CreateMultipartUpload>({.bucket = "fwb",
                                                    .content_type = "text/x",
                                                    .key = key,
                                                    .checksum_algorithm = std::move(algorithm),
                                                    .checksum_type = std::move(type)});
        if (!out) throw std::runtime_error(out.error().message);
        return *out->upload_id;
    }
    Outcome<s3::UploadPartOutput> send(const std::string& id, std::int32_t number, std::string_view body, const std::string& key = "k") {
        return upload<s3::UploadPart>({.bucket = "fwb", .key = key, .part_number = number, .upload_id = id}, body);
    }
    static s3::CompleteMultipartUploadRequest completion(const std::string& id, std::vector<std::pair<std::int32_t, std::string>> parts,
                                                         const std::string& key = "k") {
        s3::CompleteMultipartUploadRequest in{.bucket = "fwb", .key = key, .upload_id = id};
        in.multipart_upload.emplace();
        in.multipart_upload->parts.emplace();
        for (auto& [number, etag] : parts) {
            s3::CompletedPart part;
            part.part_number = number;
            part.etag = etag;
            in.multipart_upload->parts->push_back(part);
        }
        return in;
    }
    const std::string large_ = std::string(min_part_bytes, 'a');
};
class CopyTest : public MultipartTest {};

TEST_P(MultipartTest, ThePartsBecomeOneObjectInTheirOrder) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    const auto id = begin();
    const auto two = send(id, 7, "tail"), one = send(id, 2, large_);
    ASSERT_TRUE(one && two);
    EXPECT_TRUE(one->checksum_crc64_nvme);
    EXPECT_EQ(get("fwb", "k"), "NoSuchKey");
    const auto blobs = count_blobs();
    const auto done = call<s3::CompleteMultipartUpload>(completion(id, {{2, *one->etag}, {7, *two->etag}}));
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(count_blobs(), blobs);  // nothing was copied
    EXPECT_TRUE(done->etag->ends_with("-2\""));
    EXPECT_TRUE(done->version_id);
    EXPECT_EQ(done->checksum_type, "FULL_OBJECT");

    const auto got = download<s3::GetObject>({.bucket = "fwb", .key = "k", .checksum_mode = "ENABLED"});
    EXPECT_TRUE(got->body == large_ + "tail");
    EXPECT_EQ(got->head.content_type, "text/x");
    EXPECT_EQ(got->head.etag, done->etag);
    sigv4::Checksum whole(ChecksumKind::crc64nvme);
    whole.update(as_bytes(large_ + "tail"));
    EXPECT_EQ(got->head.checksum_crc64_nvme, whole.finish_base64());

    const auto across = std::to_string(large_.size() - 2);
    EXPECT_EQ(
        download<s3::GetObject>({.bucket = "fwb", .key = "k", .range = "bytes=" + across + "-" + std::to_string(large_.size() + 1)})->body,
        "aata");
    const auto part = download<s3::GetObject>({.bucket = "fwb", .key = "k", .part_number = 2});
    EXPECT_EQ(part->status, 206);
    EXPECT_EQ(part->body, "tail");
    EXPECT_EQ(part->head.parts_count, 2);
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "k", .part_number = 3}), "InvalidPartNumber", 416);
    EXPECT_REFUSED(download<s3::GetObject>({.bucket = "fwb", .key = "k", .range = "bytes=0-1", .part_number = 1}), "InvalidRequest", 400);
    remove("fwb", "k", done->version_id);
    EXPECT_EQ(count_blobs(), 0U);
}

TEST_P(MultipartTest, ACompletionThatIsRepeatedGivesTheSameAnswer) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    const auto id = begin();
    const auto part = send(id, 1, "x");
    const auto request = completion(id, {{1, *part->etag}});
    const auto first = call<s3::CompleteMultipartUpload>(request), again = call<s3::CompleteMultipartUpload>(request);
    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->version_id, again->version_id);
    EXPECT_EQ(first->etag, again->etag);
    EXPECT_REFUSED(send(id, 2, "late"), "NoSuchUpload", 404);
    EXPECT_REFUSED(call<s3::AbortMultipartUpload>({.bucket = "fwb", .key = "k", .upload_id = id}), "NoSuchUpload", 404);
    EXPECT_REFUSED(call<s3::ListParts>({.bucket = "fwb", .key = "k", .upload_id = id}), "NoSuchUpload", 404);
    remove("fwb", "k", first->version_id);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(request), "NoSuchUpload", 404);
}

TEST_P(MultipartTest, WrongListsAreRefusedAndTheUploadStaysOpen) {
    make_bucket("fwb");
    const auto id = begin();
    const auto one = *send(id, 1, "small")->etag, two = *send(id, 2, "tail")->etag;
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion(id, {})), "MalformedXML", 400);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion(id, {{2, two}, {1, one}})), "InvalidPartOrder", 400);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion(id, {{1, one}, {1, one}})), "InvalidPartOrder", 400);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion(id, {{1, one}, {3, two}})), "InvalidPart", 400);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion(id, {{1, two}})), "InvalidPart", 400);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion(id, {{0, one}})), "InvalidArgument", 400);
    const auto small = call<s3::CompleteMultipartUpload>(completion(id, {{1, one}, {2, two}}));
    EXPECT_REFUSED(small, "EntityTooSmall", 400);
    EXPECT_EQ(small.error().fields.at(0), (std::pair<std::string, std::string>("ProposedSize", "5")));
    auto wrong_size = completion(id, {{1, one}});
    wrong_size.mpu_object_size = 6;
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(wrong_size), "InvalidRequest", 400);
    auto wrong_sum = completion(id, {{1, one}});
    wrong_sum.checksum_crc64_nvme = "AAAAAAAAAAA=";
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(wrong_sum), "BadDigest", 400);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion("none", {{1, one}})), "NoSuchUpload", 404);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion(id, {{1, one}}, "other-key")), "NoSuchUpload", 404);
    EXPECT_EQ(get("fwb", "k"), "NoSuchKey");
    EXPECT_TRUE(call<s3::CompleteMultipartUpload>(completion(id, {{1, one}})));
    EXPECT_EQ(get("fwb", "k"), "small");
    EXPECT_EQ(count_blobs(), 1U);  // the part that was left out is gone
}

TEST_P(MultipartTest, AConditionThatFailsLeavesTheUploadOpen) {
    make_bucket("fwb");
    put("fwb", "k", "there");
    const auto id = begin();
    auto request = completion(id, {{1, *send(id, 1, "x")->etag}});
    request.if_none_match = "*";
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(request), "PreconditionFailed", 412);
    EXPECT_EQ(get("fwb", "k"), "there");
    request.if_none_match.reset();
    EXPECT_TRUE(call<s3::CompleteMultipartUpload>(request));
}

TEST_P(MultipartTest, APartUploadedAgainReplacesTheFirst) {
    make_bucket("fwb");
    const auto id = begin();
    const auto first = *send(id, 1, "first")->etag, second = *send(id, 1, "second")->etag;
    EXPECT_EQ(count_blobs(), 1U);
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(completion(id, {{1, first}})), "InvalidPart", 400);
    EXPECT_TRUE(call<s3::CompleteMultipartUpload>(completion(id, {{1, second.substr(1, second.size() - 2)}})));  // without quotes
    EXPECT_EQ(get("fwb", "k"), "second");
}

TEST_P(MultipartTest, AbortRemovesEveryPart) {
    make_bucket("fwb");
    const auto id = begin();
    ASSERT_TRUE(send(id, 1, "x") && send(id, 2, "y"));
    EXPECT_TRUE(call<s3::AbortMultipartUpload>({.bucket = "fwb", .key = "k", .upload_id = id}));
    EXPECT_EQ(count_blobs(), 0U);
    EXPECT_REFUSED(send(id, 1, "late"), "NoSuchUpload", 404);
    EXPECT_REFUSED(call<s3::AbortMultipartUpload>({.bucket = "fwb", .key = "k", .upload_id = id}), "NoSuchUpload", 404);
}

TEST_P(MultipartTest, AnAbortDuringAPartRefusesThePartAndItsBytesGo) {
    make_bucket("fwb");
    const auto id = begin();
    const s3::UploadPartRequest in{.bucket = "fwb", .key = "k", .part_number = 1, .upload_id = id};
    auto slow = operations_.find("s3", "UploadPart")->upload(make_root("000000000000", "us-east-1"), &in);
    ASSERT_TRUE((*slow)->write(as_bytes("bytes")));
    ASSERT_TRUE(call<s3::AbortMultipartUpload>({.bucket = "fwb", .key = "k", .upload_id = id}));
    EXPECT_REFUSED((*slow)->finish(), "NoSuchUpload", 404);
    EXPECT_EQ(count_blobs(), 0U);
}

TEST_P(MultipartTest, PartsThatBreakARuleAreRefused) {
    make_bucket("fwb");
    const auto id = begin("k", "CRC32");
    EXPECT_REFUSED(send(id, 0, "x"), "InvalidArgument", 400);
    EXPECT_REFUSED(send(id, 10001, "x"), "InvalidArgument", 400);
    EXPECT_REFUSED(send("none", 1, "x"), "NoSuchUpload", 404);
    EXPECT_REFUSED(send(id, 1, "x", "other"), "NoSuchUpload", 404);
    EXPECT_REFUSED(
        upload<s3::UploadPart>(
            {.bucket = "fwb", .checksum_sha1 = "qvTGHdzF6KLavt4PO0gs2a6pQ00=", .key = "k", .part_number = 1, .upload_id = id}, "hello"),
        "InvalidRequest", 400);
    EXPECT_REFUSED(
        upload<s3::UploadPart>({.bucket = "fwb", .checksum_crc32 = "AAAAAA==", .key = "k", .part_number = 1, .upload_id = id}, "hello"),
        "BadDigest", 400);
    EXPECT_REFUSED(upload<s3::UploadPart>({.bucket = "fwb", .key = "k", .part_number = 1, .upload_id = id}, "x", make_nobody()),
                   "AccessDenied", 403);
    EXPECT_EQ(count_blobs(), 0U);
}

TEST_P(MultipartTest, ACompositeChecksumIsMadeFromThePartsAndEchoedForEach) {
    make_bucket("fwb");
    const auto id = begin("k", "CRC32");
    const auto part =
        upload<s3::UploadPart>({.bucket = "fwb", .checksum_crc32 = "NhCmhg==", .key = "k", .part_number = 1, .upload_id = id}, "hello");
    ASSERT_TRUE(part) << part.error().message;
    EXPECT_EQ(part->checksum_crc32, "NhCmhg==");
    auto request = completion(id, {{1, *part->etag}});
    request.multipart_upload->parts->at(0).checksum_crc32 = "AAAAAA==";
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(request), "InvalidPart", 400);
    request.multipart_upload->parts->at(0).checksum_crc32.reset();  // left out is fine: the stored one is used
    request.checksum_type = "FULL_OBJECT";
    EXPECT_REFUSED(call<s3::CompleteMultipartUpload>(request), "InvalidRequest", 400);
    request.checksum_type = "COMPOSITE";
    const auto done = call<s3::CompleteMultipartUpload>(request);
    EXPECT_EQ(done->checksum_type, "COMPOSITE");
    EXPECT_TRUE(done->checksum_crc32->ends_with("-1"));
}

TEST_P(MultipartTest, ChecksumTypesThatDoNotExistAreRefused) {
    make_bucket("fwb");
    const auto refused = [&](std::optional<std::string> algorithm, std::optional<std::string> type) {
        return call<s3::CreateMultipartUpload>(
            {.bucket = "fwb", .key = "k", .checksum_algorithm = std::move(algorithm), .checksum_type = std::move(type)});
    };
    EXPECT_REFUSED(refused("XXHASH3", {}), "InvalidRequest", 400);
    EXPECT_REFUSED(refused("SHA256", "FULL_OBJECT"), "InvalidRequest", 400);
    EXPECT_REFUSED(refused("CRC64NVME", "COMPOSITE"), "InvalidRequest", 400);
    EXPECT_REFUSED(refused({}, "FULL_OBJECT"), "InvalidRequest", 400);
    EXPECT_EQ(refused("CRC32C", "FULL_OBJECT")->checksum_type, "FULL_OBJECT");
    EXPECT_EQ(refused("SHA256", {})->checksum_type, "COMPOSITE");
}

TEST_P(MultipartTest, PartsAndUploadsAreListedInPages) {
    make_bucket("fwb");
    const auto id = begin();
    for (std::int32_t number : {5, 1, 3}) ASSERT_TRUE(send(id, number, std::to_string(number)));
    const auto page = call<s3::ListParts>({.bucket = "fwb", .key = "k", .max_parts = 2, .upload_id = id});
    EXPECT_EQ(page->is_truncated, true);
    EXPECT_EQ(page->parts->at(1).part_number, 3);
    EXPECT_EQ(page->next_part_number_marker, 3);
    const auto rest = call<s3::ListParts>({.bucket = "fwb", .key = "k", .part_number_marker = 3, .upload_id = id});
    EXPECT_EQ(rest->parts->at(0).part_number, 5);
    EXPECT_EQ(rest->is_truncated, false);
    EXPECT_REFUSED(call<s3::ListParts>({.bucket = "fwb", .key = "k", .upload_id = "none"}), "NoSuchUpload", 404);
    EXPECT_REFUSED(call<s3::ListParts>({.bucket = "fwb", .key = "k", .max_parts = -1, .upload_id = id}), "InvalidArgument", 400);

    const auto other = begin("a/x");
    const auto first = call<s3::ListMultipartUploads>({.bucket = "fwb", .max_uploads = 1});
    EXPECT_EQ(first->uploads->at(0).upload_id, other);
    const auto second = call<s3::ListMultipartUploads>(
        {.bucket = "fwb", .key_marker = first->next_key_marker, .upload_id_marker = first->next_upload_id_marker});
    EXPECT_EQ(second->uploads->at(0).upload_id, id);
    EXPECT_EQ(call<s3::ListMultipartUploads>({.bucket = "fwb", .prefix = "a/"})->uploads->size(), 1U);
    EXPECT_REFUSED(call<s3::ListMultipartUploads>({.bucket = "fwb", .delimiter = "/"}), "NotImplemented", 501);
}

TEST_P(MultipartTest, AnObjectOfMorePartsThanAreHeldOpenReadsTheSame) {
    std::vector<PartBlob> parts;
    std::string whole;
    for (std::size_t i = 0; i < parts_opened_at_once * 2; ++i) {
        const auto text = std::string(i % 5, static_cast<char>('a' + i % 26));  // empty ones among them
        auto writer = std::move(blobs_->create()).value();
        ASSERT_TRUE(writer->append(as_bytes(text)));
        parts.push_back({*writer->commit(), text.size()});
        whole += text;
    }
    const auto reader = *open_parts(*blobs_, parts);
    EXPECT_EQ(reader->size(), whole.size());
    for (std::size_t offset = 0; offset <= whole.size(); ++offset)
        for (const std::size_t size : {std::size_t{1}, std::size_t{7}, whole.size() + 5}) {
            std::vector<std::uint8_t> out(size);
            const auto got = reader->read_at(offset, out);
            ASSERT_TRUE(got);
            ASSERT_EQ(as_text(ByteView(out).first(*got)), std::string_view(whole).substr(offset, size));
        }
}

TEST_P(CopyTest, ACopyHasItsOwnBytesAndTheSourcesHeaders) {
    make_bucket("fwb");
    ASSERT_TRUE(upload<s3::PutObject>({.bucket = "fwb",
                                       .content_type = "text/x",
                                       .key = "a b",
                                       .metadata = std::map<std::string, std::string>{{"m", "1"}},
                                       .tagging = "t=1"},
                                      "hello"));
    const auto done = call<s3::CopyObject>({.bucket = "fwb", .copy_source = "/fwb/a%20b", .key = "copy"});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->copy_object_result->etag, "\"5d41402abc4b2a76b9719d911017c592\"");
    remove("fwb", "a b");
    const auto got = download<s3::GetObject>({.bucket = "fwb", .key = "copy"});
    EXPECT_EQ(got->body, "hello");
    EXPECT_EQ(got->head.content_type, "text/x");
    EXPECT_EQ(got->head.metadata->at("m"), "1");
    EXPECT_EQ(got->head.tag_count, 1);
}

TEST_P(CopyTest, OntoItselfNeedsAChangeOrAnOlderVersion) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    const auto old = *put("fwb", "k", "old").version_id;
    put("fwb", "k", "new");
    EXPECT_REFUSED(call<s3::CopyObject>({.bucket = "fwb", .copy_source = "fwb/k", .key = "k"}), "InvalidRequest", 400);
    EXPECT_TRUE(call<s3::CopyObject>(
        {.bucket = "fwb", .content_type = "text/y", .copy_source = "fwb/k", .key = "k", .metadata_directive = "REPLACE"}));
    EXPECT_EQ(download<s3::HeadObject>({.bucket = "fwb", .key = "k"})->head.content_type, "text/y");
    const auto restored = call<s3::CopyObject>({.bucket = "fwb", .copy_source = "fwb/k?versionId=" + old, .key = "k"});
    ASSERT_TRUE(restored);
    EXPECT_EQ(restored->copy_source_version_id, old);
    EXPECT_EQ(get("fwb", "k"), "old");
}

TEST_P(CopyTest, SourcesThatCannotBeReadAreRefused) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    const auto etag = *put("fwb", "k", "x").etag;
    put("fwb", "gone", "x");
    const auto marker = *remove("fwb", "gone").version_id;
    const auto copy = [&](const std::string& source) {
        return call<s3::CopyObject>({.bucket = "fwb", .copy_source = source, .key = "to"});
    };
    EXPECT_REFUSED(copy("k"), "InvalidArgument", 400);
    EXPECT_REFUSED(copy("fwb/none"), "NoSuchKey", 404);
    EXPECT_REFUSED(copy("none/k"), "NoSuchBucket", 404);
    EXPECT_REFUSED(copy("fwb/gone"), "NoSuchKey", 404);
    EXPECT_REFUSED(copy("fwb/gone?versionId=" + marker), "InvalidRequest", 400);
    EXPECT_REFUSED(copy("fwb/k?versionId=bad"), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::CopyObject>({.bucket = "fwb", .copy_source = "fwb/k", .copy_source_if_match = "\"x\"", .key = "to"}),
                   "PreconditionFailed", 412);
    EXPECT_REFUSED(call<s3::CopyObject>({.bucket = "fwb", .copy_source = "fwb/k", .copy_source_if_none_match = etag, .key = "to"}),
                   "PreconditionFailed", 412);
    EXPECT_REFUSED(call<s3::CopyObject>({.bucket = "fwb", .copy_source = "fwb/k", .key = "to"}, make_nobody()), "AccessDenied", 403);
    EXPECT_EQ(get("fwb", "to"), "NoSuchKey");
}

TEST_P(CopyTest, APartCanBeARangeOfAnotherObject) {
    make_bucket("fwb");
    put("fwb", "source", "0123456789");
    const auto id = begin();
    const auto copied = call<s3::UploadPartCopy>(
        {.bucket = "fwb", .copy_source = "fwb/source", .copy_source_range = "bytes=2-5", .key = "k", .part_number = 1, .upload_id = id});
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_REFUSED(call<s3::UploadPartCopy>({.bucket = "fwb",
                                             .copy_source = "fwb/source",
                                             .copy_source_range = "bytes=2-10",
                                             .key = "k",
                                             .part_number = 2,
                                             .upload_id = id}),
                   "InvalidArgument", 400);
    EXPECT_REFUSED(
        call<s3::UploadPartCopy>({.bucket = "fwb", .copy_source = "fwb/source", .key = "k", .part_number = 2, .upload_id = "none"}),
        "NoSuchUpload", 404);
    ASSERT_TRUE(call<s3::CompleteMultipartUpload>(completion(id, {{1, *copied->copy_part_result->etag}})));
    EXPECT_EQ(get("fwb", "k"), "2345");
}

INSTANTIATE_TEST_SUITE_P(Engines, MultipartTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);
INSTANTIATE_TEST_SUITE_P(Engines, CopyTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

}  // namespace
}  // namespace otabahn::objects
