// SPDX-License-Identifier: Apache-2.0
// Bytes on their way into a blob: digests are taken as they pass, and what the request promised (Content-MD5, a checksum, a
// limit of size) is held against them before the blob is committed. One thread at a time; without commit nothing remains.
#pragma once

#include "objects/checksums.hpp"
#include "objects/errors.hpp"
#include "runtime/blob.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::objects {

inline constexpr std::uint64_t max_upload_bytes = std::uint64_t{5} << 30;  // of one PUT or part

struct Promise {
    std::optional<std::string> content_md5;                        // base64
    std::optional<std::pair<ChecksumKind, std::string>> checksum;  // base64
    std::vector<ChecksumKind> wanted;                              // to be taken besides
    std::uint64_t limit = max_upload_bytes;
};

class IncomingBody {
  public:
    static Outcome<std::unique_ptr<IncomingBody>> begin(runtime::BlobStore& blobs, Promise promise);

    Outcome<void> append(ByteView bytes);
    // Judges the promise, then makes the blob durable; gives its id.
    Outcome<std::string> commit();

    const BodyDigest& digest() const { return digest_; }

  private:
    IncomingBody(std::unique_ptr<runtime::BlobWriter> writer, Promise promise, std::string md5);

    std::unique_ptr<runtime::BlobWriter> writer_;
    Promise promise_;
    std::string promised_md5_;  // 16 bytes, or empty
    BodyDigest digest_;
};

// For capabilities that write an object without HTTP.
class ObjectWriter final : public runtime::BlobWriter {
  public:
    explicit ObjectWriter(std::unique_ptr<IncomingBody> body) : body_(std::move(body)) {}
    Result<void> append(ByteView bytes) override;
    Result<std::string> commit() override;
    const BodyDigest& digest() const { return body_->digest(); }

  private:
    std::unique_ptr<IncomingBody> body_;
};

}  // namespace otabahn::objects
