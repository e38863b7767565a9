// SPDX-License-Identifier: Apache-2.0
#include "sigv4/chunk_chain.hpp"

namespace otabahn::sigv4 {

std::string ChunkChain::next_chunk(std::string_view data_sha256_hex) {
    std::string text = "AWS4-HMAC-SHA256-PAYLOAD\n";
    text.append(amz_date).append("\n").append(scope).append("\n").append(previous).append("\n");
    text.append(empty_sha256).append("\n").append(data_sha256_hex);
    return previous = sign_string(key, text);
}

std::string ChunkChain::next_trailer(std::string_view canonical_trailers) {
    std::string text = "AWS4-HMAC-SHA256-TRAILER\n";
    text.append(amz_date).append("\n").append(scope).append("\n").append(previous).append("\n").append(sha256_hex(canonical_trailers));
    return previous = sign_string(key, text);
}

}  // namespace otabahn::sigv4
