// SPDX-License-Identifier: Apache-2.0
// Versions of objects in the store, and S3's rules of versioning (spec control-plane 2.5): one transaction each. Every
// write to a bucket begins by advancing the bucket's row, which serialises writers and orders versions.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "objects/checksums.hpp"
#include "objects/errors.hpp"
#include "objects/names.hpp"
#include "runtime/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::objects {

struct Bucket {
    std::string name;
    AccountId owner;
    Region region;
    enum class Versioning { never, enabled, suspended } versioning = Versioning::never;
    Timestamp created_at{};
};

// Content of an object: one blob, or the parts of an upload. Stored.
inline constexpr std::string_view blob_content = "blob:", upload_content = "upload:";

struct StoredVersion {
    std::string bucket, key;
    std::int64_t newness = 0;  // ascending: newest first
    std::string version_id;
    bool is_marker = false, is_current = false;
    bool versioned = false;  // set by put_version: the bucket shows its version ids
    std::string etag;        // unquoted
    std::uint64_t size = 0;
    std::string content;
    std::uint64_t parts = 0;  // 0: not uploaded in parts
    Fields headers;           // Content-Type …, by lower-case names
    Fields metadata;
    Fields tags;
    ChecksumValues checksums;
    std::string checksum_scope;
    Timestamp modified_at{};
};

struct WriteConditions {
    std::optional<std::string> if_match, if_none_match;
};

struct Deletion {
    bool marker = false;  // a delete marker was made, or removed
    std::optional<std::string> version_id;
    bool changed = false;            // the current version is another one now
    std::vector<std::string> blobs;  // to be removed after the commit
};

std::optional<Bucket> find_bucket_row(runtime::SqlSession& session, const std::string& name);
Bucket read_bucket(const runtime::SqlRow& row);
StoredVersion read_version(const runtime::SqlRow& row, const std::string& bucket);

// The newest of the key (a marker, perhaps), or the one named.
std::optional<StoredVersion> find_version_row(runtime::SqlSession& session, const std::string& bucket, const std::string& key,
                                              const std::optional<std::string>& version_id);

// `random` makes the version's id. Gives blobs that are to be removed after the commit in `freed`. `version` gains its id.
Outcome<StoredVersion> put_version(runtime::SqlSession& session, StoredVersion version, const WriteConditions& conditions,
                                   std::string_view random, std::vector<std::string>& freed);
Outcome<Deletion> delete_version(runtime::SqlSession& session, const std::string& bucket, const std::string& key,
                                 const std::optional<std::string>& version_id, const std::optional<std::string>& if_match,
                                 std::string_view random, Timestamp now);

}  // namespace otabahn::objects
