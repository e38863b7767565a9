// SPDX-License-Identifier: Apache-2.0
// Uploads in parts. Completion copies nothing: the object is the list of its parts' blobs.
#include "api/s3.hpp"
#include "encoding/base64_string.hpp"
#include "objects/object_request.hpp"
#include "objects/objects.hpp"
#include "objects/sql.hpp"
#include "objects/uploads.hpp"

#include <algorithm>

namespace otabahn::objects {

namespace s3 = api::s3;
using awsapi::Caller;

namespace {

constexpr std::size_t upload_id_characters = 64;

class PartUpload final : public awsapi::Upload<s3::UploadPartOutput> {
  public:
    using Keep = std::function<Outcome<void>(StoredPart)>;
    PartUpload(std::unique_ptr<IncomingBody> body, StoredPart part, Keep keep)
        : body_(std::move(body)), part_(std::move(part)), keep_(std::move(keep)) {}

    Outcome<void> write(ByteView bytes) override { return body_->append(bytes); }

    Outcome<s3::UploadPartOutput> finish() override {
        auto blob = body_->commit();
        if (!blob) return Unexpected(std::move(blob).error());
        const auto& digest = body_->digest();
        part_.blob_id = std::move(blob).value();
        part_.size = digest.size();
        part_.md5 = encoding::to_hex(as_bytes(digest.md5()));
        part_.checksums = digest.checksums();
        if (auto kept = keep_(part_); !kept) return Unexpected(kept.error());
        s3::UploadPartOutput out;
        out.etag = quote_etag(part_.md5);
        write_checksums(out, part_.checksums);  // clients copy it from here into their Complete request
        return out;
    }

  private:
    std::unique_ptr<IncomingBody> body_;
    StoredPart part_;
    Keep keep_;
};

Outcome<void> choose_checksum(const std::optional<std::string>& algorithm, const std::optional<std::string>& type, StoredUpload& upload) {
    if (algorithm) {
        upload.declared = parse_checksum_kind(*algorithm);
        if (!upload.declared) return Unexpected(unsupported_checksum(*algorithm));
    }
    const auto kind = upload.kind();
    const bool is_sha = kind == ChecksumKind::sha1 || kind == ChecksumKind::sha256;
    upload.scope = !algorithm || kind == ChecksumKind::crc64nvme ? ChecksumScope::full_object : ChecksumScope::composite;
    if (!type) return {};
    const auto scope = parse_checksum_scope(*type);
    if (!scope) return Unexpected(invalid_request("Value for x-amz-checksum-type header is invalid: '" + *type + "'."));
    if (!algorithm)
        return Unexpected(invalid_request("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."));
    if ((is_sha && *scope == ChecksumScope::full_object) || (kind == ChecksumKind::crc64nvme && *scope == ChecksumScope::composite))
        return Unexpected(invalid_request("The " + *type + " checksum type cannot be used with the " + std::string(sigv4::to_string(kind)) +
                                          " checksum algorithm."));
    upload.scope = *scope;
    return {};
}

s3::Owner to_owner(const AccountId& account) { return {.display_name = account.text(), .id = canonical_user_id(account)}; }
s3::Initiator to_initiator(const StoredUpload& upload) { return {.id = upload.initiator, .display_name = upload.initiator}; }

}  // namespace

void Objects::bind_multipart(awsapi::Operations& operations) {
    operations.bind<s3::CreateMultipartUpload>(
        [this](const Caller& caller, const s3::CreateMultipartUploadRequest& in) -> Outcome<s3::CreateMultipartUploadOutput> {
            if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
            if (auto fine = refuse_what_is_not_here(in); !fine) return Unexpected(fine.error());
            const auto bucket = admit(caller, in.bucket, "s3:PutObject", object_arn(in.bucket, in.key), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            StoredUpload upload;
            upload.upload_id = make_random_id(upload_id_characters);
            upload.bucket = in.bucket;
            upload.key = in.key;
            upload.account = caller.scope.account;
            upload.initiator = caller.arn;
            upload.headers = read_headers(in);
            auto metadata = judge_metadata(in.metadata.value_or(std::map<std::string, std::string>{}));
            if (!metadata) return Unexpected(metadata.error());
            upload.metadata = std::move(metadata).value();
            auto tags = parse_tagging(in.tagging.value_or(""));
            if (!tags) return Unexpected(tags.error());
            upload.tags = std::move(tags).value();
            if (auto fine = choose_checksum(in.checksum_algorithm, in.checksum_type, upload); !fine) return Unexpected(fine.error());
            upload.initiated_at = clock_.now();
            const auto done = store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
                // Holds a DeleteBucket of another node back.
                if (!session.query_one(sql::advance_bucket, {{"name", in.bucket}})) return Unexpected(no_such_bucket(in.bucket));
                insert_upload(session, upload);
                return {};
            });
            if (!done) return Unexpected(done.error());
            s3::CreateMultipartUploadOutput out;
            out.bucket = in.bucket;
            out.key = in.key;
            out.upload_id = upload.upload_id;
            out.server_side_encryption = in.server_side_encryption;
            if (upload.declared) {
                out.checksum_algorithm = sigv4::to_string(*upload.declared);
                out.checksum_type = to_string(upload.scope);
            }
            return out;
        });

