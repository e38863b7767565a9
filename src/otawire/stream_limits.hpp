// SPDX-License-Identifier: Apache-2.0
// How much a stream serves (spec gateway 4.3, 4.6). `extended_limits` lifts AWS's quotas where the protocol allows: block
// numbers and counts to 32 bits, bitmaps and files to any size that a message or a file has. The size of a block and what one
// request may draw stay, because messages and devices are built for them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace otabahn::otawire {

struct StreamLimits {
    std::uint32_t least_block = 256;
    std::uint32_t most_block = 131072;
    std::uint32_t most_offset = 98304;
    std::uint32_t most_count = 98304;
    std::size_t bitmap_below = 12288;  // bytes; so many are too many
    std::uint32_t request_bytes = 131072;
    std::uint64_t file_bytes = 25165824;
    std::size_t files = 10;
};

inline constexpr StreamLimits aws_limits{};
inline constexpr StreamLimits extended_limits{256, 131072, UINT32_MAX, UINT32_MAX, 131072, 131072, UINT64_MAX, 50};

inline constexpr std::size_t longest_token = 64;

}  // namespace otabahn::otawire
