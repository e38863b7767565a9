// SPDX-License-Identifier: Apache-2.0
#include "device/host/control_socket.hpp"

#include "device/host/temporary_folder_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

// The agent's loop, in a thread of its own.
class ControlSocketTest : public testing::Test {
  protected:
    ~ControlSocketTest() override {
        stop_ = true;
        if (loop_.joinable()) loop_.join();
    }
    void serve(const std::filesystem::path& at) {
        path = at;
        const auto listening = control.listen(path);
        ASSERT_TRUE(listening) << listening.error().message;
        loop_ = std::thread([this] {
            while (!stop_) {
                PollSet set;
                control.want(set);
                set.wake(Millis{10});
                set.wait(Millis{0});
                control.work([](std::string_view line) { return "you said " + std::string(line); });
            }
        });
    }
    int dial() const {
        const int made = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, path.c_str());
        EXPECT_EQ(::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return made;
    }
    TemporaryFolder folder;
    std::filesystem::path path;
    ControlSocket control;

  private:
    std::atomic<bool> stop_{false};
    std::thread loop_;
};

TEST_F(ControlSocketTest, ALineIsAnswered) {
    serve(folder.path() / "sock");
    EXPECT_EQ(ask_agent(path, "hello").value(), "you said hello");
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0660U) << "owner and group, nobody else";
}

TEST_F(ControlSocketTest, APathLongerThanASocketsAddressWorksToo) {
    const auto deep = folder.path() / std::string(100, 'x');
    std::filesystem::create_directory(deep);
    serve(deep / "sock");
    EXPECT_EQ(ask_agent(path, "hello").value(), "you said hello");
}

TEST_F(ControlSocketTest, OneThatWasLeftBehindIsReplaced) {
    folder.write("sock", "left behind");
    serve(folder.path() / "sock");
    EXPECT_EQ(ask_agent(path, "again").value(), "you said again");
}

TEST_F(ControlSocketTest, WhoSendsWithoutEndIsDroppedAndOthersAreServed) {
    serve(folder.path() / "sock");
    const int flood = dial();
    const std::string much(4'096, 'x');
    while (::send(flood, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
    }
    EXPECT_EQ(ask_agent(path, "hello").value(), "you said hello");
    ::close(flood);
}

TEST_F(ControlSocketTest, NobodyThereIsTold) {
    EXPECT_THAT(ask_agent(folder.path() / "sock", "hello").error().message, HasSubstr("sock: no agent answers"));
    EXPECT_THAT(control.listen("/nonexistent/sock").error().message, HasSubstr("/nonexistent/sock: cannot be listened at"));
}

}  // namespace
}  // namespace otabahn::device