    operations.bind_upload<s3::UploadPart>(
        [this](const Caller& caller, const s3::UploadPartRequest& in) -> Outcome<std::unique_ptr<awsapi::Upload<s3::UploadPartOutput>>> {
            if (in.part_number < 1 || in.part_number > max_part_number)
                return Unexpected(invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                                                   std::to_string(in.part_number)));
            if (in.sse_customer_algorithm || in.sse_customer_key)
                return Unexpected(not_implemented("encryption with customer-provided keys (SSE-C)"));
            if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
            const auto bucket = admit(caller, in.bucket, "s3:PutObject", object_arn(in.bucket, in.key), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            const auto upload =
                store_.read([&](runtime::SqlSession& session) { return find_upload_row(session, in.upload_id, in.bucket, in.key); });
            if (!upload || upload->complete) return Unexpected(no_such_upload(in.upload_id));

            Promise promise;
            promise.content_md5 = in.content_md5;
            auto checksum = read_checksum(in);
            if (!checksum) return Unexpected(checksum.error());
            promise.checksum = std::move(checksum).value();
            auto named = promise.checksum ? std::optional(promise.checksum->first) : std::nullopt;
            if (!named && in.checksum_algorithm) {
                named = parse_checksum_kind(*in.checksum_algorithm);
                if (!named) return Unexpected(unsupported_checksum(*in.checksum_algorithm));
            }
            if (named && upload->declared && *named != *upload->declared)
                return Unexpected(invalid_request(
                    "Checksum Type mismatch occurred, expected checksum Type: " + std::string(sigv4::to_string(*upload->declared)) +
                    ", actual checksum Type: " + std::string(sigv4::to_string(*named))));
            promise.wanted = {upload->kind()};
            if (named) promise.wanted.push_back(*named);
            auto body = IncomingBody::begin(blobs_, std::move(promise));
            if (!body) return Unexpected(body.error());

            StoredPart part;
            part.number = in.part_number;
            auto keep = [this, upload = *upload](StoredPart stored) -> Outcome<void> {
                stored.modified_at = clock_.now();
                const auto replaced = store_.write([&](runtime::SqlSession& session) { return put_part(session, upload, stored); });
                if (!replaced) {
                    remove_blobs({stored.blob_id});
                    return Unexpected(replaced.error());
                }
                if (*replaced) remove_blobs({**replaced});
                return {};
            };
            return std::unique_ptr<awsapi::Upload<s3::UploadPartOutput>>(
                std::make_unique<PartUpload>(std::move(body).value(), std::move(part), std::move(keep)));
        });

