// SPDX-License-Identifier: Apache-2.0
// The chain of signatures over the chunks of an aws-chunked body (spec control-plane 1.4): each signs the one before it,
// so none can be left out, swapped or added. Signing and verifying are the same step. Pure.
#pragma once

#include "sigv4/canonical.hpp"

#include <string>
#include <string_view>

namespace otabahn::sigv4 {

struct ChunkChain {
    SigningKey key{};
    std::string previous;  // at first the seed: the signature of the headers
    std::string amz_date, scope;

    // The signature of the next chunk, which becomes the previous one.
    std::string next_chunk(std::string_view data_sha256_hex);
    std::string next_trailer(std::string_view canonical_trailers);  // "name:value\n" each
};

}  // namespace otabahn::sigv4
