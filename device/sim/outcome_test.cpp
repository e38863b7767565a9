// SPDX-License-Identifier: Apache-2.0
// What an update tells and leaves when boots, flash, state or images fail it.
#include "device/sim/conversations_test.hpp"

#include "device/port/contract.hpp"

#include <algorithm>

namespace otabahn::device::sim {
namespace {

TEST_F(Conversations, AnActivationThatFailsLateIsTakenBack) {
    SimWorld machine({.boots = Boots::machine}, old_image, "1.0.0");
    machine.flash.fail_activation("after-install ended with exit status 1");
    machine.cloud.serve(new_image);
    machine.cloud.give_job("J", document_for(new_image, "1.1.0"));
    ASSERT_TRUE(machine.run());
    EXPECT_EQ(machine.cloud.status(), "FAILED");
    EXPECT_NE(machine.cloud.updates.back().payload.find("\"reason\":\"hook\""), std::string::npos) << machine.cloud.updates.back().payload;
    EXPECT_EQ(machine.flash.boot_slot, 0);
    EXPECT_FALSE(machine.flash.trial_pending) << "the next boot is not one into the new image";
    EXPECT_EQ(machine.reboots, 1);
}

TEST_F(Conversations, AnAgentStartedAgainBeforeItsMachineWentDownAsksForTheBootAgain) {
    SimWorld machine({.boots = Boots::machine}, old_image, "1.0.0");
    machine.cloud.serve(new_image);
    machine.cloud.give_job("J", document_for(new_image, "1.1.0"));
    machine.machine_stays_up = true;
    ASSERT_FALSE(machine.run());
    machine.keep_boot_id = true;
    machine.machine_stays_up = false;
    ASSERT_TRUE(machine.run());
    EXPECT_EQ(machine.cloud.status(), "SUCCEEDED");
    EXPECT_EQ(machine.reboots, 2);
}

TEST_F(Conversations, AMachineThatBootsBackTellsSoAfterThatBoot) {
    SimWorld machine({.boots = Boots::machine}, old_image, "1.0.0");
    machine.new_image_boots = false;
    machine.cloud.serve(new_image);
    machine.cloud.give_job("J", document_for(new_image, "1.1.0"));
    ASSERT_TRUE(machine.run());
    EXPECT_EQ(machine.cloud.status(), "FAILED");
    EXPECT_EQ(machine.told_at_boots, (std::vector<std::string>{"IN_PROGRESS", "IN_PROGRESS"}));
    EXPECT_TRUE(std::equal(old_image.begin(), old_image.end(), machine.running_image.begin()));
}

TEST_F(Conversations, AMachineThatCannotBeBootedBackTellsThat) {
    SimWorld machine({.boots = Boots::machine}, old_image, "1.0.0");
    machine.new_image_boots = false;
    machine.refuses_to_boot_back = true;
    machine.cloud.serve(new_image);
    machine.cloud.give_job("J", document_for(new_image, "1.1.0"));
    ASSERT_TRUE(machine.run());
    EXPECT_EQ(machine.cloud.status(), "FAILED");
    const std::string& told = machine.cloud.updates.back().payload;
    EXPECT_NE(told.find("\"reason\":\"rollback\""), std::string::npos) << told;
    EXPECT_NE(told.find("could not be booted back. no boot today"), std::string::npos) << told;
}

TEST_F(Conversations, ARemarkOfThePortIsToldWithTheOutcome) {
    order();
    world.flash.remark("after-confirm ended with exit status 1.");
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
    EXPECT_TRUE(last_update_has("is confirmed. after-confirm ended with exit status 1."));
}

TEST_F(Conversations, ASecurityCounterNeverGoesBackWhateverIsAllowed) {
    SimWorld lax({.allow_downgrade = true, .allow_unsigned = true}, old_image, "1.0.0");
    lax.cloud.serve(new_image);
    lax.cloud.give_job("J1", release_for(new_image, "1.1.0", 7));
    ASSERT_TRUE(lax.run());
    ASSERT_EQ(lax.cloud.status(), "SUCCEEDED") << lax.cloud.updates.back().payload;
    EXPECT_EQ(lax.update().record().counter, 7U);
    const auto third = image_of(2'900, 99);
    lax.cloud.serve(third);
    lax.cloud.requests = 0;
    for (const auto& document : {release_for(third, "2.0.0", 6), release_for(third, "2.0.0", 0), document_for(third, "2.0.0")}) {
        lax.cloud.give_job("J" + std::to_string(document.size()), document);
        ASSERT_TRUE(lax.run());
        EXPECT_EQ(lax.cloud.status(), "REJECTED");
        EXPECT_NE(lax.cloud.updates.back().payload.find("counter-lower"), std::string::npos);
    }
    EXPECT_EQ(lax.cloud.requests, 0U);
    lax.cloud.give_job("J9", release_for(third, "0.9.0", 7));
    ASSERT_TRUE(lax.run());
    EXPECT_EQ(lax.cloud.status(), "SUCCEEDED") << "a lower version of the same counter is allow_downgrade's business";
}

TEST_F(Conversations, TheCounterOfAnImageThatWasRolledBackDoesNotCount) {
    world.cloud.serve(new_image);
    world.cloud.give_job("J", release_for(new_image, "1.1.0", 7));
    world.new_image_boots = false;
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "FAILED");
    EXPECT_EQ(world.update().record().counter, 0U);
}

TEST_F(Conversations, AnOutcomeThatGetsLostIsReportedAgain) {
    order();
    world.cloud.swallow_updates = 4;
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
}

TEST_F(Conversations, AnOutcomeThatNobodyWantsAnyMoreIsLetGo) {
    order();
    world.cloud.swallow_updates = 1'000;
    ASSERT_TRUE(world.run());
    ASSERT_EQ(world.update().state(), State::reporting);
    world.cloud.swallow_updates = 0;
    world.cloud.cancel_job();
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.update().state(), State::idle);
    EXPECT_EQ(world.cloud.status(), "CANCELED");
    EXPECT_TRUE(std::equal(new_image.begin(), new_image.end(), world.bootable().begin())) << "what was confirmed stays";
}

TEST_F(Conversations, FlashThatCannotBeWrittenFailsTheJobAndLeavesTheOldImage) {
    order();
    world.flash.fail_writes(true);
    expect_refused("FAILED", "slot-write");
}

TEST_F(Conversations, StateThatCannotBeWrittenFailsTheJobAndLeavesTheOldImage) {
    order();
    world.flash.fail_pages(true);
    expect_refused("FAILED", "state-write");
}

TEST_F(Conversations, ADamagedStatePageIsNoticedAndTheOtherOneHolds) {
    order();
    ASSERT_TRUE(world.run());
    ASSERT_EQ(world.cloud.status(), "SUCCEEDED");
    for (int page = 0; page < 2; ++page) {
        SimWorld damaged = SimWorld({}, old_image, "1.0.0");
        damaged.flash = world.flash;
        damaged.flash.pages_[page][50] ^= 4;
        damaged.cloud.give_job("J2", document_for(old_image, "0.9.0"));
        ASSERT_TRUE(damaged.run());
        EXPECT_TRUE(damaged.update().damaged_page());
        EXPECT_TRUE(std::equal(new_image.begin(), new_image.end(), damaged.bootable().begin())) << "either page knows the confirmed image";
        EXPECT_EQ(damaged.cloud.status(), "REJECTED");
    }
}

TEST_F(Conversations, TwoDamagedStatePagesAreNeverTrusted) {
    world.flash.pages_[0][50] ^= 4;
    world.flash.pages_[1][50] ^= 4;
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.update().state(), State::unusable);
    EXPECT_TRUE(world.running_image.empty());
}

