// SPDX-License-Identifier: Apache-2.0
#include "signer/signing.hpp"

#include "encoding/base64_string.hpp"
#include "encoding/json.hpp"
#include "sigv4/digest.hpp"

#include <functional>
#include <vector>

namespace otabahn::signer {
namespace {

constexpr std::size_t piece_bytes = 1 << 20;

Result<void> for_each_piece(const runtime::BlobReader& image, const std::function<Result<void>(ByteView)>& take) {
    std::vector<std::uint8_t> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, image.size() + 1)));
    for (std::uint64_t at = 0; at < image.size();) {
        const auto got = image.read_at(at, buffer);
        if (!got) return Unexpected(got.error());
        if (*got == 0)
            return fail(ErrorCode::internal, "The image ended at byte " + std::to_string(at) + " of " + std::to_string(image.size()) + ".");
        if (auto taken = take(ByteView(buffer).first(*got)); !taken) return taken;
        at += *got;
    }
    return {};
}

// The members that both forms begin with, left open.
std::string format_head(const SignedOutput& output) {
    const auto signature = encoding::to_base64(output.signature);
    return "{\"rawPayloadSize\":" + std::to_string(output.image_size) + ",\"signature\":\"" + signature + "\",\"signatureAlgorithm\":\"" +
           std::string(x509::to_java_name(output.algorithm)) + "\",";
}

std::string quote(std::string_view text) {
    std::string out(text.size() * 6 + 2, '\0');  // a control character becomes six
    encoding::JsonWriter writer(out);
    writer.string(text);
    return std::string(writer.written());
}

}  // namespace

Result<std::string> sign_image(const runtime::BlobReader& image, const x509::PrivateKey& key, x509::SignatureAlgorithm algorithm) {
    const bool sha1 = algorithm == x509::SignatureAlgorithm::sha1_rsa || algorithm == x509::SignatureAlgorithm::sha1_ecdsa;
    sigv4::Digest digest(sha1 ? sigv4::DigestKind::sha1 : sigv4::DigestKind::sha256);
    const auto read = for_each_piece(image, [&](ByteView piece) -> Result<void> {
        digest.update(piece);
        return {};
    });
    if (!read) return Unexpected(read.error());
    return x509::sign_digest(key, algorithm, digest.finish());
}

std::string format_detached(const SignedOutput& output, std::string_view bucket, std::string_view key, std::string_view version) {
    return format_head(output) + "\"payloadLocation\":{\"s3\":{\"bucketName\":" + quote(bucket) + ",\"key\":" + quote(key) +
           ",\"version\":" + quote(version) + "}}}";
}

Result<void> write_embedded(const SignedOutput& output, const runtime::BlobReader& image, runtime::BlobWriter& to) {
    const auto head = format_head(output) + "\"payload\":\"";
    if (auto written = to.append(as_bytes(head)); !written) return written;
    encoding::Base64Encoder encoder;
    std::string text;
    const auto append = [&](std::optional<std::size_t> size) {
        return to.append(as_bytes(std::string_view(text).substr(0, size.value_or(0))));
    };
    const auto read = for_each_piece(image, [&](ByteView piece) -> Result<void> {
        text.resize(encoding::Base64Encoder::room_for(piece.size()) + 4);
        return append(encoder.append(piece, text));
    });
    if (!read) return read;
    text.resize(4);
    if (auto written = append(encoder.finish(text)); !written) return written;
    return to.append(as_bytes("\"}"));
}

}  // namespace otabahn::signer
