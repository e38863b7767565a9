// SPDX-License-Identifier: Apache-2.0
// An object's MD5 and checksums (spec control-plane 2.8): taken while the bytes pass, merged from parts' ones, and moved
// between the generated shapes, which have a member per algorithm. Pure.
#pragma once

#include "awsapi/service_error.hpp"
#include "sigv4/checksum.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::objects {

using sigv4::ChecksumKind;
using ChecksumValues = std::map<ChecksumKind, std::string>;  // base64

// COMPOSITE: over the parts' checksums, "value-N". FULL_OBJECT: over the bytes.
enum class ChecksumScope { composite, full_object };
std::string_view to_string(ChecksumScope scope);
std::optional<ChecksumScope> parse_checksum_scope(std::string_view text);

// CRC32 …, any case; MD5 is an ETag and no checksum here.
std::optional<ChecksumKind> parse_checksum_kind(std::string_view text);
awsapi::ServiceError unsupported_checksum(std::string_view name);

// "crc32=…&sha1=…", how a row holds them.
std::string format_checksums(const ChecksumValues& values);
ChecksumValues parse_checksums(std::string_view text);

// MD5 and some checksums of bytes that pass.
class BodyDigest {
  public:
    explicit BodyDigest(std::vector<ChecksumKind> kinds);
    void update(ByteView bytes);
    std::uint64_t size() const { return size_; }
    void finish();
    // After finish().
    const std::string& md5() const { return md5_; }  // 16 bytes
    const ChecksumValues& checksums() const { return values_; }

  private:
    sigv4::Digest running_md5_;
    std::vector<sigv4::Checksum> running_;
    std::uint64_t size_ = 0;
    std::string md5_;
    ChecksumValues values_;
};

// The checksum of A followed by B, from those of A and B and the size of B. CRCs only.
std::uint64_t combine_crc(ChecksumKind kind, std::uint64_t first, std::uint64_t second, std::uint64_t second_size);

struct PartSummary {
    std::uint64_t size;
    std::string md5;       // 16 bytes
    std::string checksum;  // base64; empty: the part has none of that kind
};
// hex(MD5(MD5s)) + "-N"
std::string make_multipart_etag(const std::vector<PartSummary>& parts);
// Nothing when a part lacks its checksum.
std::optional<std::string> make_multipart_checksum(ChecksumKind kind, ChecksumScope scope, const std::vector<PartSummary>& parts);

// The checksum that a request's members carry: none, one, or a refusal (more than one, not base64 of that length, unknown).
template <class Input>
awsapi::Outcome<std::optional<std::pair<ChecksumKind, std::string>>> read_checksum(const Input& in);
// The same without judgement, for list elements.
template <class Input>
ChecksumValues list_checksums(const Input& in);
template <class Output>
void write_checksums(Output& out, const ChecksumValues& values);

awsapi::Outcome<std::optional<std::pair<ChecksumKind, std::string>>> judge_checksums(const ChecksumValues& given,
                                                                                     std::string_view unsupported);

template <class Input>
ChecksumValues list_checksums(const Input& in) {
    ChecksumValues out;
    if (in.checksum_crc32) out[ChecksumKind::crc32] = *in.checksum_crc32;
    if (in.checksum_crc32_c) out[ChecksumKind::crc32c] = *in.checksum_crc32_c;
    if (in.checksum_crc64_nvme) out[ChecksumKind::crc64nvme] = *in.checksum_crc64_nvme;
    if (in.checksum_sha1) out[ChecksumKind::sha1] = *in.checksum_sha1;
    if (in.checksum_sha256) out[ChecksumKind::sha256] = *in.checksum_sha256;
    return out;
}

template <class Input>
awsapi::Outcome<std::optional<std::pair<ChecksumKind, std::string>>> read_checksum(const Input& in) {
    std::string_view unsupported;
    if (in.checksum_sha512) unsupported = "SHA512";
    if (in.checksum_md5) unsupported = "MD5";
    if (in.checksum_xxhash64) unsupported = "XXHASH64";
    if (in.checksum_xxhash3) unsupported = "XXHASH3";
    if (in.checksum_xxhash128) unsupported = "XXHASH128";
    return judge_checksums(list_checksums(in), unsupported);
}

template <class Output>
void write_checksums(Output& out, const ChecksumValues& values) {
    for (const auto& [kind, value] : values) {
        switch (kind) {
            case ChecksumKind::crc32:
                out.checksum_crc32 = value;
                break;
            case ChecksumKind::crc32c:
                out.checksum_crc32_c = value;
                break;
            case ChecksumKind::crc64nvme:
                out.checksum_crc64_nvme = value;
                break;
            case ChecksumKind::sha1:
                out.checksum_sha1 = value;
                break;
            case ChecksumKind::sha256:
                out.checksum_sha256 = value;
                break;
            case ChecksumKind::md5:
                break;
        }
    }
}

}  // namespace otabahn::objects