TEST_F(Conversations, TheVeryImageThatRunsIsReportedWithoutABlock) {
    order(document_for(old_image, "1.0.0"));
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
    EXPECT_TRUE(last_update_has("already-running"));
    EXPECT_EQ(world.cloud.requests, 0U);
}

TEST_F(Conversations, AnImageThatIsDamagedAtRestIsFetchedAgainAndNotCalledRunning) {
    world.flash.put(0, image_of(3'000, 9));
    world.cloud.serve(old_image);
    world.cloud.give_job("J", document_for(old_image, "1.0.0"));
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
    EXPECT_TRUE(last_update_has("\"reason\":\"updated\"")) << world.cloud.updates.back().payload;
    EXPECT_TRUE(logged("slot a does not hold what was put there any more"));
    expect_old_image();
}

TEST_F(Conversations, ADamagedImageIsNotReplacedByOneOfAWrongSignature) {
    world.flash.put(0, image_of(3'000, 9));
    world.cloud.give_job("J", document_for(old_image, "1.0.0", "forged"));
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "REJECTED");
    EXPECT_EQ(world.cloud.requests, 0U);
}

// A slot that is a file keeps its length: an image must not get the tail of an older one.
TEST_F(Conversations, NothingOfAnOlderImageStaysBehindTheNewOneWhereverThePowerGoes) {
    for (std::uint64_t operation = 0; operation < 8; ++operation) {
        SCOPED_TRACE(operation);
        SimWorld cut({}, old_image, "1.0.0");
        cut.flash.put(1, std::vector<std::uint8_t>(8'192, 0x55));
        cut.cloud.serve(new_image);
        cut.cloud.give_job("J", document_for(new_image, "1.1.0"));
        cut.flash.cut_after(operation);
        while (!cut.run()) {
        }
        ASSERT_EQ(cut.cloud.status(), "SUCCEEDED");
        EXPECT_EQ(std::ranges::count(cut.flash.slot(1, 8'192), 0x55), std::ranges::count(new_image, 0x55));
    }
}

TEST_F(Conversations, AnotherOrderOnADiskThatCannotBeWrittenIsAnsweredAllTheSame) {
    order();
    world.cloud.reject_stream_with = "InternalError";
    ASSERT_TRUE(world.run());
    ASSERT_EQ(world.update().state(), State::downloading);
    world.flash.fail_pages(true);
    order(document_for(new_image, "1.2.0"), "J2");
    ASSERT_TRUE(world.run());
    EXPECT_TRUE(logged("could not be written"));
    EXPECT_EQ(world.cloud.status(), "FAILED");
    EXPECT_TRUE(last_update_has("state-write"));
}

TEST(SimPort, KeepsTheContract) {
    SimWorld world({}, std::vector<std::uint8_t>(100), "1.0.0");
    EXPECT_EQ(contract::check_state_storage(world.flash).value_or("kept"), "kept");
    std::vector<std::uint8_t> expected(contract::pattern_size);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = contract::pattern(i);
    EXPECT_EQ(contract::check_slots(world.flash, world, 1, toy_hash(expected)).value_or("kept"), "kept");
    const SignatureFacts good{SignatureKind::sha256_ecdsa, as_bytes(SimWorld::good_signature), "signer"};
    SignatureFacts forged = good;
    forged.value = as_bytes("forged");
    // The toy signature speaks of no digest; that it should is what the contract finds.
    EXPECT_EQ(contract::check_signatures(world, good, forged, {}).value_or("kept"), "a signature over another digest is not taken");
    static SimWorld* now = &world;
    EXPECT_EQ(contract::check_clock(world, [] { now->jump(Millis{1}); }).value_or("kept"), "kept");
    EXPECT_EQ(contract::check_clock(world, [] {}).value_or("kept"), "the clock goes on");
}

}  // namespace
}  // namespace otabahn::device::sim
