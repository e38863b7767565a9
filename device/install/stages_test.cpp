// SPDX-License-Identifier: Apache-2.0
// Hooks around the stages, leave to download, and who judges a trial.
#include "device/install/stages.hpp"

#include "device/install/install_fixture_test.hpp"

#include "device/host/loopback_listener_test.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

constexpr std::string_view document =
    R"({"operation":"otabahn.update","schema":1,"version":"1","stream":"S","files":[{"fileId":0,"name":"f","size":1,"sha256":")"
    R"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}],"parameters":{"motd":"hello world"}})";

class StagesTest : public InstallTest {
  protected:
    StagesTest() {
        settings.install = "commands";
        settings.install_command = {"sh", "-c", "echo install $OTABAHN_VERSION >> done"};
        settings.activate_command = {"sh", "-c", "echo activate >> done"};
    }
    void every_hook(const std::string& body) {
        for (const std::string_view name : hook_names) hook(std::string(name), body);
    }
};

TEST_F(StagesTest, EveryHookIsCalledInItsPlaceWithTheParameters) {
    every_hook("echo $OTABAHN_HOOK $OTABAHN_JOB $OTABAHN_PARAM_MOTD $OTABAHN_SLOT $OTABAHN_VERSION from $OTABAHN_RUNNING_VERSION >> done");
    EXPECT_TRUE(answer_of(stages().allow_download(1, "J", as_bytes(document))).good);
    record.job.id.assign("J");
    put(1, "0123456789");
    ASSERT_FALSE(stages().keep_document(1, as_bytes(document)));
    EXPECT_TRUE(install(1).good);
    EXPECT_TRUE(answer_of(stages().confirm(1)).good);
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    const std::string tail = " J hello world b 1.1.0 from 1.0.0\n";
    EXPECT_EQ(folder.read("done"), "before-download" + tail + "after-download" + tail + "before-install" + tail + "after-install" + tail +
                                       "before-restart" + tail + "install 1.1.0\nactivate\nafter-restart" + tail + "before-confirm" + tail +
                                       "after-confirm" + tail +
                                       "before-rollback J a 1.0.0 from 1.0.0\nafter-rollback J a 1.0.0 from 1.0.0\n");
}

TEST_F(StagesTest, AStartOfTheAgentCallsNoHook) {
    every_hook("echo $OTABAHN_HOOK >> done");
    EXPECT_TRUE(answer_of(stages().restart(0)).good);
    EXPECT_EQ(folder.read("done"), "install 1.0.0\nactivate\n");
}

TEST_F(StagesTest, AHookThatFailsIsNamedWithItsLastWordsAndEndsTheStage) {
    hook("before-install", "echo the valve is open; exit 3");
    put(1, "0123456789");
    const Input failed = answer_of(stages().activate(1));
    EXPECT_FALSE(failed.good);
    EXPECT_EQ(failed.reason, Reason::hook);
    EXPECT_EQ(failed.text, "Hook before-install ended with exit status 3: the valve is open");
    EXPECT_EQ(folder.read("done"), "");
}

TEST_F(StagesTest, AHookThatCannotBeRunOrHangsHasFailed) {
    hook("before-restart", "exit 0");
    std::filesystem::permissions(settings.hooks / "before-restart", std::filesystem::perms::owner_read);
    std::ofstream(settings.hooks / "before-restart") << "no program";
    record.stage = Stage::on_trial;
    EXPECT_THAT(std::string(answer_of(stages().restart(1)).text), HasSubstr("Hook before-restart: "));
    settings.hook_seconds = std::chrono::seconds{0};
    hook("before-restart", "sleep 100");
    stages_.reset();
    EXPECT_THAT(std::string(answer_of(stages().restart(1)).text), HasSubstr("Hook before-restart did not end within 0 s"));
}

TEST_F(StagesTest, WhatComesTooLateToChangeAnythingIsARemark) {
    hook("after-confirm", "exit 1");
    hook("before-rollback", "echo hm; exit 2");
    const Input confirmed = answer_of(stages().confirm(1));
    EXPECT_TRUE(confirmed.good);
    EXPECT_EQ(confirmed.text, "Hook after-confirm ended with exit status 1.");
    const Input back = answer_of(stages().roll_back(0));
    EXPECT_TRUE(back.good);
    EXPECT_EQ(back.text, "Hook before-rollback ended with exit status 2: hm");
}

TEST_F(StagesTest, ADownloadWaitsForLeaveOnlyWhenAsked) {
    EXPECT_TRUE(answer_of(stages().allow_download(1, "J", as_bytes(document))).good);
    EXPECT_FALSE(stages().told_leave(true, {})) << "nothing waits";
    settings.ask_before_download = true;
    hook("before-download", "echo hook >> done");
    stages_.reset();
    EXPECT_FALSE(stages().allow_download(1, "J", as_bytes(document)));
    EXPECT_FALSE(stages().poll());
    EXPECT_TRUE(stages().waits_for_leave());
    EXPECT_TRUE(stages().told_leave(true, {}));
    EXPECT_TRUE(answer_of(std::nullopt).good);
    EXPECT_EQ(folder.read("done"), "hook\n");
}

