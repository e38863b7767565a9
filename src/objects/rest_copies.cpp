// SPDX-License-Identifier: Apache-2.0
// CopyObject and UploadPartCopy: the source streams through into a blob of its own, so deleting one harms no other.
#include "api/s3.hpp"
#include "encoding/base64_string.hpp"
#include "objects/copy_source.hpp"
#include "objects/object_request.hpp"
#include "objects/objects.hpp"
#include "objects/range.hpp"
#include "objects/uploads.hpp"

#include <algorithm>

namespace otabahn::objects {

namespace s3 = api::s3;
using awsapi::Caller;

namespace {

constexpr std::size_t copy_buffer_bytes = 1 << 20;

Outcome<void> copy_bytes(const runtime::BlobReader& from, ByteRange range, IncomingBody& to) {
    std::vector<std::uint8_t> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(copy_buffer_bytes, range.length)));
    while (range.length > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range.length));
        const auto got = from.read_at(range.first, std::span(buffer).first(wanted));
        if (!got) return Unexpected(inner_failure(got.error()));
        if (*got == 0) return Unexpected(inner_failure({ErrorCode::internal, "The source's blob is shorter than its row says."}));
        if (auto done = to.append(ByteView(buffer).first(*got)); !done) return done;
        range.first += *got;
        range.length -= *got;
    }
    return {};
}

struct Source {
    StoredVersion version;
    std::optional<std::string> shown_version;  // the source's bucket has versions
};

// `objects` does what GET would do, for the source that the header names.
template <class Input, class Admit, class Load>
Outcome<Source> load_source(const Input& in, Admit admit, Load load) {
    const auto source = parse_copy_source(in.copy_source);
    if (!source)
        return Unexpected(invalid_argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                                           "x-amz-copy-source", in.copy_source));
    const auto bucket = admit(source->bucket, source->key, source->version_id.has_value());
    if (!bucket) return Unexpected(bucket.error());
    auto version = load(source->bucket, source->key, source->version_id);
    if (!version) {
        if (version.error().code == "MethodNotAllowed")
            return Unexpected(invalid_request("The source of a copy request may not specifically refer to a delete marker by version id."));
        return Unexpected(version.error());
    }
    const Conditions conditions{in.copy_source_if_match, in.copy_source_if_none_match, in.copy_source_if_modified_since,
                                in.copy_source_if_unmodified_since};
    const auto judged = judge_copy(conditions, version->etag, version->modified_at);
    if (judged.kind != Judgement::Kind::go_on) return Unexpected(precondition_failed("x-amz-copy-source-" + std::string(judged.condition)));
    Source out;
    if (bucket->versioning != Bucket::Versioning::never) out.shown_version = version->version_id;
    out.version = std::move(version).value();
    return out;
}

}  // namespace

