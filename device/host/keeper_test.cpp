// SPDX-License-Identifier: Apache-2.0
// Programs as real processes: their group, their end, what leaves the group.
#include "device/host/keeper.hpp"

#include "device/host/temporary_folder_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

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

TEST(Keeper, WhoStartsASessionOfItsOwnGoesToo) {
    TemporaryFolder folder;
    const pid_t agent = ::fork();
    if (agent == 0) {
        ProgramSpec spec{{"sh", "-c", "setsid sh -c 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000' & wait"}, {}, folder.path()};
        spec.with_descendants = true;
        auto program = KeptProgram::start(spec, -1);
        ::pause();
        ::_exit(0);
    }
    ASSERT_TRUE(wait_until([&] { return !folder.read("pid").empty(); }));
    const int pid = std::stoi(folder.read("pid"));
    EXPECT_TRUE(alive(pid));
    ::kill(agent, SIGKILL);
    ::waitpid(agent, nullptr, 0);
    EXPECT_TRUE(wait_until([&] { return !alive(pid); })) << "a new session outlived its agent";
}

TEST(Keeper, ADaemonThatAProgramLeavesBehindGoesWithTheProgram) {
    TemporaryFolder folder;
    ProgramSpec spec{{"sh", "-c", "setsid sh -c 'sleep 1000 & echo $! > pid.new; mv pid.new pid'"}, {}, folder.path()};
    spec.with_descendants = true;
    auto program = KeptProgram::start(spec, -1);
    ASSERT_TRUE(program);
    ASSERT_TRUE(wait_until([&] { return !folder.read("pid").empty(); }));
    program->wait();
    EXPECT_FALSE(alive(std::stoi(folder.read("pid"))));
}

TEST(Keeper, ADaemonThatACommandStartsStays) {
    TemporaryFolder folder;
    auto program =
        KeptProgram::start({{"sh", "-c", "setsid sh -c 'sleep 1000 & echo $! > pid.new; mv pid.new pid'"}, {}, folder.path()}, -1);
    ASSERT_TRUE(program);
    ASSERT_TRUE(wait_until([&] { return !folder.read("pid").empty(); }));
    program->wait();
    const int pid = std::stoi(folder.read("pid"));
    EXPECT_TRUE(alive(pid)) << "restart_command may start what is to run on";
    ::kill(pid, SIGKILL);
}

}  // namespace
}  // namespace otabahn::device
