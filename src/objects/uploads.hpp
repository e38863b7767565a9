// SPDX-License-Identifier: Apache-2.0
// Uploads in parts in the store, and the rules of their completion (spec control-plane 2.7). One transaction each.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "objects/versions.hpp"
#include "runtime/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::objects {

inline constexpr std::uint64_t min_part_bytes = std::uint64_t{5} << 20;  // but for the last
inline constexpr std::int32_t max_part_number = 10000;
inline constexpr std::uint64_t max_object_bytes = std::uint64_t{5} << 40;

struct StoredUpload {
    std::string upload_id, bucket, key;
    AccountId account = AccountId::trusted("");
    std::string initiator;  // ARN
    Fields headers, metadata, tags;
    std::optional<ChecksumKind> declared;  // by CreateMultipartUpload; nothing: CRC64NVME, taken silently
    ChecksumScope scope = ChecksumScope::full_object;
    bool complete = false;
    std::string version_id;  // of the object, once complete
    Timestamp initiated_at{};

    ChecksumKind kind() const { return declared.value_or(ChecksumKind::crc64nvme); }
};

struct StoredPart {
    std::int32_t number = 0;
    std::string blob_id;
    std::uint64_t size = 0;
    std::string md5;  // 32 hex digits
    ChecksumValues checksums;
    Timestamp modified_at{};
};

// A Part of the Complete request.
struct NamedPart {
    std::int32_t number = 0;
    std::string etag;
    ChecksumValues checksums;
};

// Nothing: no such upload of that object.
std::optional<StoredUpload> find_upload_row(runtime::SqlSession& session, const std::string& upload_id, const std::string& bucket,
                                            const std::string& key);
StoredUpload read_upload(const runtime::SqlRow& row);
std::vector<StoredPart> list_part_rows(runtime::SqlSession& session, const std::string& upload_id, std::int32_t after, std::int64_t count);
void insert_upload(runtime::SqlSession& session, const StoredUpload& upload);

// Keeps the part; gives the blob that it replaces.
Outcome<std::optional<std::string>> put_part(runtime::SqlSession& session, const StoredUpload& upload, const StoredPart& part);
// The upload must be open; gives the blobs of its parts.
Outcome<std::vector<std::string>> abort_upload(runtime::SqlSession& session, const std::string& upload_id, const std::string& bucket,
                                               const std::string& key);
// Open or complete; gives the blobs of its parts.
std::vector<std::string> remove_upload(runtime::SqlSession& session, const std::string& upload_id);

// Pure: which of the stored parts make the object, in order. Refusals: order, unknown part, other ETag or checksum, small part.
Outcome<std::vector<StoredPart>> choose_parts(const std::vector<NamedPart>& named, const std::vector<StoredPart>& stored);

struct Completion {
    StoredVersion version;
    bool repeated = false;           // it was complete before; the same answer again
    std::vector<std::string> freed;  // blobs to be removed after the commit
};
struct CompletionRequest {
    std::string upload_id, bucket, key;
    std::vector<NamedPart> parts;
    std::optional<std::pair<ChecksumKind, std::string>> checksum;  // of the whole object, as the caller knows it
    std::optional<std::uint64_t> size;
    std::optional<std::string> checksum_type;
    WriteConditions conditions;
    std::string random;
    Timestamp now{};
};
Outcome<Completion> complete_upload(runtime::SqlSession& session, const CompletionRequest& request);

}  // namespace otabahn::objects
