// SPDX-License-Identifier: Apache-2.0
// S3: buckets, versions of objects, and their bytes in the blob store. Blocking: pool threads only.
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "runtime/blob.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace otabahn::objects {

struct Bucket {
    std::string name;
    AccountId owner;
    Region region;
    enum class Versioning { never, enabled, suspended } versioning = Versioning::never;
};

struct ObjectVersion {
    std::string bucket, key;
    std::string version_id;  // "null" where versioning was not enabled
    std::string etag;        // unquoted
    std::uint64_t size = 0;
    std::string blob_id;
    std::string content_type;
    Timestamp last_modified{};
};

class Objects {
  public:
    Objects(runtime::Store& store, runtime::BlobStore& blobs, runtime::Bus& bus, const runtime::Clock& clock, access::Access& access);

    // For other capabilities (streams, signer, jobs); S3's own rules of visibility, no authorisation: the caller did that.
    Result<std::optional<Bucket>> find_bucket(const std::string& bucket);
    Result<std::optional<ObjectVersion>> find_object(const std::string& bucket, const std::string& key, const std::optional<std::string>& version_id);
    Result<std::shared_ptr<const runtime::BlobReader>> open(const ObjectVersion& object);
    Result<ObjectVersion> put(const std::string& bucket, const std::string& key, std::string_view content_type, std::string_view bytes);
    // Signer embeds whole images (base64) in its output: too large for memory, so it is written in pieces.
    Result<ObjectVersion> put(const std::string& bucket, const std::string& key, std::string_view content_type, std::unique_ptr<runtime::BlobWriter> written);
    Result<std::unique_ptr<runtime::BlobWriter>> begin_blob();

    void bind_rest(awsapi::Operations& operations);

  private:
    runtime::Store& store_;
    runtime::BlobStore& blobs_;
    runtime::Bus& bus_;
    const runtime::Clock& clock_;
    access::Access& access_;
};

}  // namespace otabahn::objects
