// SPDX-License-Identifier: Apache-2.0
// PutObject, DeleteObject and DeleteObjects, and the tags of an object.
#include "api/s3.hpp"
#include "encoding/base64_string.hpp"
#include "objects/object_request.hpp"
#include "objects/objects.hpp"
#include "objects/sql.hpp"

namespace otabahn::objects {

namespace s3 = api::s3;
using awsapi::Caller;

namespace {

class PutUpload final : public awsapi::Upload<s3::PutObjectOutput> {
  public:
    using Publish = std::function<Outcome<StoredVersion>(StoredVersion)>;
    PutUpload(std::unique_ptr<IncomingBody> body, StoredVersion version, Publish publish)
        : body_(std::move(body)), version_(std::move(version)), publish_(std::move(publish)) {}

    Outcome<void> write(ByteView bytes) override { return body_->append(bytes); }

    Outcome<s3::PutObjectOutput> finish() override {
        auto blob = body_->commit();
        if (!blob) return Unexpected(std::move(blob).error());
        const auto& digest = body_->digest();
        version_.size = digest.size();
        version_.etag = encoding::to_hex(as_bytes(digest.md5()));
        version_.content = std::string(blob_content) + *blob;
        version_.checksums = digest.checksums();
        version_.checksum_scope = to_string(ChecksumScope::full_object);
        const auto put = publish_(std::move(version_));
        if (!put) return Unexpected(put.error());
        s3::PutObjectOutput out;
        out.etag = quote_etag(put->etag);
        if (put->versioned && put->version_id != null_version) out.version_id = put->version_id;
        write_checksums(out, put->checksums);
        out.checksum_type = put->checksum_scope;
        out.server_side_encryption = find_field(put->headers, "encryption");
        return out;
    }

  private:
    std::unique_ptr<IncomingBody> body_;
    StoredVersion version_;
    Publish publish_;
};

Outcome<s3::DeleteObjectOutput> to_output(const Outcome<Deletion>& done) {
    if (!done) return Unexpected(done.error());
    s3::DeleteObjectOutput out;
    if (done->marker) out.delete_marker = true;
    out.version_id = done->version_id;
    return out;
}

}  // namespace

void Objects::bind_writes(awsapi::Operations& operations) {
    operations.bind_upload<s3::PutObject>(
        [this](const Caller& caller, const s3::PutObjectRequest& in) -> Outcome<std::unique_ptr<awsapi::Upload<s3::PutObjectOutput>>> {
            if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
            if (auto fine = refuse_what_is_not_here(in); !fine) return Unexpected(fine.error());
            if (in.write_offset_bytes) return Unexpected(not_implemented("x-amz-write-offset-bytes"));
            const auto bucket = admit(caller, in.bucket, "s3:PutObject", object_arn(in.bucket, in.key), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());

            const WriteConditions conditions{in.if_match, in.if_none_match};
            if (auto fine = judge_write_conditions(conditions); !fine) return Unexpected(fine.error());
            if (conditions.if_none_match) {
                // Judged again when the object becomes visible; here it spares the transfer.
                const auto current =
                    store_.read([&](runtime::SqlSession& session) { return find_version_row(session, in.bucket, in.key, {}); });
                if (current && !current->is_marker) return Unexpected(precondition_failed("If-None-Match"));
            }
            StoredVersion version;
            version.bucket = in.bucket;
            version.key = in.key;
            version.headers = read_headers(in);
            auto metadata = judge_metadata(in.metadata.value_or(std::map<std::string, std::string>{}));
            if (!metadata) return Unexpected(metadata.error());
            version.metadata = std::move(metadata).value();
            auto tags = parse_tagging(in.tagging.value_or(""));
            if (!tags) return Unexpected(tags.error());
            version.tags = std::move(tags).value();

            Promise promise;
            promise.content_md5 = in.content_md5;
            auto checksum = read_checksum(in);
            if (!checksum) return Unexpected(checksum.error());
            promise.checksum = std::move(checksum).value();
            if (!promise.checksum) {
                // A trailer will carry it (the decoder of chunks judges it); without any, S3 takes CRC64NVME of its own accord.
                const auto kind = parse_checksum_kind(in.checksum_algorithm.value_or("CRC64NVME"));
                if (!kind) return Unexpected(unsupported_checksum(*in.checksum_algorithm));
                promise.wanted = {*kind};
            }
            auto body = IncomingBody::begin(blobs_, std::move(promise));
            if (!body) return Unexpected(body.error());
            return std::unique_ptr<awsapi::Upload<s3::PutObjectOutput>>(std::make_unique<PutUpload>(
                std::move(body).value(), std::move(version),
                [this, scope = caller.scope, conditions](StoredVersion stored) { return publish(scope, std::move(stored), conditions); }));
        });

    operations.bind<s3::DeleteObject>([this](const Caller& caller, const s3::DeleteObjectRequest& in) -> Outcome<s3::DeleteObjectOutput> {
        if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
        if (in.mfa) return Unexpected(not_implemented("x-amz-mfa"));
        if (in.if_match_last_modified_time || in.if_match_size) return Unexpected(not_implemented("conditions of directory buckets"));
        const auto action = in.version_id ? "s3:DeleteObjectVersion" : "s3:DeleteObject";
        const auto bucket = admit(caller, in.bucket, action, object_arn(in.bucket, in.key), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        if (in.version_id && !is_version_id(*in.version_id))
            return Unexpected(invalid_argument("Invalid version id specified", "versionId", *in.version_id));
        return to_output(erase(caller.scope, in.bucket, in.key, in.version_id, in.if_match));
    });

    operations.bind<s3::DeleteObjects>(
        [this](const Caller& caller, const s3::DeleteObjectsRequest& in) -> Outcome<s3::DeleteObjectsOutput> {
            if (in.mfa) return Unexpected(not_implemented("x-amz-mfa"));
            if (in.delete_.objects.empty() || in.delete_.objects.size() > 1000)
                return Unexpected(
                    malformed_xml("Delete takes 1 to 1000 objects, " + std::to_string(in.delete_.objects.size()) + " were given."));
            s3::DeleteObjectsOutput out;
            for (const auto& object : in.delete_.objects) {
                const auto one = [&]() -> Outcome<Deletion> {
                    if (auto fine = judge_key(object.key); !fine) return Unexpected(fine.error());
                    if (object.last_modified_time || object.size) return Unexpected(not_implemented("conditions of directory buckets"));
                    const auto action = object.version_id ? "s3:DeleteObjectVersion" : "s3:DeleteObject";
                    const auto bucket = admit(caller, in.bucket, action, object_arn(in.bucket, object.key), in.expected_bucket_owner);
                    if (!bucket) return Unexpected(bucket.error());
                    if (object.version_id && !is_version_id(*object.version_id))
                        return Unexpected(invalid_argument("Invalid version id specified", "versionId", *object.version_id));
                    return erase(caller.scope, in.bucket, object.key, object.version_id, object.etag);
                }();
                if (!one) {
                    if (one.error().code == "NoSuchBucket") return Unexpected(one.error());
                    if (!out.errors) out.errors.emplace();
                    s3::Error error;
                    error.key = object.key;
                    error.version_id = object.version_id;
                    error.code = one.error().code;
                    error.message = one.error().message;
                    out.errors->push_back(std::move(error));
                    continue;
                }
                if (in.delete_.quiet.value_or(false)) continue;
                if (!out.deleted) out.deleted.emplace();
                s3::DeletedObject deleted;
                deleted.key = object.key;
                deleted.version_id = object.version_id;
                if (one->marker) {
                    deleted.delete_marker = true;
                    deleted.delete_marker_version_id = one->version_id;
                }
                out.deleted->push_back(std::move(deleted));
            }
            return out;
        });

    const auto set_tags = [this](const Caller& caller, const std::string& bucket_name, const std::string& key,
                                 const std::optional<std::string>& version_id, const std::optional<std::string>& owner,
                                 std::string_view action, const Fields& tags) -> Outcome<std::optional<std::string>> {
        const auto bucket = admit(caller, bucket_name, action, object_arn(bucket_name, key), owner);
        if (!bucket) return Unexpected(bucket.error());
        const auto version = load_version(caller, bucket_name, key, version_id);
        if (!version) return Unexpected(version.error());
        const auto done = store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
            if (session.execute(
                    sql::set_tags,
                    {{"bucket", bucket_name}, {"key", key}, {"version_id", version->version_id}, {"tags", format_fields(tags)}}) == 0)
                return Unexpected(no_such_key(bucket_name, key));
            return {};
        });
        if (!done) return Unexpected(done.error());
        return bucket->versioning == Bucket::Versioning::never ? std::nullopt : std::optional(version->version_id);
    };

