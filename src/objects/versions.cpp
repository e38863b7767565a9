// SPDX-License-Identifier: Apache-2.0
#include "objects/versions.hpp"

#include "objects/conditions.hpp"
#include "objects/sql.hpp"
#include "objects/uploads.hpp"

#include <stdexcept>

namespace otabahn::objects {
namespace {

Bucket::Versioning parse_versioning(const std::string& text) {
    if (text == "enabled") return Bucket::Versioning::enabled;
    if (text == "suspended") return Bucket::Versioning::suspended;
    return Bucket::Versioning::never;
}

struct Advanced {
    std::int64_t newness;
    Bucket::Versioning versioning;
};

Outcome<Advanced> advance(runtime::SqlSession& session, const std::string& bucket) {
    const auto row = session.query_one(sql::advance_bucket, {{"name", bucket}});
    if (!row) return Unexpected(no_such_bucket(bucket));
    return Advanced{-row->integer(0), parse_versioning(row->text(1))};
}

std::vector<std::string> free_content(runtime::SqlSession& session, const std::string& content) {
    if (content.starts_with(blob_content)) return {content.substr(blob_content.size())};
    if (content.starts_with(upload_content)) return remove_upload(session, content.substr(upload_content.size()));
    return {};
}

void append(std::vector<std::string>& to, std::vector<std::string> from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// Removes the version "null" of the key, if there is one.
void remove_null_version(runtime::SqlSession& session, const std::string& bucket, const std::string& key, std::vector<std::string>& freed) {
    for (const auto& row :
         session.query(sql::delete_version, {{"bucket", bucket}, {"key", key}, {"version_id", std::string(null_version)}}))
        append(freed, free_content(session, row.text(0)));
}

void insert(runtime::SqlSession& session, const StoredVersion& version) {
    session.execute(sql::demote_current, {{"bucket", version.bucket}, {"key", version.key}});
    session.execute(sql::insert_version, {{"bucket", version.bucket},
                                          {"key", version.key},
                                          {"newness", version.newness},
                                          {"version_id", version.version_id},
                                          {"role", version.is_marker ? 2 : 1},
                                          {"is_marker", version.is_marker},
                                          {"etag", version.etag},
                                          {"size", static_cast<std::int64_t>(version.size)},
                                          {"content", version.content},
                                          {"parts", static_cast<std::int64_t>(version.parts)},
                                          {"headers", format_fields(version.headers)},
                                          {"metadata", format_fields(version.metadata)},
                                          {"tags", format_fields(version.tags)},
                                          {"checksums", format_checksums(version.checksums)},
                                          {"checksum_scope", version.checksum_scope},
                                          {"now", version.modified_at}});
}

}  // namespace

Bucket read_bucket(const runtime::SqlRow& row) {
    return {row.text(0), AccountId::trusted(row.text(1)), Region::trusted(row.text(2)), parse_versioning(row.text(3)), row.time(4)};
}

std::optional<Bucket> find_bucket_row(runtime::SqlSession& session, const std::string& name) {
    const auto row = session.query_one(sql::find_bucket, {{"name", name}});
    if (!row) return std::nullopt;
    return read_bucket(*row);
}

StoredVersion read_version(const runtime::SqlRow& row, const std::string& bucket) {
    StoredVersion out;
    out.bucket = bucket;
    out.key = row.text(0);
    out.newness = row.integer(1);
    out.version_id = row.text(2);
    out.is_current = row.integer(3) != 0;
    out.is_marker = row.flag(4);
    out.etag = row.text(5);
    out.size = static_cast<std::uint64_t>(row.integer(6));
    out.content = row.text(7);
    out.parts = static_cast<std::uint64_t>(row.integer(8));
    out.headers = parse_fields(row.text(9));
    out.metadata = parse_fields(row.text(10));
    out.tags = parse_fields(row.text(11));
    out.checksums = parse_checksums(row.text(12));
    out.checksum_scope = row.text(13);
    out.modified_at = row.time(14);
    return out;
}

std::optional<StoredVersion> find_version_row(runtime::SqlSession& session, const std::string& bucket, const std::string& key,
                                              const std::optional<std::string>& version_id) {
    const auto row = version_id ? session.query_one(sql::find_version, {{"bucket", bucket}, {"key", key}, {"version_id", *version_id}})
                                : session.query_one(sql::find_current, {{"bucket", bucket}, {"key", key}});
    if (!row) return std::nullopt;
    return read_version(*row, bucket);
}

Outcome<StoredVersion> put_version(runtime::SqlSession& session, StoredVersion version, const WriteConditions& conditions,
                                   std::string_view random, std::vector<std::string>& freed) {
    freed.clear();
    const auto advanced = advance(session, version.bucket);
    if (!advanced) return Unexpected(advanced.error());
    if (conditions.if_match || conditions.if_none_match) {
        const auto current = find_version_row(session, version.bucket, version.key, std::nullopt);
        const bool exists = current && !current->is_marker;
        if (conditions.if_none_match && exists) return Unexpected(precondition_failed("If-None-Match"));
        if (conditions.if_match) {
            if (!exists) return Unexpected(no_such_key(version.bucket, version.key));
            if (!matches_etag(*conditions.if_match, current->etag)) return Unexpected(precondition_failed("If-Match"));
        }
    }
    version.newness = advanced->newness;
    version.is_current = true;
    version.versioned = advanced->versioning != Bucket::Versioning::never;
    if (advanced->versioning == Bucket::Versioning::enabled) {
        version.version_id = format_version_id(-advanced->newness, random);
    } else {
        version.version_id = null_version;
        remove_null_version(session, version.bucket, version.key, freed);
    }
    insert(session, version);
    return version;
}

Outcome<Deletion> delete_version(runtime::SqlSession& session, const std::string& bucket, const std::string& key,
                                 const std::optional<std::string>& version_id, const std::optional<std::string>& if_match,
                                 std::string_view random, Timestamp now) {
    Deletion out;
    const auto advanced = advance(session, bucket);
    if (!advanced) return Unexpected(advanced.error());
    if (if_match) {
        const auto target = find_version_row(session, bucket, key, version_id);
        if (!target || target->is_marker) return Unexpected(no_such_key(bucket, key));
        if (!matches_etag(*if_match, target->etag)) return Unexpected(precondition_failed("If-Match"));
    }

    if (version_id) {
        out.version_id = *version_id;
        const auto row = session.query_one(sql::delete_version, {{"bucket", bucket}, {"key", key}, {"version_id", *version_id}});
        if (!row) return out;  // deleting what is not there succeeds
        out.blobs = free_content(session, row->text(0));
        out.marker = row->flag(1);
        out.changed = row->integer(2) != 0;
        if (out.changed) session.execute(sql::promote_newest, {{"bucket", bucket}, {"key", key}});
        return out;
    }

    if (advanced->versioning != Bucket::Versioning::enabled) remove_null_version(session, bucket, key, out.blobs);
    out.changed = true;
    if (advanced->versioning == Bucket::Versioning::never) return out;

    StoredVersion marker;
    marker.bucket = bucket;
    marker.key = key;
    marker.newness = advanced->newness;
    marker.is_marker = true;
    marker.modified_at = now;
    marker.version_id =
        advanced->versioning == Bucket::Versioning::enabled ? format_version_id(-advanced->newness, random) : std::string(null_version);
    insert(session, marker);
    out.marker = true;
    out.version_id = marker.version_id;
    return out;
}

}  // namespace otabahn::objects
