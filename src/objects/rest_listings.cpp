// SPDX-License-Identifier: Apache-2.0
// ListObjectsV2, ListObjects and ListObjectVersions.
#include "api/s3.hpp"
#include "objects/listing.hpp"
#include "objects/object_request.hpp"
#include "objects/objects.hpp"
#include "objects/sql.hpp"

#include <algorithm>

namespace otabahn::objects {

namespace s3 = api::s3;
using awsapi::Caller;

namespace {

template <class Input>
Outcome<ListRequest> read_request(const Input& in) {
    if (in.encoding_type && *in.encoding_type != "url")
        return Unexpected(invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", *in.encoding_type));
    const auto most = in.max_keys.value_or(1000);
    if (most < 0)
        return Unexpected(
            invalid_argument("Argument maxKeys must be an integer between 0 and 2147483647", "max-keys", std::to_string(most)));
    for (const auto& [name, text] : {std::pair("prefix", in.prefix.value_or("")), std::pair("delimiter", in.delimiter.value_or(""))})
        if (!is_storable_text(text)) return Unexpected(invalid_argument("The value is not UTF-8 without U+0000.", name, encode_url(text)));
    return ListRequest{in.prefix.value_or(""), in.delimiter.value_or(""), static_cast<std::size_t>(std::min(most, 1000))};
}

Outcome<std::string> judge_marker(std::string_view name, const std::optional<std::string>& marker) {
    if (marker && !is_storable_text(*marker))
        return Unexpected(invalid_argument("The value is not UTF-8 without U+0000.", name, encode_url(*marker)));
    return marker.value_or("");
}

// With encoding-type=url names are escaped, and the answer says so.
class Names {
  public:
    explicit Names(const std::optional<std::string>& encoding) : escaped_(encoding.has_value()) {}
    std::string operator()(const std::string& text) const { return escaped_ ? encode_url(text) : text; }
    std::optional<std::string> operator()(const std::optional<std::string>& text) const {
        return text ? std::optional((*this)(*text)) : std::nullopt;
    }

  private:
    bool escaped_;
};

s3::Owner to_owner(const Bucket& bucket) { return {.display_name = bucket.owner.text(), .id = canonical_user_id(bucket.owner)}; }

template <class Entry>
void write_facts(Entry& out, const StoredVersion& version) {
    out.last_modified = version.modified_at;
    out.etag = quote_etag(version.etag);
    out.size = static_cast<std::int64_t>(version.size);
    out.storage_class = find_field(version.headers, "storage-class").value_or("STANDARD");
    if (version.checksums.empty()) return;
    out.checksum_algorithm.emplace();
    for (const auto& [kind, value] : version.checksums) out.checksum_algorithm->emplace_back(sigv4::to_string(kind));
    out.checksum_type = version.checksum_scope;
}

template <class Output>
void write_page(Output& out, const ListPage& page, const Bucket& bucket, const Names& names, bool with_owner) {
    out.is_truncated = page.truncated;
    for (const auto& row : page.rows) {
        if (!out.contents) out.contents.emplace();
        s3::Object object;
        object.key = names(row.key);
        write_facts(object, row);
        if (with_owner) object.owner = to_owner(bucket);
        out.contents->push_back(std::move(object));
    }
}

template <class Output, class Input>
void write_frame(Output& out, const Input& in, const ListPage& page, const ListRequest& request, const Names& names) {
    out.name = in.bucket;
    out.prefix = names(request.prefix);
    if (!request.delimiter.empty()) out.delimiter = names(request.delimiter);
    out.max_keys = static_cast<std::int32_t>(request.most);
    out.encoding_type = in.encoding_type;
    for (const auto& prefix : page.common_prefixes) {
        if (!out.common_prefixes) out.common_prefixes.emplace();
        out.common_prefixes->push_back({names(prefix)});
    }
}

}  // namespace

void Objects::bind_listings(awsapi::Operations& operations) {
    const auto list_current = [this](const std::string& bucket, const ListRequest& request, Position start) {
        return list_page(request, std::move(start), [&](const Position& after, std::size_t count) {
            const auto statement = after.newness == INT64_MIN ? sql::list_current_from : sql::list_current_after;
            std::vector<StoredVersion> out;
            for (const auto& row : store_.read([&](runtime::SqlSession& session) {
                     return session.query(statement, {{"bucket", bucket}, {"key", after.key}, {"count", static_cast<std::int64_t>(count)}});
                 }))
                out.push_back(read_version(row, bucket));
            return out;
        });
    };

    operations.bind<s3::ListObjectsV2>(
        [this, list_current](const Caller& caller, const s3::ListObjectsV2Request& in) -> Outcome<s3::ListObjectsV2Output> {
            const auto bucket = admit(caller, in.bucket, "s3:ListBucket", bucket_arn(in.bucket), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            const auto request = read_request(in);
            if (!request) return Unexpected(request.error());
            const auto start_after = judge_marker("start-after", in.start_after);
            if (!start_after) return Unexpected(start_after.error());
            auto start = start_after->empty() ? Position::before("") : start_after_marker(*request, *start_after);
            if (in.continuation_token) {
                const auto token = parse_token(*in.continuation_token);
                if (!token)
                    return Unexpected(
                        invalid_argument("The continuation token provided is incorrect", "continuation-token", *in.continuation_token));
                start = *token;
            }
            const auto page = list_current(in.bucket, *request, std::move(start));
            const Names names(in.encoding_type);
            s3::ListObjectsV2Output out;
            write_frame(out, in, page, *request, names);
            write_page(out, page, *bucket, names, in.fetch_owner.value_or(false));
            out.key_count = static_cast<std::int32_t>(page.rows.size() + page.common_prefixes.size());
            out.start_after = names(in.start_after);
            out.continuation_token = in.continuation_token;
            if (page.truncated) out.next_continuation_token = format_token(page.next);
            return out;
        });

    operations.bind<s3::ListObjects>([this, list_current](const Caller& caller,
                                                          const s3::ListObjectsRequest& in) -> Outcome<s3::ListObjectsOutput> {
        const auto bucket = admit(caller, in.bucket, "s3:ListBucket", bucket_arn(in.bucket), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        const auto request = read_request(in);
        if (!request) return Unexpected(request.error());
        const auto marker = judge_marker("marker", in.marker);
        if (!marker) return Unexpected(marker.error());
        const auto page = list_current(in.bucket, *request, marker->empty() ? Position::before("") : start_after_marker(*request, *marker));
        const Names names(in.encoding_type);
        s3::ListObjectsOutput out;
        write_frame(out, in, page, *request, names);
        write_page(out, page, *bucket, names, true);
        out.marker = names(*marker);
        if (page.truncated && !request->delimiter.empty()) out.next_marker = names(page.last_item);
        return out;
    });

    operations.bind<s3::ListObjectVersions>([this](const Caller& caller,
                                                   const s3::ListObjectVersionsRequest& in) -> Outcome<s3::ListObjectVersionsOutput> {
        const auto bucket = admit(caller, in.bucket, "s3:ListBucketVersions", bucket_arn(in.bucket), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        const auto request = read_request(in);
        if (!request) return Unexpected(request.error());
        const auto marker = judge_marker("key-marker", in.key_marker);
        if (!marker) return Unexpected(marker.error());
        const auto version_marker = in.version_id_marker.value_or("");
        if (!version_marker.empty() && marker->empty())
            return Unexpected(
                invalid_argument("A version-id marker cannot be specified without a key marker.", "version-id-marker", version_marker));
        if (!version_marker.empty() && !is_version_id(version_marker))
            return Unexpected(invalid_argument("Invalid version id specified", "version-id-marker", version_marker));

        auto start = marker->empty() ? Position::before("") : start_after_marker(*request, *marker);
        if (const auto sequence = parse_version_sequence(version_marker)) {
            start = {*marker, -*sequence};  // goes on after it even when it is deleted by now
        } else if (!version_marker.empty()) {
            const auto null_row =
                store_.read([&](runtime::SqlSession& session) { return find_version_row(session, in.bucket, *marker, version_marker); });
            start = null_row ? Position{*marker, null_row->newness} : Position::before(*marker);
        }
        const auto page = list_page(*request, std::move(start), [&](const Position& after, std::size_t count) {
            std::vector<StoredVersion> rows;
            for (const auto& row : store_.read([&](runtime::SqlSession& session) {
                     return session.query(sql::list_versions_after, {{"bucket", in.bucket},
                                                                     {"key", after.key},
                                                                     {"newness", after.newness},
                                                                     {"count", static_cast<std::int64_t>(count)}});
                 }))
                rows.push_back(read_version(row, in.bucket));
            return rows;
        });

        const Names names(in.encoding_type);
        s3::ListObjectVersionsOutput out;
        write_frame(out, in, page, *request, names);
        out.is_truncated = page.truncated;
        out.key_marker = names(*marker);
        out.version_id_marker = version_marker;
        if (page.truncated) {
            out.next_key_marker = names(page.last_item);
            out.next_version_id_marker = page.last_version;
        }
        for (const auto& row : page.rows) {
            if (row.is_marker) {
                if (!out.delete_markers) out.delete_markers.emplace();
                s3::DeleteMarkerEntry entry;
                entry.owner = to_owner(*bucket);
                entry.key = names(row.key);
                entry.version_id = row.version_id;
                entry.is_latest = row.is_current;
                entry.last_modified = row.modified_at;
                out.delete_markers->push_back(std::move(entry));
                continue;
            }
            if (!out.versions) out.versions.emplace();
            s3::ObjectVersion entry;
            entry.key = names(row.key);
            entry.version_id = row.version_id;
            entry.is_latest = row.is_current;
            entry.owner = to_owner(*bucket);
            write_facts(entry, row);
            out.versions->push_back(std::move(entry));
        }
        return out;
    });
}

}  // namespace otabahn::objects
