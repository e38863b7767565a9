// SPDX-License-Identifier: Apache-2.0
// S3: buckets, versions of objects, and their bytes in the blob store. Blocking: pool threads only.
//
// An object is there whole and durable, or not at all: its blob is committed first, then one write to the store makes it
// visible. A blob that no row names (a crash between the two) is removed by sweep_orphans().
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "objects/incoming.hpp"
#include "objects/versions.hpp"
#include "runtime/blob.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace otabahn::objects {

struct ObjectVersion {
    std::string bucket, key;
    std::string version_id;  // "null" where versioning was not enabled
    std::string etag;        // unquoted
    std::uint64_t size = 0;
    std::string blob_id;  // names the content for open(): one blob, or the parts of an upload
    std::string content_type;
    Timestamp last_modified{};
};

class Objects {
  public:
    Objects(runtime::Store& store, runtime::BlobStore& blobs, runtime::Bus& bus, const runtime::Clock& clock, access::Access& access);

    // For other capabilities (streams, signer, jobs); S3's own rules of visibility, no authorisation: the caller did that
    // (may_read, may_write), ownership of the bucket included.
    Result<std::optional<Bucket>> find_bucket(const std::string& bucket);
    // Nothing: no such bucket, key or version, or it is a delete marker.
    Result<std::optional<ObjectVersion>> find_object(const std::string& bucket, const std::string& key,
                                                     const std::optional<std::string>& version_id);
    Result<std::shared_ptr<const runtime::BlobReader>> open(const ObjectVersion& object);
    Result<ObjectVersion> put(const std::string& bucket, const std::string& key, std::string_view content_type, std::string_view bytes);
    // Signer embeds whole images (base64) in its output: too large for memory, so it is written in pieces.
    Result<ObjectVersion> put(const std::string& bucket, const std::string& key, std::string_view content_type,
                              std::unique_ptr<ObjectWriter> written);
    Result<std::unique_ptr<ObjectWriter>> begin_blob();

    // What S3 would say to this caller: bucket there and his account's, s3:GetObject[Version] or s3:PutObject allowed.
    Result<void> may_read(const awsapi::Caller& caller, const std::string& bucket, const std::string& key, bool names_version);
    Result<void> may_write(const awsapi::Caller& caller, const std::string& bucket, const std::string& key);

    // At a start, before the listeners: removes blobs older than `age` that no row names; gives how many.
    Result<std::size_t> sweep_orphans(Duration age = std::chrono::hours(1));

    void bind_rest(awsapi::Operations& operations);

  private:
    void bind_buckets(awsapi::Operations& operations);
    void bind_reads(awsapi::Operations& operations);
    void bind_writes(awsapi::Operations& operations);
    void bind_listings(awsapi::Operations& operations);
    void bind_multipart(awsapi::Operations& operations);
    void bind_copies(awsapi::Operations& operations);
    void bind_unset(awsapi::Operations& operations);

    // Bucket of that name if it is the caller's and the action is allowed; S3's refusal otherwise.
    Outcome<Bucket> admit(const awsapi::Caller& caller, const std::string& bucket, std::string_view action, const std::string& resource,
                          const std::optional<std::string>& expected_owner);
    // The version that a read names; S3's refusals for markers, missing keys and versions.
    Outcome<StoredVersion> load_version(const awsapi::Caller& caller, const std::string& bucket, const std::string& key,
                                        const std::optional<std::string>& version_id);
    Result<std::shared_ptr<const runtime::BlobReader>> open_content(const std::string& content);
    // Makes `version` the newest of its key; on refusal its blob is removed. Frees what it replaces.
    Outcome<StoredVersion> publish(const Scope& scope, StoredVersion version, const WriteConditions& conditions);
    Outcome<Deletion> erase(const Scope& scope, const std::string& bucket, const std::string& key,
                            const std::optional<std::string>& version_id, const std::optional<std::string>& if_match);
    void remove_blobs(const std::vector<std::string>& ids);
    void announce(const Scope& scope, const std::string& bucket, const std::string& key);

    runtime::Store& store_;
    runtime::BlobStore& blobs_;
    runtime::Bus& bus_;
    const runtime::Clock& clock_;
    access::Access& access_;
};

}  // namespace otabahn::objects
