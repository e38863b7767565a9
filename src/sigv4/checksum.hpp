// SPDX-License-Identifier: Apache-2.0
// S3's checksums of an object's bytes (spec control-plane 2.8): running, with the base64 text that headers carry.
#pragma once

#include "base/bytes.hpp"
#include "sigv4/digest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace otabahn::sigv4 {

enum class ChecksumKind { crc32, crc32c, crc64nvme, sha1, sha256, md5 };

// By S3's header: "x-amz-checksum-crc32" (any case) … Content-MD5 is not among them.
std::optional<ChecksumKind> checksum_of_header(std::string_view lower_case_name);
// As S3 writes it: CRC32, CRC32C, CRC64NVME, SHA1, SHA256, MD5.
std::string_view to_string(ChecksumKind kind);
// Bytes of the value: 4 … 32.
std::size_t checksum_size(ChecksumKind kind);

class Checksum {
  public:
    explicit Checksum(ChecksumKind kind);
    ChecksumKind kind() const { return kind_; }
    void update(ByteView bytes);
    std::string finish();         // raw, big-endian
    std::string finish_base64();  // what headers and trailers carry

  private:
    ChecksumKind kind_;
    std::variant<std::uint32_t, std::uint64_t, Digest> state_;
};

}  // namespace otabahn::sigv4
