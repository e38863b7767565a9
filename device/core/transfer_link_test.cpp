// SPDX-License-Identifier: Apache-2.0
// Transfers over simulated links, without sockets: a round trip, a rate, a queue, messages that are dropped, doubled or
// overtaken, connections that break. What is measured is what a user would see: how long it takes, what comes twice, and how
// long a message of the service (a cancellation) would wait behind the blocks.
#include "device/core/transfer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace otabahn::device {
namespace {

struct LinkFacts {
    Millis round_trip{100};
    std::uint64_t bytes_per_second = 1'000'000;
    std::uint64_t size = 10'000'000;
    std::uint32_t block = 16 * 1024;
    unsigned dropped = 0, doubled = 0, overtaken = 0;  // percent of the messages, requests too
    std::vector<Millis> breaks = {};                   // the connection is gone then, and back after a second
    unsigned seed = 1;
};

struct Outcome {
    Millis took{0};
    Millis longest_gap{0};   // between two blocks that came
    Millis first_wait{0};    // longest that a message would have waited before the link was known
    Millis longest_wait{0};  // and afterwards
    std::uint64_t blocks = 0, sent = 0;
    double share(const LinkFacts& link) const {
        return static_cast<double>(link.size) * 1'000 / static_cast<double>(took.count()) / static_cast<double>(link.bytes_per_second);
    }
};

class Simulation {
  public:
    explicit Simulation(const LinkFacts& link) : link_(link), dice_(link.seed) {}