TEST_F(StagesTest, ADownloadThatIsDeclinedCallsNoHookAndSaysWhy) {
    settings.ask_before_download = true;
    hook("before-download", "echo hook >> done");
    EXPECT_FALSE(stages().allow_download(1, "J", as_bytes(document)));
    EXPECT_TRUE(stages().told_leave(false, "the lamp is in use"));
    const Input declined = answer_of(std::nullopt);
    EXPECT_FALSE(declined.good);
    EXPECT_EQ(declined.reason, Reason::none);
    EXPECT_EQ(declined.text, "The application says: the lamp is in use.");
    EXPECT_EQ(folder.read("done"), "");
}

TEST_F(StagesTest, ALaterCallEndsWhatOnlyWaits) {
    settings.ask_before_download = true;
    EXPECT_FALSE(stages().allow_download(1, "J", as_bytes(document)));
    EXPECT_FALSE(stages().allow_download(1, "J2", as_bytes(document)));
    EXPECT_TRUE(stages().told_leave(true, {}));
    EXPECT_TRUE(answer_of(std::nullopt).good);
    EXPECT_FALSE(stages().poll()) << "one answer, not two";
    settings.self_test_seconds = std::chrono::seconds{1'000};
    EXPECT_FALSE(stages().self_test(1));
    EXPECT_TRUE(answer_of(stages().roll_back(0)).good);
    EXPECT_FALSE(stages().told_healthy(true, {})) << "the trial is over";
}

TEST_F(StagesTest, CallsAreAnsweredInTheirOrder) {
    settings.confirm_command = {"sh", "-c", "sleep 0.1; echo confirm >> done"};
    EXPECT_FALSE(stages().restart(1));
    EXPECT_FALSE(stages().confirm(1));
    EXPECT_EQ(answer_of(std::nullopt).action, ActionKind::restart);
    EXPECT_EQ(answer_of(std::nullopt).action, ActionKind::confirm);
    EXPECT_EQ(folder.read("done"), "install 1.1.0\nactivate\nconfirm\n");
}

TEST_F(StagesTest, TheApplicationsWordEndsTheTrialEitherWay) {
    settings.self_test_word = true;
    EXPECT_FALSE(stages().self_test(1));
    EXPECT_FALSE(stages().poll());
    EXPECT_TRUE(stages().told_healthy(true, {}));
    EXPECT_TRUE(answer_of(std::nullopt).good);
    EXPECT_FALSE(stages().self_test(1));
    EXPECT_TRUE(stages().told_healthy(false, "no sensor"));
    const Input failed = answer_of(std::nullopt);
    EXPECT_FALSE(failed.good);
    EXPECT_EQ(failed.text, "The application says: no sensor");
    settings.self_test_timeout_seconds = std::chrono::seconds{0};
    stages_.reset();
    EXPECT_EQ(answer_of(stages().self_test(1)).text, "Not within 0 s: the application did not say healthy.");
}

TEST_F(StagesTest, AUnitIsAskedForOnTheBusAndABusThatIsNotThereIsTold) {
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    settings.self_test_unit = "app.service";
    settings.self_test_timeout_seconds = std::chrono::seconds{0};
    const Input failed = answer_of(stages().self_test(1));
    ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    EXPECT_FALSE(failed.good);
    EXPECT_THAT(std::string(failed.text), HasSubstr("the system's D-Bus cannot be reached"));
}

// Answers each connection with the next of `answers`, then closes it.
class HttpPeer {
  public:
    explicit HttpPeer(std::vector<std::string> answers) {
        thread_ = std::thread([this, answers = std::move(answers)] {
            for (const std::string& answer : answers) {
                const int peer = listener_.accept();
                char request[2'048];
                [[maybe_unused]] const ssize_t read = ::read(peer, request, sizeof request);
                [[maybe_unused]] const ssize_t written = ::write(peer, answer.data(), answer.size());
                ::close(peer);
            }
        });
    }
    ~HttpPeer() { thread_.join(); }

  private:
    LoopbackListener listener_;  // before the thread that uses it

  public:
    const std::string url = "http://" + listener_.authority + "/health";

  private:
    std::thread thread_;
};

TEST_F(StagesTest, AProbeIsAskedUntilItIsGood) {
    HttpPeer peer({"HTTP/1.1 503 Not Yet\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
    settings.self_test_http = peer.url;
    EXPECT_TRUE(answer_of(stages().self_test(1)).good);
}

TEST_F(StagesTest, AProbeThatStaysBadFailsTheTrialWithWhatItSaid) {
    HttpPeer peer({"HTTP/1.1 503 Not Yet\r\nContent-Length: 0\r\n\r\n"});
    settings.self_test_http = peer.url;
    settings.self_test_timeout_seconds = std::chrono::seconds{1};
    const Input failed = answer_of(stages().self_test(1));
    EXPECT_FALSE(failed.good);
    EXPECT_THAT(std::string(failed.text), HasSubstr("HTTP 503 Not Yet"));
    EXPECT_THAT(std::string(failed.text), HasSubstr("Not within 1 s: "));
}

TEST_F(StagesTest, AStrayFileAmongTheHooksIsNoticed) {
    hook("before-install", "exit 0");
    EXPECT_EQ(stray_hook(settings.hooks), std::nullopt);
    hook("pre-install", "exit 0");
    EXPECT_EQ(stray_hook(settings.hooks), "pre-install");
}

}  // namespace
}  // namespace otabahn::device
