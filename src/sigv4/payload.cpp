// SPDX-License-Identifier: Apache-2.0
#include "sigv4/payload.hpp"

#include "encoding/base64_string.hpp"
#include "sigv4/url_text.hpp"

#include <array>
#include <charconv>

namespace otabahn::sigv4 {
namespace {

struct ModeRow {
    std::string_view word;
    PayloadMode mode;
};
constexpr std::array<ModeRow, 4> modes{{
    {"UNSIGNED-PAYLOAD", PayloadMode::not_signed},
    {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", PayloadMode::trailer},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", PayloadMode::signed_chunks},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", PayloadMode::signed_chunks_trailer},
}};

Unexpected<PayloadError> wrong(PayloadFault fault, std::string message) { return Unexpected(PayloadError(fault, std::move(message))); }

bool is_base64_of(std::string_view text, std::size_t bytes) {
    const auto raw = encoding::from_base64(text);
    return raw && raw->size() == bytes;
}

// x-amz-trailer: "a, b" in lower case.
std::vector<std::string> read_announced(const RequestView& request) {
    std::vector<std::string> names;
    const std::string text = to_lower(request.find_header("x-amz-trailer").value_or(""));
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find(',', from), text.size());
        std::string name = text.substr(from, end - from);
        std::erase(name, ' ');
        if (!name.empty() && names.size() < 16) names.push_back(std::move(name));
        from = end + 1;
    }
    return names;
}

}  // namespace

Result<PayloadMode, PayloadError> payload_mode(std::string_view payload_hash) {
    for (const ModeRow& row : modes)
        if (row.word == payload_hash) return row.mode;
    if (is_lower_hex(payload_hash, 64)) return PayloadMode::hashed;
    if (payload_hash.starts_with("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"))
        return wrong(PayloadFault::unsupported_mode,
                     "A body signed by SigV4A (" + std::string(payload_hash) + ") is not implemented; sign with AWS4-HMAC-SHA256.");
    return wrong(PayloadFault::malformed_hash,
                 "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                 "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
}

Result<Payload, PayloadError> Payload::plan(const RequestView& request, std::string_view payload_hash, const ChunkChain& chain) {
    const auto mode = payload_mode(payload_hash);
    if (!mode) return Unexpected(mode.error());
    Payload out;
    out.mode_ = *mode;
    if (*mode == PayloadMode::hashed) {
        out.sha256_.emplace(DigestKind::sha256);
        out.expected_sha256_ = payload_hash;
    }
    if (const auto md5 = request.find_header("content-md5")) {
        if (!is_base64_of(*md5, checksum_size(ChecksumKind::md5)))
            return wrong(PayloadFault::malformed_digest, "The Content-MD5 you specified was invalid.");
        out.checksums_.push_back({Checksum(ChecksumKind::md5), "content-md5", *md5});
    }
    std::size_t checksum_headers = 0;
    for (const HeaderView& header : request.headers) {
        const std::string name = to_lower(header.name);
        const auto kind = checksum_of_header(name);
        if (!kind) continue;
        if (++checksum_headers > 1)
            return wrong(PayloadFault::malformed_checksum,
                         "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
        // A composite value (BASE64-PARTS) belongs to a multipart object as a whole, not to this body.
        const std::string value = request.find_header(name).value_or("");
        if (value.find('-') != std::string::npos) continue;
        if (!is_base64_of(value, checksum_size(*kind)))
            return wrong(PayloadFault::malformed_checksum, "Value for " + name + " header is invalid.");
        out.checksums_.push_back({Checksum(*kind), name, value});
    }
    const bool chunked = mode.value() != PayloadMode::hashed && *mode != PayloadMode::not_signed;
    if (!chunked) return out;

    const std::string length = request.find_header("x-amz-decoded-content-length").value_or("");
    std::uint64_t decoded = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), decoded);
    if (length.empty() || error != std::errc{} || end != length.data() + length.size())
        return wrong(PayloadFault::missing_length,
                     "You must provide the x-amz-decoded-content-length HTTP header with an aws-chunked body.");
    out.decoded_length_ = decoded;

    ChunkRules rules;
    rules.decoded_length = decoded;
    rules.trailer = *mode != PayloadMode::signed_chunks;
    if (*mode != PayloadMode::trailer) rules.chain = chain;
    if (rules.trailer) rules.announced = read_announced(request);
    for (const std::string& name : rules.announced)
        if (const auto kind = checksum_of_header(name)) {
            if (++checksum_headers > 1)
                return wrong(PayloadFault::malformed_checksum,
                             "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
            out.checksums_.push_back({Checksum(*kind), name, {}});
        }
    out.decoder_.emplace(std::move(rules));
    return out;
}

Result<ByteView, PayloadError> Payload::take(ByteView wire) {
    ByteView bytes = wire;
    if (decoder_) {
        decoded_.clear();
        if (auto pushed = decoder_->push(wire, decoded_); !pushed) return Unexpected(std::move(pushed).error());
        bytes = as_bytes(decoded_);
    }
    if (sha256_) sha256_->update(bytes);
    for (Expected& expected : checksums_) expected.running.update(bytes);
    return bytes;
}

Result<void, PayloadError> Payload::finish() {
    if (decoder_) {
        auto trailers = decoder_->finish();
        if (!trailers) return Unexpected(std::move(trailers).error());
        for (const Header& trailer : *trailers)
            for (Expected& expected : checksums_) {
                if (expected.header != trailer.name) continue;
                if (!is_base64_of(trailer.value, checksum_size(expected.running.kind())))
                    return wrong(PayloadFault::malformed_trailer, "Value for the " + trailer.name + " trailer is invalid.");
                expected.base64 = trailer.value;
            }
    }
    if (sha256_) {
        const std::string computed = encoding::to_hex(sha256_->finish());
        if (computed != expected_sha256_)
            return wrong(PayloadFault::hash, "The provided 'x-amz-content-sha256' header does not match what was computed: " +
                                                 expected_sha256_ + " was signed, the body has " + computed + ".");
    }
    for (Expected& expected : checksums_) {
        if (expected.running.finish_base64() == expected.base64) continue;
        return wrong(PayloadFault::checksum,
                     "The " + std::string(to_string(expected.running.kind())) + " you specified did not match the calculated checksum.");
    }
    return {};
}

}  // namespace otabahn::sigv4