    Outcome run() {
        std::vector<std::uint8_t> bitmap(16 * 1024);
        Transfer transfer(link_.size, link_.block, bitmap, {});
        Millis now{0}, last_block{0}, known_after{0};
        std::size_t breaks = 0;
        Outcome out;
        out.blocks = transfer.blocks();
        while (!transfer.complete()) {
            if (breaks < link_.breaks.size() && now >= link_.breaks[breaks]) {
                ++breaks;
                down_.clear();
                transfer.forget_requests();
                transfer.saved();
                now += Millis{1'000};
                line_free_ = 0;
                last_block = known_after = now;
            }
            for (BlockRequest request; transfer.next(request, now);) ask(request, transfer, now);
            Millis next = transfer.wake_at();
            if (!down_.empty()) next = std::min(next, down_.begin()->first);
            if (breaks < link_.breaks.size()) next = std::min(next, link_.breaks[breaks]);
            if (next == Millis::max() || now > Millis{3'600'000}) {
                ADD_FAILURE() << "it stalled at " << transfer.blocks_here() << " of " << transfer.blocks() << " blocks";
                break;
            }
            now = std::max(now, next);
            transfer.expire(now);
            if (transfer.save_due()) transfer.saved();
            while (!down_.empty() && down_.begin()->first <= now) {
                const std::uint32_t block = down_.begin()->second;
                down_.erase(down_.begin());
                out.longest_gap = std::max(out.longest_gap, now - last_block);
                last_block = now;
                if (transfer.judge(block, transfer.length_of(block)) == Transfer::Taken::fresh) transfer.take(block, now);
                if (transfer.save_due()) transfer.saved();
            }
            const Millis wait = std::max(Millis{line_free_ / 1'000} - now, Millis{0});
            // The start is over once a window has come.
            Millis& longest = now - known_after < Millis{15'000} ? out.first_wait : out.longest_wait;
            longest = std::max(longest, wait);
        }
        out.took = now;
        out.sent = sent_;
        return out;
    }

  private:
    bool happens(unsigned percent) { return dice_() % 100 < percent; }

    void ask(const BlockRequest& request, const Transfer& transfer, Millis now) {
        if (happens(link_.dropped)) return;
        const bool twice = happens(link_.doubled);
        for (int copy = 0; copy < (twice ? 2 : 1); ++copy)
            for (std::uint32_t bit = 0; bit < 64; ++bit)
                if ((request.mask >> bit & 1) != 0) answer(request.first + bit, transfer.length_of(request.first + bit), now);
    }

    void answer(std::uint32_t block, std::uint32_t length, Millis now) {
        const std::int64_t at_service = (now + link_.round_trip / 2).count() * 1'000;
        line_free_ = std::max(line_free_, at_service) + static_cast<std::int64_t>((length + 60) * 1'000'000ULL / link_.bytes_per_second);
        ++sent_;
        if (happens(link_.dropped)) return;
        const Millis arrival = Millis{line_free_ / 1'000} + link_.round_trip / 2;
        down_.emplace(arrival + Millis{happens(link_.overtaken) ? 20 + dice_() % 200 : 0}, block);
        if (happens(link_.doubled)) down_.emplace(arrival + Millis{1}, block);
    }

    LinkFacts link_;
    std::mt19937 dice_;
    std::multimap<Millis, std::uint32_t> down_;
    std::int64_t line_free_ = 0;  // microseconds: when the service could send the next byte
    std::uint64_t sent_ = 0;
};

void print(const char* what, const LinkFacts& link, const Outcome& outcome) {
    std::printf(
        "%-28s %6.1f s, %5.1f %% of the rate, %llu blocks sent for %llu, longest gap %lld ms, a message waits %lld ms, at first %lld ms\n",
        what, static_cast<double>(outcome.took.count()) / 1'000, outcome.share(link) * 100, static_cast<unsigned long long>(outcome.sent),
        static_cast<unsigned long long>(outcome.blocks), static_cast<long long>(outcome.longest_gap.count()),
        static_cast<long long>(outcome.longest_wait.count()), static_cast<long long>(outcome.first_wait.count()));
}

TEST(TransferOverALink, UsesNinetyPercentOfAMegabyteASecondAtARoundTripOfAHundredMilliseconds) {
    for (std::uint32_t block : {4'096U, 16'384U, 65'536U, 131'072U}) {
        const LinkFacts link{.block = block};
        const Outcome outcome = Simulation(link).run();
        print("1 MB/s, 100 ms", link, outcome);
        EXPECT_GE(outcome.share(link), 0.9) << block;
        EXPECT_EQ(outcome.sent, outcome.blocks) << block;
        EXPECT_LE(outcome.longest_wait, Millis{1'500}) << block;
    }
}

TEST(TransferOverALink, ASlowLinkIsNoLossAndAMessageNeverWaitsLong) {
    for (std::uint32_t block : {1'024U, 4'096U, 16'384U}) {
        const LinkFacts link{.bytes_per_second = 13'000, .size = 2'000'000, .block = block};
        const Outcome outcome = Simulation(link).run();
        print("13 KB/s, 100 ms", link, outcome);
        EXPECT_GE(outcome.share(link), 0.9) << block;
        EXPECT_EQ(outcome.sent, outcome.blocks) << block << ": nothing is asked for twice";
        const Millis block_time{block * 1'000 / link.bytes_per_second};
        EXPECT_LE(outcome.longest_wait, std::max(Millis{2'000}, 4 * block_time)) << block;
        EXPECT_LE(outcome.first_wait, std::max(Millis{3'000}, 4 * block_time)) << block;
        EXPECT_LE(outcome.longest_gap, 2 * block_time + Millis{200}) << block;
    }
}

TEST(TransferOverALink, ThirtyPercentDroppedDoubledOrOvertakenEndsWithEveryBlock) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        const LinkFacts link{.size = 2'000'000, .dropped = 10, .doubled = 10, .overtaken = 10, .seed = seed};
        const Outcome outcome = Simulation(link).run();
        if (seed == 1) print("10 % each", link, outcome);
        EXPECT_LE(outcome.took, Millis{60'000}) << seed;
        EXPECT_LE(outcome.sent, outcome.blocks * 2) << seed;
    }
    for (unsigned seed = 1; seed <= 20; ++seed) {
        const LinkFacts link{.size = 1'000'000, .dropped = 30, .seed = seed};
        const Outcome outcome = Simulation(link).run();
        if (seed == 1) print("30 % dropped", link, outcome);
        EXPECT_LE(outcome.took, Millis{120'000}) << seed;
    }
}

TEST(TransferOverALink, ABrokenConnectionCostsLittleMoreThanItsAbsence) {
    const LinkFacts link{.size = 30'000'000, .breaks = {Millis{10'000}}};
    const Outcome outcome = Simulation(link).run();
    print("broken after 10 s", link, outcome);
    EXPECT_GE(outcome.share(link), 0.9);
}

TEST(TransferOverALink, LinksOfAllKindsAreUsed) {
    struct Row {
        const char* name;
        double least;
        LinkFacts link;
    };
    for (const auto& [name, least, link] :
         {Row{"100 Mbit/s, 5 ms", 0.9, {.round_trip = Millis{5}, .bytes_per_second = 12'500'000, .size = 24'000'000}},
          // A megabyte in flight, part of it not stored yet, is all that a cut may cost.
          Row{"100 Mbit/s, 80 ms", 0.4, {.round_trip = Millis{80}, .bytes_per_second = 12'500'000, .size = 24'000'000}},
          Row{"satellite", 0.9, {.round_trip = Millis{650}, .bytes_per_second = 250'000, .size = 8'000'000}},
          Row{"two satellites", 0.5, {.round_trip = Millis{2'000}, .bytes_per_second = 125'000, .size = 4'000'000}},
          Row{"NB-IoT", 0.9, {.round_trip = Millis{3'000}, .bytes_per_second = 7'000, .size = 1'000'000}},
          Row{"GPRS", 0.9, {.round_trip = Millis{800}, .bytes_per_second = 1'200, .size = 200'000, .block = 4'096}}}) {
        const Outcome outcome = Simulation(link).run();
        print(name, link, outcome);
        EXPECT_GE(outcome.share(link), least) << name;
        EXPECT_EQ(outcome.sent, outcome.blocks) << name << ": nothing is asked for twice";
    }
}

}  // namespace
}  // namespace otabahn::device
