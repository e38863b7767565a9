// SPDX-License-Identifier: Apache-2.0
// The default back end with real processes: programs that run, end, refuse to start, and start again.
#include "device/install/supervised_program.hpp"

#include "device/install/install_fixture_test.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

bool alive(int pid) { return ::kill(pid, 0) == 0; }

class SupervisedProgramTest : public InstallTest {
  protected:
    SupervisedProgramTest() {
        for (std::uint8_t slot = 0; slot < 2; ++slot) put_program(slot, "sleep 1000");
    }
    ~SupervisedProgramTest() override { stages().stop(); }
    void put_program(std::uint8_t slot, const std::string& body) {
        const auto file = folder.write(slot == 0 ? "slot-a.image" : "slot-b.image", "#!/bin/sh\necho $OTABAHN_SLOT >> ran\n" + body + "\n");
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    }
    template <class Done>
    bool wait_until(Done done) {
        for (int i = 0; i < 2'000; ++i) {
            stages().poll();
            if (done()) return true;
            ::usleep(10'000);
        }
        return false;
    }
    // As the update has it during a trial.
    Input run_on_trial(std::uint8_t slot) {
        record.stage = Stage::on_trial;
        return answer_of(stages().restart(slot));
    }
};

TEST_F(SupervisedProgramTest, ANewImageTakesTheOldOnesPlace) {
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    ASSERT_TRUE(wait_until([&] { return folder.read("ran") == "a\n"; }));
    EXPECT_TRUE(run_on_trial(1).good);
    ASSERT_TRUE(wait_until([&] { return folder.read("ran") == "a\nb\n"; }));
    EXPECT_TRUE(answer_of(stages().self_test(1)).good);
}

TEST_F(SupervisedProgramTest, ThatWhichRunsAlreadyIsLeftAlone) {
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    ASSERT_TRUE(wait_until([&] { return folder.read("ran") == "a\n"; }));
}

TEST_F(SupervisedProgramTest, AProgramThatEndsFailsItsTrialAndIsNotStartedAgain) {
    settings.self_test_seconds = std::chrono::seconds{60};
    put_program(1, "exit 3");
    EXPECT_TRUE(run_on_trial(1).good);
    const Input failed = answer_of(stages().self_test(1));
    EXPECT_FALSE(failed.good);
    EXPECT_EQ(failed.reason, Reason::program_exited);
    EXPECT_EQ(failed.text, "It ended with exit status 3.");
    record.stage = Stage::rolling_back;
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    ASSERT_TRUE(wait_until([&] { return folder.read("ran") == "b\na\n"; }));
}

TEST_F(SupervisedProgramTest, ASelfTestCommandThatFailsFailsTheTrialWithItsLastWords) {
    settings.self_test_command = {"sh", "-c", "echo no banner on the console; test \"$OTABAHN_VERSION\" = 2.0.0"};
    EXPECT_TRUE(run_on_trial(1).good);
    const Input failed = answer_of(stages().self_test(1));
    EXPECT_FALSE(failed.good);
    EXPECT_EQ(failed.reason, Reason::self_test);
    EXPECT_EQ(failed.text, "self_test_command ended with exit status 1: no banner on the console");
    record.slots[1].version.assign("2.0.0");
    EXPECT_TRUE(answer_of(stages().self_test(1)).good);
}

TEST_F(SupervisedProgramTest, ASelfTestCommandThatHangsFailsTheTrial) {
    settings.self_test_command = {"sleep", "1000"};
    settings.self_test_timeout_seconds = std::chrono::seconds{0};
    EXPECT_TRUE(run_on_trial(1).good);
    const Input failed = answer_of(stages().self_test(1));
    EXPECT_FALSE(failed.good);
    EXPECT_THAT(std::string(failed.text), HasSubstr("did not end within"));
}

TEST_F(SupervisedProgramTest, AnImageThatCannotBeExecutedIsNotStarted) {
    folder.write("slot-b.image", "no program");
    const Input failed = run_on_trial(1);
    EXPECT_FALSE(failed.good);
    EXPECT_THAT(std::string(failed.text), HasSubstr("cannot be run"));
}

TEST_F(SupervisedProgramTest, AConfirmedProgramThatEndsIsStartedAgain) {
    put_program(0, "exit 0");
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    ASSERT_TRUE(wait_until([&] { return folder.read("ran") == "a\na\n"; }));
    EXPECT_THAT(log.all, HasSubstr("ended with exit status 0; it is started again"));
}

TEST_F(SupervisedProgramTest, AProgramThatIgnoresTermIsKilledOnTheWayOut) {
    put_program(0, "trap '' TERM; echo $$ > pid; while true; do sleep 1; done");
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    ASSERT_TRUE(wait_until([&] { return !folder.read("pid").empty(); }));
    stages().stop();
    EXPECT_FALSE(alive(std::stoi(folder.read("pid"))));
}

}  // namespace
}  // namespace otabahn::device