void Objects::bind_copies(awsapi::Operations& operations) {
    const auto find_source = [this](const Caller& caller, const auto& in) {
        return load_source(
            in,
            [&](const std::string& bucket, const std::string& key, bool names_version) {
                return admit(caller, bucket, names_version ? "s3:GetObjectVersion" : "s3:GetObject", object_arn(bucket, key),
                             in.expected_source_bucket_owner);
            },
            [&](const std::string& bucket, const std::string& key, const std::optional<std::string>& version_id) {
                return load_version(caller, bucket, key, version_id);
            });
    };

    operations.bind<s3::CopyObject>([this, find_source](const Caller& caller,
                                                        const s3::CopyObjectRequest& in) -> Outcome<s3::CopyObjectOutput> {
        if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
        if (auto fine = refuse_what_is_not_here(in); !fine) return Unexpected(fine.error());
        if (in.copy_source_sse_customer_algorithm) return Unexpected(not_implemented("encryption with customer-provided keys (SSE-C)"));
        const auto bucket = admit(caller, in.bucket, "s3:PutObject", object_arn(in.bucket, in.key), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        const WriteConditions conditions{in.if_match, in.if_none_match};
        if (auto fine = judge_write_conditions(conditions); !fine) return Unexpected(fine.error());
        auto source = find_source(caller, in);
        if (!source) return Unexpected(source.error());
        auto& version = source->version;
        if (version.size > max_upload_bytes)
            return Unexpected(invalid_request("The specified copy source is larger than the maximum allowable size for a copy source: " +
                                              std::to_string(max_upload_bytes)));

        const bool replace = in.metadata_directive.value_or("COPY") == "REPLACE";
        const bool replace_tags = in.tagging_directive.value_or("COPY") == "REPLACE";
        if (version.bucket == in.bucket && version.key == in.key && version.is_current && !replace && !replace_tags && !in.storage_class &&
            !in.server_side_encryption)
            return Unexpected(
                invalid_request("This copy request is illegal because it is trying to copy an object to itself without changing the "
                                "object's metadata, storage class, website redirect location or encryption attributes."));
        StoredVersion copy;
        copy.bucket = in.bucket;
        copy.key = in.key;
        copy.headers = replace ? read_headers(in) : version.headers;
        copy.headers.erase("storage-class");
        if (in.storage_class && *in.storage_class != "STANDARD") copy.headers.emplace("storage-class", *in.storage_class);
        copy.metadata = version.metadata;
        if (replace) {
            auto metadata = judge_metadata(in.metadata.value_or(std::map<std::string, std::string>{}));
            if (!metadata) return Unexpected(metadata.error());
            copy.metadata = std::move(metadata).value();
        }
        copy.tags = version.tags;
        if (replace_tags) {
            auto tags = parse_tagging(in.tagging.value_or(""));
            if (!tags) return Unexpected(tags.error());
            copy.tags = std::move(tags).value();
        }

        Promise promise;
        auto kind = ChecksumKind::crc64nvme;
        if (in.checksum_algorithm) {
            const auto wanted = parse_checksum_kind(*in.checksum_algorithm);
            if (!wanted) return Unexpected(unsupported_checksum(*in.checksum_algorithm));
            kind = *wanted;
        } else if (version.checksum_scope == to_string(ChecksumScope::full_object) && !version.checksums.empty()) {
            kind = version.checksums.begin()->first;
        }
        promise.wanted = {kind};
        auto body = IncomingBody::begin(blobs_, std::move(promise));
        if (!body) return Unexpected(body.error());
        const auto reader = open_content(version.content);
        if (!reader) return Unexpected(inner_failure(reader.error()));
        if (auto copied = copy_bytes(**reader, {0, version.size}, **body); !copied) return Unexpected(copied.error());
        auto blob = (*body)->commit();
        if (!blob) return Unexpected(blob.error());
        copy.size = version.size;
        copy.etag = encoding::to_hex(as_bytes((*body)->digest().md5()));
        copy.content = std::string(blob_content) + *blob;
        copy.checksums = (*body)->digest().checksums();
        copy.checksum_scope = to_string(ChecksumScope::full_object);
        const auto put = publish(caller.scope, std::move(copy), conditions);
        if (!put) return Unexpected(put.error());

        s3::CopyObjectOutput out;
        out.copy_source_version_id = source->shown_version;
        if (put->versioned && put->version_id != null_version) out.version_id = put->version_id;
        out.server_side_encryption = find_field(put->headers, "encryption");
        s3::CopyObjectResult result;
        result.etag = quote_etag(put->etag);
        result.last_modified = put->modified_at;
        write_checksums(result, put->checksums);
        result.checksum_type = put->checksum_scope;
        out.copy_object_result = std::move(result);
        return out;
    });

    operations.bind<s3::UploadPartCopy>(
        [this, find_source](const Caller& caller, const s3::UploadPartCopyRequest& in) -> Outcome<s3::UploadPartCopyOutput> {
            if (in.part_number < 1 || in.part_number > max_part_number)
                return Unexpected(invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                                                   std::to_string(in.part_number)));
            if (in.sse_customer_algorithm || in.copy_source_sse_customer_algorithm)
                return Unexpected(not_implemented("encryption with customer-provided keys (SSE-C)"));
            if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
            const auto bucket = admit(caller, in.bucket, "s3:PutObject", object_arn(in.bucket, in.key), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            const auto upload =
                store_.read([&](runtime::SqlSession& session) { return find_upload_row(session, in.upload_id, in.bucket, in.key); });
            if (!upload || upload->complete) return Unexpected(no_such_upload(in.upload_id));
            auto source = find_source(caller, in);
            if (!source) return Unexpected(source.error());
            ByteRange range{0, source->version.size};
            if (in.copy_source_range) {
                const auto wanted = parse_copy_range(*in.copy_source_range, source->version.size);
                if (!wanted)
                    return Unexpected(invalid_argument(
                        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
                        "zero-based offsets of bytes inside the source, which has " +
                            std::to_string(source->version.size) + " bytes",
                        "x-amz-copy-source-range", *in.copy_source_range));
                range = *wanted;
            }
            auto body = IncomingBody::begin(blobs_, {.wanted = {upload->kind()}});
            if (!body) return Unexpected(body.error());
            const auto reader = open_content(source->version.content);
            if (!reader) return Unexpected(inner_failure(reader.error()));
            if (auto copied = copy_bytes(**reader, range, **body); !copied) return Unexpected(copied.error());
            auto blob = (*body)->commit();
            if (!blob) return Unexpected(blob.error());
            StoredPart part;
            part.number = in.part_number;
            part.blob_id = *blob;
            part.size = range.length;
            part.md5 = encoding::to_hex(as_bytes((*body)->digest().md5()));
            part.checksums = (*body)->digest().checksums();
            part.modified_at = clock_.now();
            const auto replaced = store_.write([&](runtime::SqlSession& session) { return put_part(session, *upload, part); });
            if (!replaced) {
                remove_blobs({part.blob_id});
                return Unexpected(replaced.error());
            }
            if (*replaced) remove_blobs({**replaced});

            s3::UploadPartCopyOutput out;
            out.copy_source_version_id = source->shown_version;
            s3::CopyPartResult result;
            result.etag = quote_etag(part.md5);
            result.last_modified = part.modified_at;
            write_checksums(result, part.checksums);
            out.copy_part_result = std::move(result);
            return out;
        });
}

}  // namespace otabahn::objects
