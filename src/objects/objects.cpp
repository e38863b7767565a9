// SPDX-License-Identifier: Apache-2.0
#include "objects/objects.hpp"

#include "encoding/base64_string.hpp"
#include "objects/object_request.hpp"
#include "objects/parts_reader.hpp"
#include "objects/sql.hpp"
#include "objects/uploads.hpp"
#include "runtime/log.hpp"

#include <algorithm>

namespace otabahn::objects {
namespace {

ObjectVersion to_object(const StoredVersion& version) {
    const auto type = version.headers.find("content-type");
    return {version.bucket,
            version.key,
            version.version_id,
            version.etag,
            version.size,
            version.content,
            type == version.headers.end() ? "binary/octet-stream" : type->second,
            version.modified_at};
}

}  // namespace

Objects::Objects(runtime::Store& store, runtime::BlobStore& blobs, runtime::Bus& bus, const runtime::Clock& clock, access::Access& access)
    : store_(store), blobs_(blobs), bus_(bus), clock_(clock), access_(access) {}

Result<std::optional<Bucket>> Objects::find_bucket(const std::string& bucket) {
    if (find_bucket_name_fault(bucket)) return std::optional<Bucket>();
    return store_.read([&](runtime::SqlSession& session) { return find_bucket_row(session, bucket); });
}

Result<std::optional<ObjectVersion>> Objects::find_object(const std::string& bucket, const std::string& key,
                                                          const std::optional<std::string>& version_id) {
    using Found = std::optional<ObjectVersion>;
    if (find_bucket_name_fault(bucket) || !is_storable_text(key) || (version_id && !is_version_id(*version_id))) return Found();
    const auto version = store_.read([&](runtime::SqlSession& session) { return find_version_row(session, bucket, key, version_id); });
    if (!version || version->is_marker) return Found();
    return Found(to_object(*version));
}

Result<std::shared_ptr<const runtime::BlobReader>> Objects::open(const ObjectVersion& object) { return open_content(object.blob_id); }

Result<std::shared_ptr<const runtime::BlobReader>> Objects::open_content(const std::string& content) {
    if (content.starts_with(blob_content)) return blobs_.open(content.substr(blob_content.size()));
    if (!content.starts_with(upload_content)) return fail(ErrorCode::internal, "'" + content + "' is no content of an object.");
    const auto upload_id = content.substr(upload_content.size());
    const auto rows = store_.read([&](runtime::SqlSession& session) { return list_part_rows(session, upload_id, 0, max_part_number); });
    if (rows.empty()) return fail(ErrorCode::not_found, "The object is gone: its upload " + upload_id + " has no parts any more.");
    std::vector<PartBlob> parts;
    parts.reserve(rows.size());
    for (const auto& row : rows) parts.push_back({row.blob_id, row.size});
    return open_parts(blobs_, std::move(parts));
}

Result<std::unique_ptr<ObjectWriter>> Objects::begin_blob() {
    auto body = IncomingBody::begin(blobs_, {.wanted = {ChecksumKind::crc64nvme}});
    if (!body) return Unexpected(to_error(body.error()));
    return std::make_unique<ObjectWriter>(std::move(body).value());
}

Result<ObjectVersion> Objects::put(const std::string& bucket, const std::string& key, std::string_view content_type,
                                   std::string_view bytes) {
    auto writer = begin_blob();
    if (!writer) return Unexpected(std::move(writer).error());
    if (auto written = (*writer)->append(as_bytes(bytes)); !written) return Unexpected(std::move(written).error());
    return put(bucket, key, content_type, std::move(writer).value());
}

Result<ObjectVersion> Objects::put(const std::string& bucket, const std::string& key, std::string_view content_type,
                                   std::unique_ptr<ObjectWriter> written) {
    if (key.empty() || key.size() > max_key_bytes || !is_storable_text(key))
        return fail(ErrorCode::invalid_request, "'" + key + "' is no key of an object: it takes 1 to 1024 bytes of UTF-8.", key);
    const auto found = find_bucket(bucket);
    if (!found) return Unexpected(found.error());
    if (!*found) return fail(ErrorCode::not_found, "There is no bucket '" + bucket + "'.", bucket);
    auto blob = written->commit();
    if (!blob) return Unexpected(std::move(blob).error());
    StoredVersion version;
    version.bucket = bucket;
    version.key = key;
    version.size = written->digest().size();
    version.etag = encoding::to_hex(as_bytes(written->digest().md5()));
    version.content = std::string(blob_content) + *blob;
    version.checksums = written->digest().checksums();
    version.checksum_scope = to_string(ChecksumScope::full_object);
    version.headers.emplace("content-type", content_type);
    auto put = publish({(*found)->owner, (*found)->region}, std::move(version), {});
    if (!put) return Unexpected(to_error(put.error()));
    return to_object(*put);
}

Outcome<StoredVersion> Objects::publish(const Scope& scope, StoredVersion version, const WriteConditions& conditions) {
    const auto random = make_random_id(version_random_characters);
    version.modified_at = clock_.now();
    const std::string content = version.content;
    std::vector<std::string> freed;
    auto put = store_.write([&](runtime::SqlSession& session) { return put_version(session, version, conditions, random, freed); });
    // A database that fails (it throws) may have committed: such a blob is left to the sweep.
    if (!put) {
        remove_blobs({content.substr(blob_content.size())});
        return put;
    }
    remove_blobs(freed);
    announce(scope, put->bucket, put->key);
    return put;
}

Outcome<Deletion> Objects::erase(const Scope& scope, const std::string& bucket, const std::string& key,
                                 const std::optional<std::string>& version_id, const std::optional<std::string>& if_match) {
    const auto random = make_random_id(version_random_characters);
    const auto now = clock_.now();
    auto done =
        store_.write([&](runtime::SqlSession& session) { return delete_version(session, bucket, key, version_id, if_match, random, now); });
    if (!done) return done;
    remove_blobs(done->blobs);
    if (done->changed) announce(scope, bucket, key);
    return done;
}

void Objects::remove_blobs(const std::vector<std::string>& ids) {
    for (const auto& id : ids)
        if (auto removed = blobs_.remove(id); !removed)
            spdlog::warn("a blob stays until the next sweep id={} message=\"{}\"", id, removed.error().message);
}

void Objects::announce(const Scope& scope, const std::string& bucket, const std::string& key) {
    bus_.announce({runtime::ChangeKind::object, scope, bucket + "/" + key});
}

Outcome<Bucket> Objects::admit(const awsapi::Caller& caller, const std::string& bucket, std::string_view action,
                               const std::string& resource, const std::optional<std::string>& expected_owner) {
    auto found = find_bucket(bucket);
    if (!found) return Unexpected(inner_failure(found.error()));
    if (!*found) return Unexpected(no_such_bucket(bucket));
    if ((*found)->owner != caller.scope.account)
        return Unexpected(access_denied("Access Denied: bucket '" + bucket + "' belongs to another account than " + caller.arn + "."));
    if (expected_owner && *expected_owner != (*found)->owner.text())
        return Unexpected(access_denied("Access Denied: bucket '" + bucket + "' does not belong to account " + *expected_owner +
                                        ", which x-amz-expected-bucket-owner names."));
    if (auto allowed = access_.check_caller(caller, action, resource); !allowed) return Unexpected(access_denied(allowed.error().message));
    return std::move(**found);
}

Outcome<StoredVersion> Objects::load_version(const awsapi::Caller& caller, const std::string& bucket, const std::string& key,
                                             const std::optional<std::string>& version_id) {
    if (version_id && !is_version_id(*version_id))
        return Unexpected(invalid_argument("Invalid version id specified", "versionId", *version_id));
    if (auto fine = judge_key(key); !fine) return Unexpected(fine.error());
    auto version = store_.read([&](runtime::SqlSession& session) { return find_version_row(session, bucket, key, version_id); });
    if (version && !version->is_marker) return std::move(*version);
    if (version && version_id) {
        ServiceError error{"MethodNotAllowed",
                           405,
                           "The specified method is not allowed against this resource: version '" + *version_id + "' is a delete marker.",
                           {{"Method", "GET"}, {"ResourceType", "DeleteMarker"}},
                           {}};
        error.headers = {{"x-amz-delete-marker", "true"}, {"x-amz-version-id", *version_id}, {"Allow", "DELETE"}};
        return Unexpected(std::move(error));
    }
    // Who may not list the bucket is not told whether the key is there.
    if (auto allowed = access_.check_caller(caller, "s3:ListBucket", bucket_arn(bucket)); !allowed)
        return Unexpected(access_denied(allowed.error().message));
    if (version_id) return Unexpected(no_such_version(bucket, key, *version_id));
    auto error = no_such_key(bucket, key);
    if (version) error.headers = {{"x-amz-delete-marker", "true"}, {"x-amz-version-id", version->version_id}};
    return Unexpected(std::move(error));
}

Result<void> Objects::may_read(const awsapi::Caller& caller, const std::string& bucket, const std::string& key, bool names_version) {
    auto admitted = admit(caller, bucket, "s3:GetObject", object_arn(bucket, key), {});
    if (admitted && names_version) admitted = admit(caller, bucket, "s3:GetObjectVersion", object_arn(bucket, key), {});
    if (!admitted) return Unexpected(to_error(admitted.error()));
    return {};
}

Result<void> Objects::may_write(const awsapi::Caller& caller, const std::string& bucket, const std::string& key) {
    const auto admitted = admit(caller, bucket, "s3:PutObject", object_arn(bucket, key), {});
    if (!admitted) return Unexpected(to_error(admitted.error()));
    return {};
}

Result<std::size_t> Objects::sweep_orphans(Duration age) {
    const auto limit = clock_.now() - age;
    std::vector<std::string> old;
    const auto visited = blobs_.visit([&](const std::string& id, Timestamp written_at) {
        if (written_at <= limit) old.push_back(id);
    });
    if (!visited) return Unexpected(visited.error());
    std::size_t removed = 0;
    for (const auto& id : old) {
        const bool named = store_.read([&](runtime::SqlSession& session) {
            return session.query_one(sql::find_content, {{"content", std::string(blob_content) + id}}).has_value() ||
                   session.query_one(sql::find_part_of_blob, {{"blob_id", id}}).has_value();
        });
        if (named) continue;
        if (auto gone = blobs_.remove(id); !gone) return Unexpected(gone.error());
        ++removed;
    }
    if (removed > 0) spdlog::info("blobs that no object names were removed count={}", removed);
    return removed;
}

void Objects::bind_rest(awsapi::Operations& operations) {
    bind_buckets(operations);
    bind_reads(operations);
    bind_writes(operations);
    bind_listings(operations);
    bind_multipart(operations);
    bind_copies(operations);
    bind_unset(operations);
}

}  // namespace otabahn::objects
