// SPDX-License-Identifier: Apache-2.0
// Which identity is used when; the conversation that gets one is tested with a real broker (conversation/identity_test.py).
#include "device/linux/identity.hpp"

#include "device/host/temporary_folder_test.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::device {
namespace {

class HandClock final : public Clock {
  public:
    Millis now() const override { return at; }
    Millis at{1'000};
};

class Notes final : public Log {
  public:
    void note(std::string_view text) override { all.append(text).append("\n"); }
    std::string all;
};

class IdentityTest : public testing::Test {
  protected:
    IdentityTest() {
        config.thing_name = "T";
        config.state = folder.path() / "state";
        config.certificate = folder.write("old.pem", "old");
        config.private_key = folder.write("old.key", "old").string();
        config.provisioning_template = "fleet";
        std::filesystem::create_directories(config.state);
    }
    std::filesystem::path own() const { return config.state / "identity.pem"; }
    std::filesystem::path trial() const { return config.state / "identity.trial.pem"; }
    TemporaryFolder folder;
    Config config;
    HandClock clock;
    Notes log;
    PollSet nothing;
};

TEST_F(IdentityTest, IsWhatTheFileSaysUntilTheAgentHasOneOfItsOwn) {
    EXPECT_EQ(Identity(config, clock, log).current().certificate, config.certificate);
    folder.write("state/identity.pem", "own");
    const Identity identity(config, clock, log);
    EXPECT_EQ(identity.current().certificate, own());
    EXPECT_EQ(identity.current().private_key, own().string()) << "certificate and key are one file: no cut parts them";
}

TEST_F(IdentityTest, OnTrialIsKeptOnceItHasConnected) {
    folder.write("state/identity.trial.pem", "new");
    Identity identity(config, clock, log);
    EXPECT_EQ(identity.current().certificate, trial());
    EXPECT_FALSE(identity.work(nothing, true, false)) << "it has its time";
    EXPECT_TRUE(identity.work(nothing, true, true));
    EXPECT_EQ(identity.current().certificate, own());
    EXPECT_FALSE(std::filesystem::exists(trial()));
    EXPECT_TRUE(std::filesystem::exists(config.certificate)) << "what was given is left alone";
}

TEST_F(IdentityTest, OnTrialThatDoesNotConnectGivesWayToTheOldOne) {
    folder.write("state/identity.pem", "own");
    folder.write("state/identity.trial.pem", "new");
    Identity identity(config, clock, log);
    clock.at += Millis{119'000};
    EXPECT_FALSE(identity.work(nothing, true, false));
    clock.at += Millis{2'000};
    EXPECT_TRUE(identity.work(nothing, true, false));
    EXPECT_EQ(identity.current().certificate, own());
    EXPECT_FALSE(std::filesystem::exists(trial()));
    EXPECT_NE(log.all.find("the old one is used on"), std::string::npos) << log.all;
}

TEST_F(IdentityTest, IsNotRenewedWithoutTheWishNorWhileSomethingGoesOn) {
    Identity never(config, clock, log);
    EXPECT_FALSE(never.work(nothing, true, true));
    config.renew_days = std::chrono::days{30};
    Identity busy(config, clock, log);
    EXPECT_FALSE(busy.work(nothing, false, true));
    EXPECT_FALSE(busy.work(nothing, true, false));
    EXPECT_FALSE(busy.work(nothing, true, true)) << "what is no certificate has no end";
    EXPECT_TRUE(busy.may_connect());
}

}  // namespace
}  // namespace otabahn::device