    operations.bind<s3::CompleteMultipartUpload>(
        [this](const Caller& caller, const s3::CompleteMultipartUploadRequest& in) -> Outcome<s3::CompleteMultipartUploadOutput> {
            if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
            const auto bucket = admit(caller, in.bucket, "s3:PutObject", object_arn(in.bucket, in.key), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            CompletionRequest request;
            request.upload_id = in.upload_id;
            request.bucket = in.bucket;
            request.key = in.key;
            request.conditions = {in.if_match, in.if_none_match};
            if (auto fine = judge_write_conditions(request.conditions); !fine) return Unexpected(fine.error());
            if (!in.multipart_upload || !in.multipart_upload->parts || in.multipart_upload->parts->empty())
                return Unexpected(malformed_xml("CompleteMultipartUpload needs at least one Part."));
            for (const auto& part : *in.multipart_upload->parts) {
                if (!part.part_number || !part.etag) return Unexpected(malformed_xml("a Part has a PartNumber and an ETag."));
                request.parts.push_back({*part.part_number, *part.etag, list_checksums(part)});
            }
            auto given = list_checksums(in);
            if (given.size() > 1) return Unexpected(invalid_request("Expecting a single x-amz-checksum- header."));
            if (!given.empty()) request.checksum = *given.begin();
            request.checksum_type = in.checksum_type;
            if (in.mpu_object_size) request.size = static_cast<std::uint64_t>(*in.mpu_object_size);
            request.random = make_random_id(version_random_characters);
            request.now = clock_.now();
            const auto done = store_.write([&](runtime::SqlSession& session) { return complete_upload(session, request); });
            if (!done) return Unexpected(done.error());
            if (!done->repeated) {
                remove_blobs(done->freed);
                announce(caller.scope, in.bucket, in.key);
            }
            const auto& version = done->version;
            s3::CompleteMultipartUploadOutput out;
            out.location = "http://" + caller.host + "/" + in.bucket + "/" + encode_url(in.key);
            out.bucket = in.bucket;
            out.key = in.key;
            out.etag = quote_etag(version.etag);
            if (version.versioned && version.version_id != null_version) out.version_id = version.version_id;
            write_checksums(out, version.checksums);
            if (!version.checksums.empty()) out.checksum_type = version.checksum_scope;
            out.server_side_encryption = find_field(version.headers, "encryption");
            return out;
        });

    operations.bind<s3::AbortMultipartUpload>([this](const Caller& caller,
                                                     const s3::AbortMultipartUploadRequest& in) -> Outcome<s3::AbortMultipartUploadOutput> {
        if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
        if (in.if_match_initiated_time) return Unexpected(not_implemented("conditions of directory buckets"));
        const auto bucket = admit(caller, in.bucket, "s3:AbortMultipartUpload", object_arn(in.bucket, in.key), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        if (!is_storable_text(in.upload_id)) return Unexpected(no_such_upload(encode_url(in.upload_id)));
        const auto blobs =
            store_.write([&](runtime::SqlSession& session) { return abort_upload(session, in.upload_id, in.bucket, in.key); });
        if (!blobs) return Unexpected(blobs.error());
        remove_blobs(*blobs);
        return s3::AbortMultipartUploadOutput{};
    });

    operations.bind<s3::ListParts>([this](const Caller& caller, const s3::ListPartsRequest& in) -> Outcome<s3::ListPartsOutput> {
        if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
        const auto bucket =
            admit(caller, in.bucket, "s3:ListMultipartUploadParts", object_arn(in.bucket, in.key), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        const auto most = std::min(in.max_parts.value_or(1000), 1000), after = in.part_number_marker.value_or(0);
        if (most < 0)
            return Unexpected(
                invalid_argument("Argument max-parts must be an integer between 0 and 2147483647", "max-parts", std::to_string(most)));
        if (after < 0)
            return Unexpected(invalid_argument("Argument part-number-marker must be an integer between 0 and 2147483647",
                                               "part-number-marker", std::to_string(after)));
        std::vector<StoredPart> parts;
        const auto upload = store_.read([&](runtime::SqlSession& session) {
            auto found = find_upload_row(session, in.upload_id, in.bucket, in.key);
            if (found) parts = list_part_rows(session, in.upload_id, after, most + 1);
            return found;
        });
        if (!upload || upload->complete) return Unexpected(no_such_upload(in.upload_id));

        s3::ListPartsOutput out;
        out.bucket = in.bucket;
        out.key = in.key;
        out.upload_id = in.upload_id;
        out.part_number_marker = after;
        out.max_parts = most;
        out.is_truncated = most > 0 && parts.size() > static_cast<std::size_t>(most);
        parts.resize(std::min(parts.size(), static_cast<std::size_t>(most)));
        out.next_part_number_marker = parts.empty() ? 0 : parts.back().number;
        out.initiator = to_initiator(*upload);
        out.owner = to_owner(upload->account);
        out.storage_class = find_field(upload->headers, "storage-class").value_or("STANDARD");
        if (upload->declared) {
            out.checksum_algorithm = sigv4::to_string(*upload->declared);
            out.checksum_type = to_string(upload->scope);
        }
        for (const auto& part : parts) {
            if (!out.parts) out.parts.emplace();
            s3::Part one;
            one.part_number = part.number;
            one.last_modified = part.modified_at;
            one.etag = quote_etag(part.md5);
            one.size = static_cast<std::int64_t>(part.size);
            write_checksums(one, part.checksums);
            out.parts->push_back(std::move(one));
        }
        return out;
    });

    operations.bind<s3::ListMultipartUploads>(
        [this](const Caller& caller, const s3::ListMultipartUploadsRequest& in) -> Outcome<s3::ListMultipartUploadsOutput> {
            const auto bucket = admit(caller, in.bucket, "s3:ListBucketMultipartUploads", bucket_arn(in.bucket), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            if (in.delimiter && !in.delimiter->empty()) return Unexpected(not_implemented("a delimiter in ListMultipartUploads"));
            const auto prefix = in.prefix.value_or("");
            auto key = in.key_marker.value_or(""), id = in.upload_id_marker.value_or("");
            for (const std::string& text : {prefix, key, id})
                if (!is_storable_text(text))
                    return Unexpected(invalid_argument("The value is not UTF-8 without U+0000.", "prefix", encode_url(text)));
            const auto most = std::min(in.max_uploads.value_or(1000), 1000);
            if (most < 1)
                return Unexpected(invalid_argument("Argument max-uploads must be an integer between 1 and 2147483647", "max-uploads",
                                                   std::to_string(most)));
            const bool escaped = in.encoding_type.has_value();
            const auto name = [&](const std::string& text) { return escaped ? encode_url(text) : text; };
            // A key marker alone skips every upload of that key; ids are alphanumeric, so "~" comes after all of them.
            if (key < prefix) {
                key = prefix;
                id.clear();
            } else if (!key.empty() && id.empty()) {
                id = "~";
            }
            const auto rows = store_.read([&](runtime::SqlSession& session) {
                return session.query(sql::list_uploads_after,
                                     {{"bucket", in.bucket}, {"key", key}, {"upload_id", id}, {"count", std::int64_t{most} + 1}});
            });
            s3::ListMultipartUploadsOutput out;
            out.bucket = in.bucket;
            out.prefix = name(prefix);
            out.key_marker = name(in.key_marker.value_or(""));
            out.upload_id_marker = in.upload_id_marker.value_or("");
            out.max_uploads = most;
            out.encoding_type = in.encoding_type;
            out.is_truncated = false;
            for (const auto& row : rows) {
                const auto upload = read_upload(row);
                if (!upload.key.starts_with(prefix)) break;
                if (!out.uploads) out.uploads.emplace();
                if (out.uploads->size() == static_cast<std::size_t>(most)) {
                    out.is_truncated = true;
                    break;
                }
                s3::MultipartUpload one;
                one.upload_id = upload.upload_id;
                one.key = name(upload.key);
                one.initiated = upload.initiated_at;
                one.storage_class = find_field(upload.headers, "storage-class").value_or("STANDARD");
                one.owner = to_owner(upload.account);
                one.initiator = to_initiator(upload);
                out.uploads->push_back(std::move(one));
                out.next_key_marker = name(upload.key);
                out.next_upload_id_marker = upload.upload_id;
            }
            if (!*out.is_truncated) {
                out.next_key_marker.reset();
                out.next_upload_id_marker.reset();
            }
            return out;
        });
}

}  // namespace otabahn::objects
