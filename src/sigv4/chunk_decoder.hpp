// SPDX-License-Identifier: Apache-2.0
// Takes aws-chunked bytes as they come and gives the object's bytes (spec control-plane 1.4). It keeps a line, never a
// chunk: a chunk's data goes out before its signature is known, so what came out counts only after finish(). Pure.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "sigv4/chunk_chain.hpp"
#include "sigv4/digest.hpp"
#include "sigv4/payload_error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::sigv4 {

struct ChunkRules {
    std::optional<ChunkChain> chain;     // set: chunks (and the trailer) are signed
    bool trailer = false;                // the mode's name ends in -TRAILER
    std::vector<std::string> announced;  // lower-case names in x-amz-trailer
    std::uint64_t decoded_length = 0;    // x-amz-decoded-content-length
};

class ChunkDecoder {
  public:
    explicit ChunkDecoder(ChunkRules rules);

    // Appends what it decodes to `out`: never more than `in` has. After an error it must not be used again.
    Result<void, PayloadError> push(ByteView in, std::string& out);
    // After the body's last byte: the trailers, names in lower case.
    Result<std::vector<Header>, PayloadError> finish();

  private:
    enum class State { size_line, data, data_end, last_line, trailer_lines, done };

    Result<void, PayloadError> take_line(std::string_view line);
    Result<void, PayloadError> start_chunk(std::string_view line);
    Result<void, PayloadError> end_chunk();
    Result<void, PayloadError> take_trailer(std::string_view line);
    Result<void, PayloadError> end_trailers();

    ChunkRules rules_;
    State state_ = State::size_line;
    std::string line_;
    std::uint64_t chunk_left_ = 0, total_ = 0;
    bool small_chunk_seen_ = false, trailer_signed_ = false;
    std::string chunk_signature_;
    std::optional<Digest> chunk_digest_;
    std::vector<Header> trailers_;
    std::string canonical_trailers_;
    std::size_t stray_ = 0;
};

}  // namespace otabahn::sigv4
