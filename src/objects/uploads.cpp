// SPDX-License-Identifier: Apache-2.0
#include "objects/uploads.hpp"

#include "objects/conditions.hpp"
#include "objects/sql.hpp"

#include <algorithm>

namespace otabahn::objects {
namespace {

// Parts are in the order of their numbers.
std::vector<StoredPart>::const_iterator find_part(const std::vector<StoredPart>& parts, std::int32_t number) {
    const auto at =
        std::lower_bound(parts.begin(), parts.end(), number, [](const StoredPart& one, std::int32_t n) { return one.number < n; });
    return at != parts.end() && at->number == number ? at : parts.end();
}

// Omitted parts are dropped with their blobs.
void keep_only(runtime::SqlSession& session, const std::string& upload_id, const std::vector<StoredPart>& stored,
               const std::vector<StoredPart>& chosen, std::vector<std::string>& freed) {
    for (const auto& part : stored) {
        if (find_part(chosen, part.number) != chosen.end()) continue;
        session.query(sql::delete_part, {{"upload_id", upload_id}, {"part_number", std::int64_t{part.number}}});
        freed.push_back(part.blob_id);
    }
}

std::vector<PartSummary> summarise(const std::vector<StoredPart>& parts, ChecksumKind kind) {
    std::vector<PartSummary> out;
    out.reserve(parts.size());
    for (const auto& part : parts) {
        const auto checksum = part.checksums.find(kind);
        std::string md5;
        for (std::size_t i = 0; i + 1 < part.md5.size(); i += 2) md5 += static_cast<char>(std::stoi(part.md5.substr(i, 2), nullptr, 16));
        out.push_back({part.size, std::move(md5), checksum == part.checksums.end() ? std::string() : checksum->second});
    }
    return out;
}

}  // namespace

StoredUpload read_upload(const runtime::SqlRow& row) {
    StoredUpload out;
    out.upload_id = row.text(0);
    out.bucket = row.text(1);
    out.key = row.text(2);
    out.account = AccountId::trusted(row.text(3));
    out.initiator = row.text(4);
    out.headers = parse_fields(row.text(5));
    out.metadata = parse_fields(row.text(6));
    out.tags = parse_fields(row.text(7));
    out.declared = parse_checksum_kind(row.text(8));
    out.scope = parse_checksum_scope(row.text(9)).value_or(ChecksumScope::full_object);
    out.complete = row.text(10) == "complete";
    out.version_id = row.text(11);
    out.initiated_at = row.time(12);
    return out;
}

std::optional<StoredUpload> find_upload_row(runtime::SqlSession& session, const std::string& upload_id, const std::string& bucket,
                                            const std::string& key) {
    if (!is_storable_text(upload_id)) return std::nullopt;
    const auto row = session.query_one(sql::find_upload, {{"upload_id", upload_id}});
    if (!row) return std::nullopt;
    auto upload = read_upload(*row);
    if (upload.bucket != bucket || upload.key != key) return std::nullopt;
    return upload;
}

std::vector<StoredPart> list_part_rows(runtime::SqlSession& session, const std::string& upload_id, std::int32_t after, std::int64_t count) {
    std::vector<StoredPart> out;
    for (const auto& row : session.query(sql::list_parts, {{"upload_id", upload_id}, {"after", std::int64_t{after}}, {"count", count}})) {
        StoredPart part;
        part.number = static_cast<std::int32_t>(row.integer(0));
        part.blob_id = row.text(1);
        part.size = static_cast<std::uint64_t>(row.integer(2));
        part.md5 = row.text(3);
        part.checksums = parse_checksums(row.text(4));
        part.modified_at = row.time(5);
        out.push_back(std::move(part));
    }
    return out;
}

void insert_upload(runtime::SqlSession& session, const StoredUpload& upload) {
    session.execute(sql::insert_upload,
                    {{"upload_id", upload.upload_id},
                     {"bucket", upload.bucket},
                     {"key", upload.key},
                     {"account", upload.account.text()},
                     {"initiator", upload.initiator},
                     {"headers", format_fields(upload.headers)},
                     {"metadata", format_fields(upload.metadata)},
                     {"tags", format_fields(upload.tags)},
                     {"checksum_kind", upload.declared ? std::string(sigv4::to_string(*upload.declared)) : std::string()},
                     {"checksum_scope", std::string(to_string(upload.scope))},
                     {"now", upload.initiated_at}});
}

Outcome<std::optional<std::string>> put_part(runtime::SqlSession& session, const StoredUpload& upload, const StoredPart& part) {
    // The row's update holds a Complete or Abort of another node back until this part is in, or finds the upload gone.
    if (!session.query_one(sql::touch_upload, {{"upload_id", upload.upload_id}, {"bucket", upload.bucket}, {"key", upload.key}}))
        return Unexpected(no_such_upload(upload.upload_id));
    std::optional<std::string> replaced;
    if (const auto row = session.query_one(sql::delete_part, {{"upload_id", upload.upload_id}, {"part_number", std::int64_t{part.number}}}))
        replaced = row->text(0);
    session.execute(sql::insert_part, {{"upload_id", upload.upload_id},
                                       {"part_number", std::int64_t{part.number}},
                                       {"blob_id", part.blob_id},
                                       {"size", static_cast<std::int64_t>(part.size)},
                                       {"md5", part.md5},
                                       {"checksums", format_checksums(part.checksums)},
                                       {"now", part.modified_at}});
    return replaced;
}

std::vector<std::string> remove_upload(runtime::SqlSession& session, const std::string& upload_id) {
    std::vector<std::string> blobs;
    for (const auto& part : list_part_rows(session, upload_id, 0, max_part_number)) {
        session.query(sql::delete_part, {{"upload_id", upload_id}, {"part_number", std::int64_t{part.number}}});
        blobs.push_back(part.blob_id);
    }
    session.execute(sql::delete_upload, {{"upload_id", upload_id}});
    return blobs;
}

Outcome<std::vector<std::string>> abort_upload(runtime::SqlSession& session, const std::string& upload_id, const std::string& bucket,
                                               const std::string& key) {
    if (!session.query_one(sql::touch_upload, {{"upload_id", upload_id}, {"bucket", bucket}, {"key", key}}))
        return Unexpected(no_such_upload(upload_id));
    return remove_upload(session, upload_id);
}

Outcome<std::vector<StoredPart>> choose_parts(const std::vector<NamedPart>& named, const std::vector<StoredPart>& stored) {
    if (named.empty()) return Unexpected(malformed_xml("CompleteMultipartUpload needs at least one Part."));
    const auto invalid_part = [](const NamedPart& part, const std::string& why) {
        return awsapi::service_fail("InvalidPart", 400,
                                    "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
                                    "specified entity tag may not "
                                    "match the part's entity tag: part " +
                                        std::to_string(part.number) + " " + why + ".",
                                    {{"PartNumber", std::to_string(part.number)}, {"ETag", part.etag}});
    };
    std::vector<StoredPart> out;
    std::int32_t last = 0;
    for (const auto& part : named) {
        if (part.number < 1 || part.number > max_part_number)
            return Unexpected(invalid_argument("Part number must be an integer between 1 and 10000, inclusive.", "PartNumber",
                                               std::to_string(part.number)));
        if (part.number <= last)
            return awsapi::service_fail("InvalidPartOrder", 400,
                                        "The list of parts was not in ascending order. Parts must be ordered by part number: " +
                                            std::to_string(part.number) + " stands after " + std::to_string(last) + ".");
        last = part.number;
        const auto found = find_part(stored, part.number);
        if (found == stored.end()) return invalid_part(part, "was not uploaded");
        if (unquote_etag(part.etag) != found->md5) return invalid_part(part, "was uploaded with ETag " + found->md5);
        for (const auto& [kind, value] : part.checksums) {
            const auto own = found->checksums.find(kind);
            if (own != found->checksums.end() && own->second != value)
                return invalid_part(part, "was uploaded with " + std::string(sigv4::to_string(kind)) + " " + own->second);
        }
        out.push_back(*found);
    }
    for (std::size_t i = 0; i + 1 < out.size(); ++i) {
        if (out[i].size >= min_part_bytes) continue;
        return awsapi::service_fail(
            "EntityTooSmall", 400,
            "Your proposed upload is smaller than the minimum allowed size: every part but the last has at least 5 MiB.",
            {{"ProposedSize", std::to_string(out[i].size)},
             {"MinSizeAllowed", std::to_string(min_part_bytes)},
             {"PartNumber", std::to_string(out[i].number)},
             {"ETag", out[i].md5}});
    }
    return out;
}

Outcome<Completion> complete_upload(runtime::SqlSession& session, const CompletionRequest& request) {
    Completion out;
    const auto open =
        session.query_one(sql::touch_upload, {{"upload_id", request.upload_id}, {"bucket", request.bucket}, {"key", request.key}});
    if (!open) {
        // Repeating a Complete whose answer got lost gives that answer again.
        const auto upload = find_upload_row(session, request.upload_id, request.bucket, request.key);
        if (!upload || !upload->complete) return Unexpected(no_such_upload(request.upload_id));
        const auto chosen = choose_parts(request.parts, list_part_rows(session, request.upload_id, 0, max_part_number));
        if (!chosen) return Unexpected(chosen.error());
        auto version = find_version_row(session, request.bucket, request.key, upload->version_id);
        if (!version || version->content != std::string(upload_content) + request.upload_id)
            return Unexpected(no_such_upload(request.upload_id));
        const auto bucket = find_bucket_row(session, request.bucket);
        version->versioned = bucket && bucket->versioning != Bucket::Versioning::never;
        out.version = std::move(*version);
        out.repeated = true;
        return out;
    }
    const auto upload = read_upload(*open);
    const auto stored = list_part_rows(session, request.upload_id, 0, max_part_number);
    const auto chosen = choose_parts(request.parts, stored);
    if (!chosen) return Unexpected(chosen.error());

    StoredVersion version;
    version.bucket = upload.bucket;
    version.key = upload.key;
    for (const auto& part : *chosen) version.size += part.size;
    if (version.size > max_object_bytes)
        return awsapi::service_fail("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed object size.",
                                    {{"MaxSizeAllowed", std::to_string(max_object_bytes)}});
    if (request.size && *request.size != version.size)
        return Unexpected(invalid_request(
            "The provided 'x-amz-mp-object-size' header does not match what was computed: " + std::to_string(*request.size) +
            " was said, the parts have " + std::to_string(version.size) + " bytes."));
    if (request.checksum_type && *request.checksum_type != to_string(upload.scope))
        return Unexpected(invalid_request("The upload was created using the " + std::string(to_string(upload.scope)) +
                                          " checksum mode. The complete request must use the same checksum mode, not " +
                                          *request.checksum_type + "."));
    const auto parts = summarise(*chosen, upload.kind());
    version.etag = make_multipart_etag(parts);
    version.parts = chosen->size();
    version.content = std::string(upload_content) + upload.upload_id;
    version.headers = upload.headers;
    version.metadata = upload.metadata;
    version.tags = upload.tags;
    version.modified_at = request.now;
    if (auto checksum = make_multipart_checksum(upload.kind(), upload.scope, parts)) {
        version.checksum_scope = to_string(upload.scope);
        version.checksums.emplace(upload.kind(), std::move(*checksum));
    }
    if (request.checksum) {
        const auto own = version.checksums.find(request.checksum->first);
        if (own == version.checksums.end())
            return Unexpected(invalid_request("The upload was created with checksum " + std::string(sigv4::to_string(upload.kind())) +
                                              "; a checksum of another kind cannot be judged."));
        if (own->second != request.checksum->second)
            return Unexpected(bad_digest("The " + std::string(sigv4::to_string(request.checksum->first)) +
                                         " you specified did not match the calculated checksum."));
    }

    std::vector<std::string> replaced;
    auto put = put_version(session, std::move(version), request.conditions, request.random, replaced);
    if (!put) return Unexpected(put.error());
    out.version = std::move(put).value();
    out.freed = std::move(replaced);
    keep_only(session, upload.upload_id, stored, *chosen, out.freed);
    session.execute(sql::complete_upload, {{"upload_id", upload.upload_id}, {"version_id", out.version.version_id}});
    return out;
}

}  // namespace otabahn::objects
