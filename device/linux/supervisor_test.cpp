// SPDX-License-Identifier: Apache-2.0
// Programs as real processes: their group, their end, their trial.
#include "device/linux/supervisor.hpp"

#include "device/linux/temporary_folder_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

class RealClock final : public Clock {
  public:
    Millis now() const override { return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch()); }
};

class Notes final : public Log {
  public:
    void note(std::string_view text) override { all.append(text).append("\n"); }
    std::string all;
};

// Until `done`, or 20 s: processes take what they take.
template <class Done>
bool wait_until(Done done) {
    for (int i = 0; i < 2'000; ++i) {
        if (done()) return true;
        ::usleep(10'000);
    }
    return false;
}

bool alive(int pid) { return ::kill(pid, 0) == 0; }

TEST(Keeper, TellsHowAProgramEnded) {
    auto program = KeptProgram::start({{"sh", "-c", "exit 7"}, {}, "/"}, -1);
    ASSERT_TRUE(program) << program.error().message;
    program->wait();
    EXPECT_EQ(program->exit_status(), 7);
    EXPECT_EQ(*program->ended(), "exit status 7");
    auto killed = KeptProgram::start({{"sh", "-c", "kill -9 $$"}, {}, "/"}, -1);
    ASSERT_TRUE(killed);
    killed->wait();
    EXPECT_EQ(*killed->ended(), "signal 9");
}

TEST(Keeper, AProgramThatCannotBeRunIsToldAtOnce) {
    TemporaryFolder folder;
    for (const std::string& path :
         {std::string("/nonexistent/program"), folder.write("plain", "not executable").string(), std::string("no-such-program-anywhere")}) {
        const auto program = KeptProgram::start({{path}, {}, folder.path()}, -1);
        ASSERT_FALSE(program) << path;
        EXPECT_THAT(program.error().message, HasSubstr("cannot be run: "));
    }
}

TEST(Keeper, EnvironmentAndFolderArePassed) {
    TemporaryFolder folder;
    auto program = KeptProgram::start({{"sh", "-c", "echo \"$OTABAHN_X $PWD\" > out"}, {{"OTABAHN_X", "a b"}}, folder.path()}, -1);
    ASSERT_TRUE(program);
    program->wait();
    EXPECT_EQ(folder.read("out"), "a b " + folder.path().string() + "\n");
}

TEST(Keeper, TheWholeGroupGoesWithItsOwner) {
    TemporaryFolder folder;
    int pid = 0;
    {
        auto program = KeptProgram::start({{"sh", "-c", "sleep 1000 & echo $! > pid; wait"}, {}, folder.path()}, -1);
        ASSERT_TRUE(program);
        ASSERT_TRUE(wait_until([&] { return !folder.read("pid").empty(); }));
        pid = std::stoi(folder.read("pid"));
        EXPECT_TRUE(alive(pid));
    }
    EXPECT_TRUE(wait_until([&] { return !alive(pid); })) << "a grandchild outlived its agent";
}

TEST(Keeper, AnAgentThatIsKilledTakesItsProgramAlong) {
    TemporaryFolder folder;
    const pid_t agent = ::fork();
    if (agent == 0) {
        auto program =
            KeptProgram::start({{"sh", "-c", "sleep 1000 & echo $$ $! > pids.new; mv pids.new pids; wait"}, {}, folder.path()}, -1);
        ::pause();
        ::_exit(0);
    }
    ASSERT_TRUE(wait_until([&] { return !folder.read("pids").empty(); }));
    std::istringstream pids(folder.read("pids"));
    int first = 0, second = 0;
    pids >> first >> second;
    EXPECT_TRUE(alive(first) && alive(second));
    ::kill(agent, SIGKILL);
    ::waitpid(agent, nullptr, 0);
    EXPECT_TRUE(wait_until([&] { return !alive(first) && !alive(second); }));
}

class SupervisorTest : public testing::Test {
  protected:
    SupervisorTest() {
        config.folder = config.state = folder.path();
        config.self_test_seconds = std::chrono::seconds{0};
        for (std::uint8_t slot = 0; slot < 2; ++slot) {
            images[slot].version.assign(slot == 0 ? "1.0.0" : "1.1.0");
            images[slot].sha256.fill(slot);
            put(slot, "sleep 1000");
        }
    }
    void put(std::uint8_t slot, const std::string& body) {
        const auto file = folder.write(slot == 0 ? "slot-a.image" : "slot-b.image", "#!/bin/sh\necho $OTABAHN_SLOT >> ran\n" + body + "\n");
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    }
    Input answer_of(Answer answer) {
        wait_until([&] {
            if (!answer) answer = supervisor.poll();
            return answer.has_value();
        });
        return answer.value_or(Input());
    }

    TemporaryFolder folder;
    Config config;
    SlotFiles slots{folder.path()};
    RealClock clock;
    Notes log;
    SlotImage images[2];
    Supervisor supervisor{config, slots, clock, log, -1, [this](std::uint8_t slot) -> const SlotImage& { return images[slot]; }};
};

TEST_F(SupervisorTest, ANewImageTakesTheOldOnesPlace) {
    EXPECT_TRUE(answer_of(supervisor.restart(0)).good);
    ASSERT_TRUE(wait_until([&] { return folder.read("ran") == "a\n"; }));
    EXPECT_TRUE(answer_of(supervisor.restart(1)).good);
    ASSERT_TRUE(wait_until([&] { return folder.read("ran") == "a\nb\n"; }));
    EXPECT_TRUE(answer_of(supervisor.self_test(1)).good);
    supervisor.stop();
}

TEST_F(SupervisorTest, ThatWhichRunsAlreadyIsLeftAlone) {
    EXPECT_TRUE(answer_of(supervisor.restart(0)).good);
    EXPECT_TRUE(answer_of(supervisor.restart(0)).good);
    ASSERT_TRUE(wait_until([&] { return folder.read("ran") == "a\n"; }));
    supervisor.stop();
}

TEST_F(SupervisorTest, AProgramThatEndsFailsItsTrial) {
    config.self_test_seconds = std::chrono::seconds{60};
    put(1, "exit 3");
    EXPECT_TRUE(answer_of(supervisor.restart(1)).good);
    const Input failed = answer_of(supervisor.self_test(1));
    EXPECT_FALSE(failed.good);
    EXPECT_EQ(failed.reason, Reason::program_exited);
    EXPECT_EQ(failed.text, "It ended with exit status 3.");
}

TEST_F(SupervisorTest, ASelfTestCommandThatFailsFailsTheTrial) {
    config.self_test_command = {"sh", "-c", "test \"$OTABAHN_VERSION\" = 2.0.0"};
    EXPECT_TRUE(answer_of(supervisor.restart(1)).good);
    const Input failed = answer_of(supervisor.self_test(1));
    EXPECT_FALSE(failed.good);
    EXPECT_EQ(failed.reason, Reason::self_test);
    images[1].version.assign("2.0.0");
    EXPECT_TRUE(answer_of(supervisor.self_test(1)).good);
    supervisor.stop();
}

TEST_F(SupervisorTest, ASelfTestCommandThatHangsFailsTheTrial) {
    config.self_test_command = {"sleep", "1000"};
    config.self_test_timeout_seconds = std::chrono::seconds{0};
    EXPECT_TRUE(answer_of(supervisor.restart(1)).good);
    const Input failed = answer_of(supervisor.self_test(1));
    EXPECT_FALSE(failed.good);
    EXPECT_THAT(std::string(failed.text), HasSubstr("did not end within"));
    supervisor.stop();
}

TEST_F(SupervisorTest, AnImageThatCannotBeExecutedIsNotStarted) {
    std::filesystem::permissions(slots.image(1), std::filesystem::perms::owner_read);
    folder.write("slot-b.image", "no program");
    const Input failed = answer_of(supervisor.restart(1));
    EXPECT_FALSE(failed.good);
    EXPECT_THAT(std::string(failed.text), HasSubstr("cannot be run"));
}

TEST_F(SupervisorTest, AConfirmedProgramThatEndsIsStartedAgain) {
    put(0, "exit 0");
    EXPECT_TRUE(answer_of(supervisor.restart(0)).good);
    ASSERT_TRUE(wait_until([&] {
        supervisor.poll();
        return folder.read("ran") == "a\na\n";
    }));
    EXPECT_THAT(log.all, HasSubstr("ended with exit status 0; it is started again"));
    supervisor.stop();
}

TEST_F(SupervisorTest, AProgramThatIgnoresTermIsKilledOnTheWayOut) {
    put(0, "trap '' TERM; echo $$ > pid; while true; do sleep 1; done");
    EXPECT_TRUE(answer_of(supervisor.restart(0)).good);
    ASSERT_TRUE(wait_until([&] { return !folder.read("pid").empty(); }));
    supervisor.stop();
    EXPECT_FALSE(alive(std::stoi(folder.read("pid"))));
}

TEST_F(SupervisorTest, AnotherSystemGetsEachImageOnce) {
    config.install_command = {"sh", "-c", "echo install $OTABAHN_VERSION $1 >> handed", "sh", "{image}"};
    config.activate_command = {"sh", "-c", "echo activate >> handed"};
    EXPECT_TRUE(answer_of(supervisor.restart(0)).good);
    EXPECT_TRUE(answer_of(supervisor.restart(0)).good);
    EXPECT_EQ(folder.read("handed"), "install 1.0.0 " + slots.image(0).string() + "\nactivate\n");
    EXPECT_TRUE(answer_of(supervisor.self_test(0)).good);
    config.activate_command = {"false"};
    const Input failed = answer_of(supervisor.restart(1));
    EXPECT_FALSE(failed.good);
    EXPECT_EQ(failed.text, "activate_command ended with exit status 1.");
}

}  // namespace
}  // namespace otabahn::device
