// SPDX-License-Identifier: Apache-2.0
// spec gateway 4.4: which blocks a request gets, and the traps that AWS's own libraries set.
#include "encoding/base64_string.hpp"
#include "otawire/block_selection.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::otawire {
namespace {

struct Asked {
    std::uint32_t l = 256, o = 0;
    std::optional<std::uint32_t> n;
    std::optional<std::string> bitmap = {};  // hex
};

// The blocks' numbers; {-1}: refused.
std::vector<std::int64_t> blocks(const Asked& asked, std::uint64_t file_size, const StreamLimits& limits = aws_limits) {
    GetStreamRequest request;
    request.block_size = asked.l;
    request.offset = asked.o;
    request.count = asked.n;
    const std::string bitmap = asked.bitmap ? encoding::from_hex(*asked.bitmap).value() : "";
    if (asked.bitmap) request.bitmap = as_bytes(bitmap);
    auto selection = BlockSelection::of(request, file_size, limits);
    if (!selection) return {-1};
    std::vector<std::int64_t> out;
    const std::uint32_t count = selection->count();
    while (const auto block = selection->next()) {
        EXPECT_EQ(block->position, block->number * asked.l);
        EXPECT_EQ(block->size, std::min<std::uint64_t>(asked.l, file_size - block->position));
        out.push_back(static_cast<std::int64_t>(block->number));
    }
    EXPECT_EQ(out.size(), count);
    return out;
}

using List = std::vector<std::int64_t>;
const List refused = {-1};

TEST(BlockSelection, RunsFromTheOffset) {
    EXPECT_EQ(blocks({256, 0, 3}, 600), (List{0, 1, 2}));
    EXPECT_EQ(blocks({256, 2, 1}, 600), (List{2}));
    EXPECT_EQ(blocks({256, 1, 1}, 512), (List{1}));
}

TEST(BlockSelection, TheLastBlockIsShort) {
    GetStreamRequest request;
    request.block_size = 256;
    request.offset = 2;
    request.count = 1;
    const auto block = BlockSelection::of(request, 600)->next();
    EXPECT_EQ(block->size, 88U);
    EXPECT_EQ(block->position, 512U);
}

TEST(BlockSelection, RefusesBlocksPastTheEnd) {
    EXPECT_EQ(blocks({256, 0, 4}, 600), refused);
    EXPECT_EQ(blocks({256, 3, 1}, 600), refused);
    EXPECT_EQ(blocks({256, 2, 1}, 512), refused);
    EXPECT_EQ(blocks({256, 98304, 1}, 25165824), refused);
    EXPECT_EQ(blocks({256, 98303, 1}, 25165824), (List{98303}));
    EXPECT_EQ(blocks({256, 0, 1}, 0), refused);
}

TEST(BlockSelection, WithNeitherCountNorBitmapASmallFileIsRefused) {
    EXPECT_EQ(blocks({256, 0, std::nullopt}, 131071 - 255), refused);
    EXPECT_EQ(blocks({256, 0, std::nullopt}, 131072).size(), 512U);
    EXPECT_EQ(blocks({131072, 0, std::nullopt}, 100), (List{0}));
}

TEST(BlockSelection, RefusesAnEmptySelection) {
    EXPECT_EQ(blocks({256, 0, 0}, 600), refused);
    EXPECT_EQ(blocks({256, 0, 5, "00"}, 600), refused);
    EXPECT_EQ(blocks({256, 0, 5, ""}, 600), refused);
    EXPECT_EQ(blocks({256, 0, 0, "ff"}, 600), refused);
}

TEST(BlockSelection, BitsCountFromTheLeastSignificantAndFromTheOffset) {
    EXPECT_EQ(blocks({256, 20, std::nullopt, "130080"}, 20000), (List{20, 21, 24, 43}));
    EXPECT_EQ(blocks({256, 0, 2, "05"}, 600), (List{0, 2}));
    EXPECT_EQ(blocks({256, 0, 9, "05"}, 600), (List{0, 2})) << "fewer bits than n";
    EXPECT_EQ(blocks({256, 0, 1, "04"}, 600), (List{2}));
    EXPECT_EQ(blocks({256, 0, 1, "000004"}, 20000), (List{18}));
    EXPECT_EQ(blocks({256, 0, 9, "08"}, 600), refused);
}

TEST(BlockSelection, TheCountIsAppliedBeforeTheRange) {
    // The file stream library's fixed bitmap reaches 29 blocks past the offset even at the last block.
    EXPECT_EQ(blocks({4096, 3, 1, "4d513d3d"}, 4 * 4096), (List{3}));
    EXPECT_EQ(blocks({4096, 3, 2, "4d513d3d"}, 4 * 4096), refused);
    EXPECT_EQ(blocks({4096, 0, 6, "4d513d3d"}, 40 * 4096), (List{0, 2, 3, 6, 8, 12}));
}

TEST(BlockSelection, WhatTheOtaLibraryAsksFor) {
    EXPECT_EQ(blocks({4096, 0, 1, "ffffffff"}, 32 * 4096), (List{0}));
    EXPECT_EQ(blocks({4096, 0, 1, "18"}, 8 * 4096), (List{3}));
    EXPECT_EQ(blocks({2048, 0, 8, "ffffffffffffff7f"}, 127762), (List{0, 1, 2, 3, 4, 5, 6, 7}));
    // The same bitmap without n, on its 63 blocks of 2048: within 128 KB, all of them.
    EXPECT_EQ(blocks({2048, 0, std::nullopt, "ffffffffffffff7f"}, 127762).size(), 63U);
}

TEST(BlockSelection, ARequestDraws128KbWithoutAnError) {
    EXPECT_EQ(blocks({4096, 0, 100}, 1 << 20).size(), 32U);
    EXPECT_EQ(blocks({131072, 0, 5}, 1 << 20).size(), 1U);
    EXPECT_EQ(blocks({100000, 0, 5}, 1 << 20).size(), 1U);
    EXPECT_EQ(blocks({65536, 0, 5}, 1 << 20).size(), 2U);
    EXPECT_EQ(blocks({256, 0, 98304}, 25165824).size(), 512U);
    // Cut first, held against the file afterwards.
    EXPECT_EQ(blocks({4096, 0, 98304}, 33 * 4096).size(), 32U);
    EXPECT_EQ(blocks({4096, 0, 98304}, 31 * 4096), refused);
}

TEST(BlockSelection, LargeFilesNeedMoreThan32Bits) {
    const std::uint64_t size = 3ULL << 40;
    EXPECT_EQ(blocks({131072, 25165823, 1}, size, extended_limits), (List{25165823}));
    EXPECT_EQ(blocks({131072, 25165824, 1}, size, extended_limits), refused);
    EXPECT_EQ(blocks({131072, 4294967295U, 1}, UINT64_MAX, extended_limits), (List{4294967295}));
    EXPECT_EQ(blocks({256, 4294967295U, std::nullopt, "02"}, UINT64_MAX, extended_limits), (List{4294967296}));
}

TEST(BlockSelection, ABlockSizeOfZeroIsNoDivision) { EXPECT_EQ(blocks({0, 0, 1}, 600), refused); }

}  // namespace
}  // namespace otabahn::otawire
