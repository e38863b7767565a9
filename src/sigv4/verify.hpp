// SPDX-License-Identifier: Apache-2.0
// Judges a claim with the secret of the key it names. Time is an argument. Pure.
#pragma once

#include "sigv4/chunk_chain.hpp"
#include "sigv4/claim.hpp"

namespace otabahn::sigv4 {

inline constexpr std::chrono::minutes allowed_skew{15};  // spec control-plane 1.7

// What a verified signature leaves behind: where the chunks of a signed body chain from.
struct Proof {
    ChunkChain chain;
};

struct VerifyRules {
    // SigV2 signs /bucket/key; with a virtual host the path lacks the bucket: "/bucket" then.
    std::string bucket_prefix;
};

// S3's PayloadHash (spec 1.2, 1.5): the literal value of x-amz-content-sha256, nothing if the header form lacks it;
// UNSIGNED-PAYLOAD for a presigned URL that signs no such header.
std::optional<std::string> s3_payload_hash(const Claim& claim, const RequestView& request);

// `payload_hash`: hex SHA-256 of the body, or for S3 what s3_payload_hash says.
Result<Proof, Refusal> verify(const Claim& claim, const RequestView& request, std::string_view secret, std::string_view payload_hash,
                              Timestamp now, const VerifyRules& rules = {});

}  // namespace otabahn::sigv4
