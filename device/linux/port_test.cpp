// SPDX-License-Identifier: Apache-2.0
// Slots, state, trust: what they owe, on a real file system, with real keys.
#include "device/linux/agent.hpp"
#include "device/linux/backoff.hpp"
#include "device/host/instance_lock.hpp"
#include "device/host/monotonic_clock.hpp"
#include "device/host/stderr_log.hpp"
#include "device/install/back_ends.hpp"
#include "device/install/stages.hpp"
#include "device/linux/state_files.hpp"
#include "device/host/temporary_folder_test.hpp"
#include "device/linux/trust_fixture_test.hpp"
#include "device/port/contract.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

TEST(LinuxPort, KeepsTheContract) {
    TemporaryFolder folder;
    StateFiles state(folder.path());
    EXPECT_EQ(contract::check_state_storage(state).value_or("kept"), "kept");
    SlotFiles slots(folder.path());
    TrustFolder trust(folder.path() / "trust", slots);
    Patient verifier(trust);
    InstallSettings settings;
    settings.state = settings.folder = folder.path();
    MonotonicClock clock;
    StderrLog log;
    const Record record;
    const InstallContext context{settings, slots, clock, log, -1, [&record]() -> const Record& { return record; }};
    Stages stages(context, find_back_end("program")->make(context));
    std::vector<std::uint8_t> expected(contract::pattern_size);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = contract::pattern(i);
    for (std::uint8_t slot = 0; slot < 2; ++slot)
        EXPECT_EQ(contract::check_slots(stages, verifier, slot, sha256(expected)).value_or("kept"), "kept");
}

TEST(StateFilesTest, ReadNothingWhereNothingIs) {
    TemporaryFolder folder;
    StateFiles state(folder.path());
    EXPECT_TRUE(state.read(0).empty());
    EXPECT_TRUE(state.read(1).empty());
}

TEST(StateFilesTest, SayWhyTheyCannotWrite) {
    StateFiles state("/nonexistent/folder");
    const Trouble trouble = state.write(0, as_bytes("x"));
    ASSERT_TRUE(trouble);
    EXPECT_THAT(std::string(*trouble), HasSubstr("/nonexistent/folder/state.0: cannot be opened"));
}

TEST(InstanceLock, IsTakenOnce) {
    TemporaryFolder folder;
    {
        const auto first = take_instance_lock(folder.path(), std::chrono::milliseconds{0});
        ASSERT_TRUE(first);
        const auto second = take_instance_lock(folder.path(), std::chrono::milliseconds{0});
        ASSERT_FALSE(second);
        EXPECT_THAT(second.error().message, HasSubstr("another otabahn-device runs"));
    }
    EXPECT_TRUE(take_instance_lock(folder.path(), std::chrono::milliseconds{0}));
}

TEST(BackoffTest, TheLimitDoublesAndTheWaitIsAnythingBelow) {
    Backoff backoff;
    EXPECT_EQ(backoff.next(0), Millis{0});
    EXPECT_EQ(backoff.next(2'000), Millis{2'000});
    EXPECT_EQ(backoff.next(4'001), Millis{0}) << "4,000 is the third limit";
    for (int i = 0; i < 20; ++i) EXPECT_LE(backoff.next(0xFFFFFFFFFFFFFFFF - static_cast<std::uint64_t>(i)), Backoff::most);
    backoff.reset();
    EXPECT_EQ(backoff.limit(), Backoff::first);
}

class Commands : public testing::Test {
  protected:
    Commands() {
        config.folder = folder.path();
        config.state = folder.path() / "state";
        config.slot_bytes = 1'000;
        image = folder.write("image", "an image");
    }
    TemporaryFolder folder;
    Config config;
    std::filesystem::path image;
};

TEST_F(Commands, FactoryPutsTheImageIntoSlotAAndStatusTells) {
    ASSERT_TRUE(install_factory_image(config, image, "1.0.0"));
    const auto status = describe_state(config);
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, R"({"state":"idle","slot":"a","version":"1.0.0","versionSigned":true,"image":")" +
                           (config.state / "slot-a.image").string() +
                           R"(","sha256":"a5df3fde7b200c3fa2791144c7e05c5c2bced4c6ad863d3a4cf76c972c1712f9"})")
        << "the hash is that of 'an image'";
}

TEST_F(Commands, FactoryRefusesWhatNoSlotTakes) {
    EXPECT_FALSE(install_factory_image(config, folder.path() / "nowhere", "1.0.0"));
    EXPECT_FALSE(install_factory_image(config, folder.write("empty", ""), "1.0.0"));
    EXPECT_FALSE(install_factory_image(config, folder.write("large", std::string(1'001, 'x')), "1.0.0"));
    EXPECT_FALSE(install_factory_image(config, image, ""));
    EXPECT_FALSE(install_factory_image(config, image, std::string(65, '1')));
    EXPECT_FALSE(install_factory_image(config, image, "1\n2"));
    EXPECT_FALSE(describe_state(config)) << "nothing was put there";
}

TEST_F(Commands, FactoryWaitsForNoAgent) {
    std::filesystem::create_directories(config.state);
    const auto lock = take_instance_lock(config.state, std::chrono::milliseconds{0});
    ASSERT_TRUE(lock);
    const auto refused = install_factory_image(config, image, "1.0.0");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST_F(Commands, AnAgentWithoutAnImageSaysWhatToDo) {
    const auto status = describe_state(config);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("factory"));
}

}  // namespace
}  // namespace otabahn::device
