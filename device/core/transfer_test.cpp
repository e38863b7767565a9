// SPDX-License-Identifier: Apache-2.0
#include "device/core/transfer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <vector>

namespace otabahn::device {
namespace {

class TransferTest : public testing::Test {
  protected:
    std::vector<std::uint8_t> bitmap = std::vector<std::uint8_t>(4'096, 0);
    Transfer make(std::uint64_t size, std::uint32_t block, Transfer::Link link = {}) { return Transfer(size, block, bitmap, link); }
};

// As Update does: what is here is stored when it is due.
void take(Transfer& transfer, std::uint32_t block, Millis now) {
    transfer.take(block, now);
    if (transfer.save_due()) transfer.saved();
}

std::vector<std::uint32_t> blocks_of(const BlockRequest& request) {
    std::vector<std::uint32_t> out;
    for (std::uint32_t bit = 0; bit < 64; ++bit)
        if ((request.mask >> bit & 1) != 0) out.push_back(request.first + bit);
    return out;
}

TEST_F(TransferTest, BlockSizeGrowsUntilTheBitmapHoldsEveryBlock) {
    EXPECT_EQ(Transfer::block_size_for(1'000'000, 4'096, 64), 4'096U);
    EXPECT_EQ(Transfer::block_size_for(1'000'000, 4'096, 4), 32'768U);
    EXPECT_EQ(Transfer::block_size_for(1'000'000, 1, 4'096), 256U);
    EXPECT_EQ(Transfer::block_size_for(24 * 1024 * 1024, 256, 1 << 20), 256U) << "98,304 blocks are AWS's most";
    EXPECT_EQ(Transfer::block_size_for(24 * 1024 * 1024 + 1, 256, 1 << 20), 512U);
    EXPECT_EQ(Transfer::block_size_for(std::uint64_t{1} << 40, 4'096, 1 << 20), 0U) << "no block size is large enough";
}

TEST_F(TransferTest, LastBlockIsAsShortAsTheFileSays) {
    Transfer transfer = make(1'000, 256);
    EXPECT_EQ(transfer.blocks(), 4U);
    EXPECT_EQ(transfer.length_of(3), 232U);
    EXPECT_EQ(transfer.judge(3, 232), Transfer::Taken::fresh);
    EXPECT_EQ(transfer.judge(3, 256), Transfer::Taken::wrong_size);
    EXPECT_EQ(transfer.judge(2, 232), Transfer::Taken::wrong_size);
    EXPECT_EQ(transfer.judge(4, 256), Transfer::Taken::out_of_range);
    EXPECT_EQ(transfer.judge(std::uint64_t{1} << 32, 256), Transfer::Taken::out_of_range) << "a block number is not cut to 32 bits";
}

TEST_F(TransferTest, AFileOfWholeBlocksHasAWholeLastBlock) { EXPECT_EQ(make(1'024, 256).length_of(3), 256U); }

TEST_F(TransferTest, OnlyWhatIsMissingIsAskedFor) {
    bitmap[0] = 0b00101101;
    Transfer transfer = make(8 * 256, 256);
    EXPECT_EQ(transfer.blocks_here(), 4U);
    BlockRequest request;
    ASSERT_TRUE(transfer.next(request, Millis{0}));
    EXPECT_EQ(blocks_of(request), (std::vector<std::uint32_t>{1, 4, 6, 7}));
    EXPECT_FALSE(transfer.next(request, Millis{0})) << "all of it is on its way";
}

TEST_F(TransferTest, BitsPastTheEndOfAStoredBitmapCountForNothing) {
    bitmap[0] = 0xFF;
    const Transfer transfer = make(3 * 256, 256);
    EXPECT_TRUE(transfer.complete());
    EXPECT_EQ(transfer.blocks_here(), 3U);
}

TEST_F(TransferTest, ARequestNeverExceedsWhatAwsReturnsForOne) {
    Transfer transfer = make(512 * 16'384, 16'384);
    std::size_t most = 0;
    for (Millis now{0}; !transfer.complete(); now += Millis{10}) {
        std::vector<std::uint32_t> wanted;
        for (BlockRequest request; transfer.next(request, now);) {
            const auto blocks = blocks_of(request);
            most = std::max(most, blocks.size());
            wanted.insert(wanted.end(), blocks.begin(), blocks.end());
        }
        for (std::uint32_t block : wanted) take(transfer, block, now);
    }
    EXPECT_EQ(most, 8U) << "128 KB";
}

TEST_F(TransferTest, ManyRequestsAreOnTheirWayAtOnceAndNoBlockTwice) {
    Transfer transfer = make(200 * 16'384, 16'384);
    BlockRequest request;
    std::vector<bool> asked(200);
    int requests = 0;
    while (transfer.next(request, Millis{0})) {
        ++requests;
        for (std::uint32_t block : blocks_of(request)) {
            EXPECT_FALSE(asked[block]);
            asked[block] = true;
        }
    }
    EXPECT_GE(requests, 2);
    EXPECT_LE(transfer.in_flight(), transfer.window());
}

TEST_F(TransferTest, SilenceMakesItAskAgainWithEverMorePatience) {
    Transfer transfer = make(4 * 256, 256);
    BlockRequest request;
    ASSERT_TRUE(transfer.next(request, Millis{0}));
    Millis now{0}, before{0};
    for (int tries = 1; tries < 8; ++tries) {
        const Millis wake = transfer.wake_at();
        EXPECT_FALSE(transfer.expire(wake - Millis{1}));
        ASSERT_TRUE(transfer.expire(wake));
        EXPECT_EQ(transfer.timeouts_in_a_row(), static_cast<std::uint32_t>(tries));
        EXPECT_GE(wake - now, before);
        EXPECT_LE(wake - now, Millis{60'000});
        before = wake - now;
        now = wake;
        ASSERT_TRUE(transfer.next(request, now));
    }
}

TEST_F(TransferTest, ABlockThatALaterAnswerOvertookIsAskedForAgainSoon) {
    Transfer transfer = make(64 * 4'096, 4'096);
    BlockRequest first, second;
    ASSERT_TRUE(transfer.next(first, Millis{0}));
    ASSERT_TRUE(transfer.next(second, Millis{0}));
    ASSERT_EQ(blocks_of(first).size(), 2U);
    take(transfer, first.first, Millis{50});
    for (std::uint32_t block : blocks_of(second)) take(transfer, block, Millis{60});
    const Millis wake = transfer.wake_at();
    EXPECT_LT(wake, Millis{1'000}) << "long before silence would be noticed";
    ASSERT_TRUE(transfer.expire(wake));
    BlockRequest again;
    ASSERT_TRUE(transfer.next(again, wake));
    EXPECT_EQ(again.first, first.first + 1);
}

TEST_F(TransferTest, WhatACutWouldCostIsNeverMoreThanAWindow) {
    Transfer transfer = make(4'096 * 4'096, 4'096);
    std::deque<std::uint32_t> line;
    std::mt19937 dice(7);
    std::uint32_t worst = 0;
    BlockRequest request;
    for (Millis now{0}; !transfer.complete(); now += Millis{1}) {
        while (transfer.next(request, now))
            for (std::uint32_t block : blocks_of(request)) line.push_back(block);
        worst = std::max(worst, transfer.in_flight() + transfer.unsaved());
        ASSERT_LE(worst, 256U) << "1 MiB of blocks of 4 KiB";
        ASSERT_FALSE(line.empty()) << "it stalled";
        for (auto some = dice() % 40; some > 0 && !line.empty(); --some) {
            transfer.take(line.front(), now);
            line.pop_front();
        }
        if (transfer.save_due()) transfer.saved();
    }
    EXPECT_GT(worst, 128U) << "the window was not used";
}

TEST_F(TransferTest, WhatIsNotStoredTakesRoomInTheWindow) {
    Transfer transfer = make(1'024 * 4'096, 4'096, {.max_window_bytes = 8 * 4'096});
    BlockRequest request;
    std::vector<std::uint32_t> wanted;
    while (transfer.next(request, Millis{0}))
        for (std::uint32_t block : blocks_of(request)) wanted.push_back(block);
    ASSERT_EQ(wanted.size(), 8U);
    for (std::uint32_t block : wanted) transfer.take(block, Millis{1});
    EXPECT_TRUE(transfer.save_due());
    EXPECT_FALSE(transfer.next(request, Millis{1})) << "a cut now would cost more than a window";
    transfer.saved();
    EXPECT_TRUE(transfer.next(request, Millis{1}));
}

TEST_F(TransferTest, LossShrinksTheWindowAndAnswersGrowItAgain) {
    Transfer transfer = make(4'096 * 4'096, 4'096, {.max_window_bytes = 1024 * 1024});
    BlockRequest request;
    while (transfer.next(request, Millis{0})) {
    }
    const std::uint32_t start = transfer.window();
    ASSERT_TRUE(transfer.expire(transfer.wake_at()));
    const std::uint32_t shrunk = transfer.window();
    EXPECT_LT(shrunk, start);
    Millis now{100'000};
    for (int round = 0; round < 40; ++round) {
        std::vector<std::uint32_t> wanted;
        while (transfer.next(request, now))
            for (std::uint32_t block : blocks_of(request)) wanted.push_back(block);
        now += Millis{20};
        for (std::uint32_t block : wanted) take(transfer, block, now);
    }
    EXPECT_GT(transfer.window(), shrunk);
    EXPECT_LE(transfer.window(), 256U);
}

TEST_F(TransferTest, AnswersThatQueueUpHoldTheWindowDown) {
    // 13 KB/s: what is on its way must not wait for minutes behind itself.
    Transfer transfer = make(16 * 1024 * 1024, 4'096);
    std::deque<std::pair<Millis, std::uint32_t>> line;
    Millis now{0}, line_free{0};
    BlockRequest request;
    std::uint32_t worst_queue = 0;
    for (std::uint32_t received = 0; received < 600; ++received) {
        while (transfer.next(request, now))
            for (std::uint32_t block : blocks_of(request)) {
                line_free = std::max(line_free, now) + Millis{315};
                line.emplace_back(line_free, block);
            }
        ASSERT_FALSE(line.empty()) << "it stalled";
        now = line.front().first;
        EXPECT_FALSE(transfer.expire(now)) << "a slow link is no loss";
        take(transfer, line.front().second, now);
        line.pop_front();
        if (received > 300) worst_queue = std::max(worst_queue, static_cast<std::uint32_t>(line.size()));
    }
    EXPECT_LE(worst_queue, 96U);
}

// A third of all answers dropped, doubled or out of order: the file is whole in the end.
TEST_F(TransferTest, LossyLinksEndWithEveryBlock) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        std::fill(bitmap.begin(), bitmap.end(), std::uint8_t{0});
        Transfer transfer = make(3'000'000, 4'096);
        std::mt19937 dice(seed);
        std::multimap<Millis, std::uint32_t> line;
        Millis now{0};
        BlockRequest request;
        std::uint64_t sent = 0;
        while (!transfer.complete()) {
            ASSERT_LT(now, Millis{600'000}) << "seed " << seed;
            while (transfer.next(request, now))
                for (std::uint32_t block : blocks_of(request)) {
                    ++sent;
                    const auto roll = dice() % 100;
                    if (roll < 10) continue;
                    line.emplace(now + Millis{50 + (roll < 20 ? dice() % 200 : 0)}, block);
                    if (roll > 90) line.emplace(now + Millis{60}, block);
                }
            Millis next = transfer.wake_at();
            if (!line.empty()) next = std::min(next, line.begin()->first);
            ASSERT_NE(next, Millis::max()) << "nothing will ever happen again; seed " << seed;
            now = std::max(now, next);
            if (transfer.expire(now) && transfer.save_due()) transfer.saved();
            while (!line.empty() && line.begin()->first <= now) {
                const std::uint32_t block = line.begin()->second;
                line.erase(line.begin());
                if (transfer.judge(block, transfer.length_of(block)) == Transfer::Taken::fresh) take(transfer, block, now);
            }
        }
        EXPECT_EQ(transfer.in_flight(), 0U);
        EXPECT_LT(sent, 2U * transfer.blocks());
    }
}

TEST_F(TransferTest, AfterALostConnectionEverythingUnansweredIsAskedForAnew) {
    Transfer transfer = make(16 * 256, 256);
    BlockRequest request;
    ASSERT_TRUE(transfer.next(request, Millis{0}));
    take(transfer, request.first, Millis{1});
    transfer.forget_requests();
    EXPECT_EQ(transfer.in_flight(), 0U);
    EXPECT_EQ(transfer.wake_at(), Millis::max());
    BlockRequest again;
    ASSERT_TRUE(transfer.next(again, Millis{2}));
    EXPECT_EQ(again.first, request.first + 1);
}

}  // namespace
}  // namespace otabahn::device
