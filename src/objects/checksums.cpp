// SPDX-License-Identifier: Apache-2.0
#include "objects/checksums.hpp"

#include "encoding/base64_string.hpp"
#include "objects/names.hpp"

#include <algorithm>
#include <array>

namespace otabahn::objects {
namespace {

constexpr std::array kinds = {ChecksumKind::crc32, ChecksumKind::crc32c, ChecksumKind::crc64nvme, ChecksumKind::sha1, ChecksumKind::sha256};

// Reflected polynomials.
constexpr std::uint64_t polynomial(ChecksumKind kind) {
    switch (kind) {
        case ChecksumKind::crc32:
            return 0xEDB88320;
        case ChecksumKind::crc32c:
            return 0x82F63B78;
        case ChecksumKind::crc64nvme:
            return 0x9A6C9329AC4BC9B5;
        default:
            return 0;
    }
}

bool is_crc(ChecksumKind kind) { return polynomial(kind) != 0; }

std::uint64_t read_big_endian(std::string_view bytes) {
    std::uint64_t out = 0;
    for (char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
    return out;
}

std::string write_big_endian(std::uint64_t value, std::size_t bytes) {
    std::string out(bytes, '\0');
    for (std::size_t i = bytes; i > 0; --i, value >>= 8) out[i - 1] = static_cast<char>(value & 0xFF);
    return out;
}

// a * b modulo the polynomial, bit-reflected: the top bit of a word of `width` is x^0.
std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t poly, int width) {
    std::uint64_t out = 0;
    for (std::uint64_t bit = std::uint64_t{1} << (width - 1); bit != 0; bit >>= 1) {
        if (a & bit) out ^= b;
        b = (b & 1) ? (b >> 1) ^ poly : b >> 1;
    }
    return out;
}

}  // namespace

std::string_view to_string(ChecksumScope scope) { return scope == ChecksumScope::composite ? "COMPOSITE" : "FULL_OBJECT"; }

std::optional<ChecksumScope> parse_checksum_scope(std::string_view text) {
    if (text == "COMPOSITE") return ChecksumScope::composite;
    if (text == "FULL_OBJECT") return ChecksumScope::full_object;
    return std::nullopt;
}

std::optional<ChecksumKind> parse_checksum_kind(std::string_view text) {
    std::string upper(text);
    for (char& c : upper)
        if (id_rules::is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
    for (auto kind : kinds)
        if (upper == sigv4::to_string(kind)) return kind;
    return std::nullopt;
}

awsapi::ServiceError unsupported_checksum(std::string_view name) {
    return {"InvalidRequest",
            400,
            "Checksum algorithm '" + std::string(name) +
                "' is not supported here. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
            {},
            {}};
}

std::string format_checksums(const ChecksumValues& values) {
    Fields fields;
    for (const auto& [kind, value] : values) fields.emplace(sigv4::to_string(kind), value);
    return format_fields(fields);
}

ChecksumValues parse_checksums(std::string_view text) {
    ChecksumValues out;
    for (auto& [name, value] : parse_fields(text))
        if (const auto kind = parse_checksum_kind(name)) out.emplace(*kind, value);
    return out;
}

BodyDigest::BodyDigest(std::vector<ChecksumKind> wanted) : running_md5_(sigv4::DigestKind::md5) {
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    running_.reserve(wanted.size());
    for (auto kind : wanted) running_.emplace_back(kind);
}

void BodyDigest::update(ByteView bytes) {
    size_ += bytes.size();
    running_md5_.update(bytes);
    for (auto& checksum : running_) checksum.update(bytes);
}

void BodyDigest::finish() {
    md5_ = running_md5_.finish();
    for (auto& checksum : running_) values_.emplace(checksum.kind(), checksum.finish_base64());
}

std::uint64_t combine_crc(ChecksumKind kind, std::uint64_t first, std::uint64_t second, std::uint64_t second_size) {
    // crc(AB) = crc(A) * x^(8 * |B|) + crc(B): these CRCs start from and end with all ones, which cancel out.
    const int width = static_cast<int>(sigv4::checksum_size(kind) * 8);
    const auto poly = polynomial(kind);
    std::uint64_t power = std::uint64_t{1} << (width - 1);   // x^0
    std::uint64_t square = std::uint64_t{1} << (width - 9);  // x^8, then x^16, x^32 …
    for (auto rest = second_size; rest != 0; rest >>= 1) {
        if (rest & 1) power = multiply(square, power, poly, width);
        square = multiply(square, square, poly, width);
    }
    return multiply(power, first, poly, width) ^ second;
}

std::string make_multipart_etag(const std::vector<PartSummary>& parts) {
    sigv4::Digest digest(sigv4::DigestKind::md5);
    for (const auto& part : parts) digest.update(as_bytes(part.md5));
    const auto bytes = digest.finish();
    return encoding::to_hex(as_bytes(bytes)) + "-" + std::to_string(parts.size());
}

std::optional<std::string> make_multipart_checksum(ChecksumKind kind, ChecksumScope scope, const std::vector<PartSummary>& parts) {
    sigv4::Checksum composite(kind);
    std::uint64_t whole = 0;
    bool first = true;
    for (const auto& part : parts) {
        const auto bytes = encoding::from_base64(part.checksum);
        if (part.checksum.empty() || !bytes) return std::nullopt;
        composite.update(as_bytes(*bytes));
        if (!is_crc(kind)) continue;
        const auto value = read_big_endian(*bytes);
        whole = first ? value : combine_crc(kind, whole, value, part.size);
        first = false;
    }
    if (scope == ChecksumScope::composite) return composite.finish_base64() + "-" + std::to_string(parts.size());
    if (!is_crc(kind) || first) return std::nullopt;
    const auto bytes = write_big_endian(whole, sigv4::checksum_size(kind));
    return encoding::to_base64(as_bytes(bytes));
}

awsapi::Outcome<std::optional<std::pair<ChecksumKind, std::string>>> judge_checksums(const ChecksumValues& given,
                                                                                     std::string_view unsupported) {
    using Found = std::optional<std::pair<ChecksumKind, std::string>>;
    if (!unsupported.empty()) return Unexpected(unsupported_checksum(unsupported));
    if (given.empty()) return Found();
    if (given.size() > 1)
        return awsapi::service_fail("InvalidRequest", 400,
                                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    const auto& [kind, value] = *given.begin();
    const auto bytes = encoding::from_base64(value);
    if (!bytes || bytes->size() != sigv4::checksum_size(kind)) {
        std::string header = "x-amz-checksum-";
        for (char c : sigv4::to_string(kind)) header += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        return awsapi::service_fail("InvalidRequest", 400,
                                    "Value for " + header + " header is invalid: '" + value + "' is not the base64 of " +
                                        std::to_string(sigv4::checksum_size(kind)) + " bytes.");
    }
    return Found(std::pair(kind, value));
}

}  // namespace otabahn::objects