    operations.bind<s3::PutObjectTagging>(
        [set_tags](const Caller& caller, const s3::PutObjectTaggingRequest& in) -> Outcome<s3::PutObjectTaggingOutput> {
            const auto tags = judge_tags(in.tagging.tag_set);
            if (!tags) return Unexpected(tags.error());
            const auto action = in.version_id ? "s3:PutObjectVersionTagging" : "s3:PutObjectTagging";
            auto done = set_tags(caller, in.bucket, in.key, in.version_id, in.expected_bucket_owner, action, *tags);
            if (!done) return Unexpected(done.error());
            s3::PutObjectTaggingOutput out;
            out.version_id = std::move(done).value();
            return out;
        });

    operations.bind<s3::DeleteObjectTagging>(
        [set_tags](const Caller& caller, const s3::DeleteObjectTaggingRequest& in) -> Outcome<s3::DeleteObjectTaggingOutput> {
            const auto action = in.version_id ? "s3:DeleteObjectVersionTagging" : "s3:DeleteObjectTagging";
            auto done = set_tags(caller, in.bucket, in.key, in.version_id, in.expected_bucket_owner, action, {});
            if (!done) return Unexpected(done.error());
            s3::DeleteObjectTaggingOutput out;
            out.version_id = std::move(done).value();
            return out;
        });

    operations.bind<s3::GetObjectTagging>(
        [this](const Caller& caller, const s3::GetObjectTaggingRequest& in) -> Outcome<s3::GetObjectTaggingOutput> {
            const auto action = in.version_id ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging";
            const auto bucket = admit(caller, in.bucket, action, object_arn(in.bucket, in.key), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            const auto version = load_version(caller, in.bucket, in.key, in.version_id);
            if (!version) return Unexpected(version.error());
            s3::GetObjectTaggingOutput out;
            if (bucket->versioning != Bucket::Versioning::never) out.version_id = version->version_id;
            for (const auto& [key, value] : version->tags) out.tag_set.push_back({key, value});
            return out;
        });
}

}  // namespace otabahn::objects
