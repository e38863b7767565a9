// SPDX-License-Identifier: Apache-2.0
// Which blocks a GetStream request gets (spec gateway 4.4): those wanted, ascending, cut at n and at 128 KB before they are
// held against the file.
#pragma once

#include "otawire/stream_limits.hpp"
#include "otawire/stream_request.hpp"

#include <cstdint>
#include <optional>

namespace otabahn::otawire {

struct Block {
    std::uint64_t number = 0;  // from the start of the file
    std::uint64_t position = 0;
    std::uint32_t size = 0;  // shorter than asked for only at the file's end
};

class BlockSelection {
  public:
    // Nothing: no block is wanted, or one lies past the file's end.
    static std::optional<BlockSelection> of(const GetStreamRequest& request, std::uint64_t file_size,
                                            const StreamLimits& limits = aws_limits);

    std::uint32_t count() const { return left_; }  // blocks to come
    std::optional<Block> next();

  private:
    bool step();  // to the next wanted block

    std::optional<ByteView> bitmap_;
    std::uint64_t bit_ = 0;      // relative to the offset: the next to look at
    std::uint64_t current_ = 0;  // the bit found
    std::uint64_t offset_ = 0;
    std::uint64_t file_size_ = 0;
    std::uint32_t block_size_ = 0;
    std::uint32_t left_ = 0;
};

}  // namespace otabahn::otawire
