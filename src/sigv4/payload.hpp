// SPDX-License-Identifier: Apache-2.0
// Everything S3 promises about a body, checked while it streams by: SHA-256, chunk signatures, length, Content-MD5 and
// x-amz-checksum-… in header or trailer (spec control-plane 1.3, 2.8). Memory does not grow with the body. Pure.
#pragma once

#include "sigv4/checksum.hpp"
#include "sigv4/chunk_decoder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otabahn::sigv4 {

enum class PayloadMode { hashed, not_signed, trailer, signed_chunks, signed_chunks_trailer };
Result<PayloadMode, PayloadError> payload_mode(std::string_view payload_hash);

class Payload {
  public:
    // `payload_hash`: what was signed (s3_payload_hash). `chain`: of the verified signature.
    static Result<Payload, PayloadError> plan(const RequestView& request, std::string_view payload_hash, const ChunkChain& chain);

    PayloadMode mode() const { return mode_; }
    bool is_chunked() const { return decoder_.has_value(); }
    // Bytes of the object where the headers say it: of aws-chunked bodies always.
    std::optional<std::uint64_t> decoded_length() const { return decoded_length_; }

    // The object's bytes in `wire`: a view of it, or of this payload's own buffer until the next call.
    Result<ByteView, PayloadError> take(ByteView wire);
    // The whole body went by: is it what was announced?
    Result<void, PayloadError> finish();

  private:
    struct Expected {
        Checksum running;
        std::string header, base64;  // base64 is empty while it is still to come in the trailer
    };

    Payload() = default;

    PayloadMode mode_ = PayloadMode::not_signed;
    std::optional<std::uint64_t> decoded_length_;
    std::optional<ChunkDecoder> decoder_;
    std::string decoded_;
    std::optional<Digest> sha256_;
    std::string expected_sha256_;
    std::vector<Expected> checksums_;
};

}  // namespace otabahn::sigv4
