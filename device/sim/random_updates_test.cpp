// SPDX-License-Identifier: Apache-2.0
// A thousand updates one after the other, each with whatever may happen to it: images that are bad in every way, power cuts,
// cancellations, servers that restart, connections that break, time that jumps. Each ends, and what is told is what runs.
// OTABAHN_RANDOM_SEED begins elsewhere, OTABAHN_RANDOM_UPDATES makes it longer.
#include "device/sim/conversations_test.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

namespace otabahn::device::sim {
namespace {

constexpr int updates_in_a_row = 50;

int from_environment(const char* name, int otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::atoi(text);
}

enum class Kind { good, fails_its_self_test, forged_signature, unsigned_file, other_bytes, truncated, count };

class Life {
  public:
    explicit Life(unsigned seed)
        : random_(seed),
          boots_(seed % 2 == 0 ? Boots::agent_starts_program : Boots::machine),
          current_(random_image()),
          world_({.boots = boots_}, current_, "1.0.0") {
        world_.between_messages = [this] { meddle(); };
    }

    void update(int number) {
        const auto kind = static_cast<Kind>(up_to(9) < 5 ? 0 : up_to(static_cast<int>(Kind::count) - 1));
        const std::vector<std::uint8_t> next = random_image();
        SCOPED_TRACE(testing::Message() << "update " << number << ", kind " << static_cast<int>(kind));
        std::string document =
            document_for(next, "1." + std::to_string(number) + ".0", kind == Kind::forged_signature ? "forged" : SimWorld::good_signature);
        if (kind == Kind::unsigned_file) document.replace(document.find("\"signature\""), 11, "\"scribbled\"");
        std::vector<std::uint8_t> served = next;
        if (kind == Kind::other_bytes) served[static_cast<std::size_t>(up_to(static_cast<int>(served.size()) - 1))] ^= 0x40;
        if (kind == Kind::truncated) served.resize(served.size() / 2);
        world_.cloud.serve(served);
        world_.watch(toy_hash(next));
        world_.new_image_boots = kind != Kind::fails_its_self_test;
        world_.cloud.give_job("J" + std::to_string(number), document);
        hazards_ = up_to(3);
        cut_ = cancelled_ = false;
        for (int run = 0; run < 100; ++run) {
            if (up_to(2) == 0) world_.flash.cut_after(static_cast<std::uint64_t>(up_to(60)));
            const bool up = world_.run();
            world_.flash.never_cut();
            // A run ends after an hour, and time may jump over it.
            if (up && world_.cloud.over() && world_.update().state() == State::idle) break;
            if (up) continue;
            cut_ = true;
            ++cuts;
            const ByteView left = world_.bootable();
            ASSERT_TRUE(is(left, current_) || is(left, next)) << "no image that boots is left";
            world_.keep_boot_id = boots_ == Boots::agent_starts_program && up_to(2) == 0;
        }
        judge(kind, next);
    }

    int cuts = 0, cancellations = 0, restarts = 0, jumps = 0, succeeded = 0;
    const std::vector<std::string>& log() const { return world_.log; }

  private:
    static bool is(ByteView bytes, const std::vector<std::uint8_t>& image) {
        return bytes.size() >= image.size() && std::equal(image.begin(), image.end(), bytes.begin());
    }
    int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
    std::vector<std::uint8_t> random_image() {
        std::vector<std::uint8_t> image(static_cast<std::size_t>(300 + up_to(6'000)));
        for (std::uint8_t& byte : image) byte = static_cast<std::uint8_t>(random_());
        return image;
    }

    // Before each message: sometimes the world goes its way.
    void meddle() {
        if (hazards_ == 0 || up_to(20) != 0) return;
        --hazards_;
        switch (up_to(4)) {
            case 0:
                if (world_.cloud.over()) return;
                world_.cloud.cancel_job();
                cancelled_ = true;
                ++cancellations;
                return;
            case 1:
                world_.jump(Millis{up_to(3 * 3'600'000)});
                ++jumps;
                return;
            case 2:
                world_.cloud.swallow_updates = 1;
                return;
            default:
                world_.restart_server(Millis{up_to(600'000)});
                ++restarts;
        }
    }

    void judge(Kind kind, const std::vector<std::uint8_t>& next) {
        ASSERT_TRUE(world_.cloud.over()) << "the job was left " << world_.cloud.status();
        ASSERT_EQ(world_.update().state(), State::idle) << "it hangs in " << name_of(world_.update().state());
        const std::string& status = world_.cloud.status();
        const bool is_next = is(world_.running_image, next);
        EXPECT_EQ(status == "CANCELED", cancelled_);
        if (status == "SUCCEEDED") {
            EXPECT_EQ(kind, Kind::good);
            EXPECT_TRUE(is_next) << "told SUCCEEDED, and the old image runs";
        } else if (status != "CANCELED") {
            EXPECT_FALSE(is_next) << "told " << status << ", and the new image runs";
            // Only a boot in the middle of a trial makes a good image fail.
            EXPECT_TRUE(kind != Kind::good || cut_) << world_.cloud.updates.back().payload;
        }
        // A cancellation may come too late to matter; but never does an image run that is not good.
        EXPECT_TRUE(!is_next || kind == Kind::good);
        EXPECT_TRUE(is_next || is(world_.running_image, current_));
        EXPECT_TRUE(is(world_.bootable(), is_next ? next : current_));
        EXPECT_EQ(world_.blocks_persisted_then_served, 0U);
        if (is_next) {
            current_ = next;
            ++succeeded;
        }
        world_.cloud.served.clear();
        world_.cloud.updates.clear();
    }

    std::mt19937 random_;
    Boots boots_;
    std::vector<std::uint8_t> current_;
    SimWorld world_;
    int hazards_ = 0;
    bool cut_ = false, cancelled_ = false;
};

TEST(RandomUpdates, EachOfAThousandEndsAndTellsTheTruth) {
    const int first = from_environment("OTABAHN_RANDOM_SEED", 1), updates = from_environment("OTABAHN_RANDOM_UPDATES", 1'000);
    const int lives = (updates + updates_in_a_row - 1) / updates_in_a_row;
    int cuts = 0, cancellations = 0, restarts = 0, jumps = 0, succeeded = 0;
    for (int seed = first; seed < first + lives; ++seed) {
        SCOPED_TRACE(testing::Message() << "OTABAHN_RANDOM_SEED=" << seed);
        Life life(static_cast<unsigned>(seed));
        for (int number = 1; number <= updates_in_a_row; ++number) {
            life.update(number);
            if (!HasFailure()) continue;
            for (const std::string& line : life.log()) std::fprintf(stderr, "  %s\n", line.c_str());
            return;
        }
        cuts += life.cuts;
        cancellations += life.cancellations;
        restarts += life.restarts;
        jumps += life.jumps;
        succeeded += life.succeeded;
    }
    std::printf("seeds %d to %d: %d updates, %d installed; %d power cuts, %d cancellations, %d restarts of the server, %d jumps of time\n",
                first, first + lives - 1, lives * updates_in_a_row, succeeded, cuts, cancellations, restarts, jumps);
    EXPECT_GT(succeeded, lives * updates_in_a_row / 4);
    EXPECT_GT(cuts, lives);
}

}  // namespace
}  // namespace otabahn::device::sim
