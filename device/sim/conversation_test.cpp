// SPDX-License-Identifier: Apache-2.0
// Conversations of the update with its cloud and its flash that do not go as planned.
#include "device/sim/sim_world.hpp"

#include "device/port/contract.hpp"
#include "encoding/base64_string.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace otabahn::device::sim {
namespace {

std::vector<std::uint8_t> image_of(std::size_t size, std::uint8_t seed) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 17 + seed + i / 256);
    return bytes;
}

std::string document_for(const std::vector<std::uint8_t>& image, const std::string& version,
                         std::string_view signature = SimWorld::good_signature, const std::string& certificate = "signer") {
    return R"({"operation":"otabahn.update","schema":1,"version":")" + version +
           R"(","stream":"S","files":[{"fileId":0,"name":"f","size":)" + std::to_string(image.size()) + R"(,"sha256":")" +
           encoding::to_hex(toy_hash(image)) + R"(","signature":{"algorithm":"SHA256-ECDSA","value":")" + encoding::to_base64(signature) +
           R"(","certificate":")" + certificate + R"("}}]})";
}

std::string release_for(const std::vector<std::uint8_t>& image, const std::string& version, int counter) {
    const std::string manifest = R"({"schema":1,"product":"","hardware":[],"version":")" + version +
                                 R"(","minVersion":"","securityCounter":)" + std::to_string(counter) + R"(,"files":[{"name":"f","size":)" +
                                 std::to_string(image.size()) + R"(,"sha256":")" + encoding::to_hex(toy_hash(image)) + R"("}]})";
    std::string document = document_for(image, version);
    document.pop_back();
    return document + R"(,"release":{"manifest":")" + encoding::to_base64(manifest) +
           R"(","signature":{"algorithm":"SHA256-ECDSA","value":")" + encoding::to_base64(SimWorld::good_signature) +
           R"(","certificate":"signer"}}})";
}

class Conversations : public testing::Test {
  protected:
    const std::vector<std::uint8_t> old_image = image_of(3'000, 1), new_image = image_of(2'900, 5);
    SimWorld world{{}, old_image, "1.0.0"};

    void order(const std::string& document, const std::string& job = "J") {
        world.cloud.serve(new_image);
        world.cloud.give_job(job, document);
    }
    void order() { order(document_for(new_image, "1.1.0")); }
    bool logged(std::string_view text) const {
        return std::any_of(world.log.begin(), world.log.end(), [&](const auto& line) { return line.find(text) != std::string::npos; });
    }
    bool last_update_has(std::string_view text) const {
        return !world.cloud.updates.empty() && world.cloud.updates.back().payload.find(text) != std::string::npos;
    }
    void expect_old_image() {
        EXPECT_TRUE(std::equal(old_image.begin(), old_image.end(), world.running_image.begin()));
        EXPECT_TRUE(std::equal(old_image.begin(), old_image.end(), world.bootable().begin()));
    }
    void expect_refused(std::string_view status, std::string_view reason) {
        ASSERT_TRUE(world.run());
        EXPECT_EQ(world.cloud.status(), status);
        EXPECT_TRUE(last_update_has("\"reason\":\"" + std::string(reason) + "\"")) << world.cloud.updates.back().payload;
        EXPECT_TRUE(last_update_has("\"version\":\"1.0.0\""));
        expect_old_image();
        EXPECT_EQ(world.update().state(), State::idle);
    }
};

TEST_F(Conversations, ARefusalComesStraightFromQueuedAndCostsNoBlock) {
    order(document_for(new_image, "1.1.0", "forged"));
    expect_refused("REJECTED", "signature-wrong");
    EXPECT_EQ(world.cloud.updates.size(), 1U);
    EXPECT_EQ(world.cloud.requests, 0U);
}

TEST_F(Conversations, AnUnknownCertificateIsNamed) {
    order(document_for(new_image, "1.1.0", "forged", "unknown"));
    expect_refused("REJECTED", "certificate-unknown");
    EXPECT_TRUE(last_update_has("'unknown'"));
}

TEST_F(Conversations, ADocumentThatIsNoObjectIsRefused) {
    int number = 0;
    for (const char* document : {"\"text\"", "[1]", "7", "null", "true"}) {
        SCOPED_TRACE(document);
        order(document, "J" + std::to_string(++number));
        expect_refused("REJECTED", "document-no-object");
    }
}

TEST_F(Conversations, ADocumentLongerThanTheMemoryIsRefused) {
    order(R"({"operation":"otabahn.update","filler":")" + std::string(5'000, 'x') + "\"}");
    expect_refused("REJECTED", "document-incomplete");
}

TEST_F(Conversations, AnImageThatDiffersFromItsHashFailsAndTheNextOneIsFetchedWhole) {
    order();
    auto other = new_image;
    other[1'000] ^= 1;
    world.cloud.serve(other);
    expect_refused("FAILED", "image-hash");
    order(document_for(new_image, "1.1.0"), "J2");
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
    for (const auto& [block, times] : world.cloud.served) EXPECT_EQ(times, 2U) << block << ": nothing of a bad image is kept";
}

TEST_F(Conversations, ATruncatedStreamFails) {
    order();
    world.cloud.serve({new_image.begin(), new_image.end() - 300});
    expect_refused("FAILED", "stream-size");
}

TEST_F(Conversations, AStreamWhoseLastBlockIsTooLongFails) {
    order();
    auto longer = new_image;
    longer.resize(longer.size() + 10);
    world.cloud.serve(longer);
    expect_refused("FAILED", "stream-size");
}

TEST_F(Conversations, EveryErrorOfAStreamHasItsReason) {
    const std::pair<const char*, const char*> rows[] = {
        {"ResourceNotFound", "stream-not-found"}, {"VersionMismatch", "stream-changed"}, {"ETagMismatch", "stream-changed"},
        {"Unauthorized", "stream-unreadable"},    {"InvalidTopic", "stream-refused"},    {"BlockSizeOutOfBounds", "stream-refused"},
        {"InvalidRequest", "stream-size"}};
    int number = 0;
    for (const auto& [error, reason] : rows) {
        SCOPED_TRACE(error);
        order(document_for(new_image, "1.1.0"), "J" + std::to_string(++number));
        world.cloud.reject_stream_with = error;
        expect_refused("FAILED", reason);
    }
}

TEST_F(Conversations, AFaultOfTheServiceIsWaitedOut) {
    order();
    world.cloud.reject_stream_with = "InternalError";
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "IN_PROGRESS") << "it does not give up";
    EXPECT_LT(world.cloud.requests, 2'000U) << "and does not hammer";
    world.cloud.reject_stream_with.clear();
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
}

TEST_F(Conversations, AStreamThatNeverAnswersEndsTheJobAfterABoundedTime) {
    order();
    world.cloud.silent_stream = true;
    const Millis began = world.now();
    expect_refused("FAILED", "stream-silent");
    EXPECT_GE(world.now() - began, Settings().give_up_after);
    EXPECT_LE(world.now() - began, Settings().give_up_after * 2);
    EXPECT_LT(world.cloud.requests, 300U) << "and does not hammer";
    EXPECT_FALSE(last_update_has("denied"));
}

TEST_F(Conversations, WhatTheServiceDeniedIsNamedWhenItIsGivenUp) {
    order();
    world.cloud.reject_stream_with = "InternalError";
    ASSERT_TRUE(world.run());
    ASSERT_EQ(world.update().state(), State::downloading);
    world.cloud.reject_stream_with.clear();
    world.cloud.silent_stream = true;
    world.answer(Input::refused("iot:Publish", "$aws/things/T/jobs/J/update"));
    world.answer(Input::refused("iot:Publish", "$aws/things/T/streams/S/get/cbor"));
    expect_refused("FAILED", "stream-silent");
    EXPECT_TRUE(last_update_has("iot:Publish on the stream's get topic is denied")) << world.cloud.updates.back().payload;
}

TEST_F(Conversations, ADownloadWaitsForItsLeaveAndTheJobStaysQueued) {
    order();
    world.leave.reset();
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.update().state(), State::waiting);
    EXPECT_EQ(world.cloud.status(), "QUEUED");
    EXPECT_EQ(world.cloud.requests, 0U);
    world.answer(Input::connection(false));
    world.answer(Input::connection(true));
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.update().state(), State::waiting);
    world.answer(Input::done(ActionKind::allow_download, true));
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
}

TEST_F(Conversations, ADownloadThatIsNotAllowedIsRejectedFromQueued) {
    order();
    world.leave = Input::done(ActionKind::allow_download, false, "The lamp is in use.");
    expect_refused("REJECTED", "declined");
    EXPECT_TRUE(last_update_has("The lamp is in use."));
    EXPECT_EQ(world.cloud.requests, 0U);
}

TEST_F(Conversations, AHookThatForbidsTheDownloadHasFailed) {
    order();
    world.leave = Input::not_done(ActionKind::allow_download, Reason::hook, "before-download ended with exit status 3");
    expect_refused("FAILED", "hook");
}

TEST_F(Conversations, AJobThatIsCancelledWhileItWaitsForItsLeaveIsForgotten) {
    order();
    world.leave.reset();
    ASSERT_TRUE(world.run());
    world.cloud.cancel_job();
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.update().state(), State::idle);
    world.answer(Input::done(ActionKind::allow_download, true));
    EXPECT_EQ(world.update().state(), State::idle) << "a late leave begins nothing";
    EXPECT_EQ(world.cloud.requests, 0U);
}

TEST_F(Conversations, TheLeaveHoldsUntilTheDownloadIsOverWhateverIsCut) {
    order();
    world.flash.cut_after(14);
    ASSERT_FALSE(world.run());
    world.leave.reset();
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
}

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

TEST_F(Conversations, ACapOnTheBandwidthIsKept) {
    SimWorld slow({.max_bytes_per_second = 500}, old_image, "1.0.0");
    slow.cloud.serve(new_image);
    slow.cloud.give_job("J", document_for(new_image, "1.1.0"));
    const Millis began = slow.now();
    ASSERT_TRUE(slow.run());
    EXPECT_EQ(slow.cloud.status(), "SUCCEEDED");
    EXPECT_GE(slow.now() - began, Millis{4'500}) << "2,900 bytes at 500 a second, a first burst allowed";
    EXPECT_LE(slow.now() - began, Millis{8'000});
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

TEST_F(Conversations, ACancelledJobEndsTheDownloadAndItsBlocksServeTheNext) {
    order();
    world.flash.cut_after(14);
    ASSERT_FALSE(world.run());
    world.cloud.cancel_job();
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.update().state(), State::idle);
    EXPECT_EQ(world.cloud.updates.back().status, "IN_PROGRESS") << "nothing is reported for it";
    order(document_for(new_image, "1.1.0"), "J2");
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
    EXPECT_EQ(world.blocks_persisted_then_served, 0U);
}

TEST_F(Conversations, AnotherImageOrderedMeanwhileIsFetchedFromItsStart) {
    order();
    world.flash.cut_after(14);
    ASSERT_FALSE(world.run());
    const auto third = image_of(2'900, 99);
    world.cloud.serve(third);
    world.cloud.give_job("J2", document_for(third, "1.2.0"));
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
    EXPECT_TRUE(std::equal(third.begin(), third.end(), world.bootable().begin()));
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

TEST_F(Conversations, AJobThatWentWhileNobodyWasConnectedIsNoDownloadAnyMore) {
    order();
    world.flash.cut_after(14);
    ASSERT_FALSE(world.run());
    world.cloud.cancel_job();
    ASSERT_TRUE(world.run());
    EXPECT_TRUE(world.update().record().job.id.empty());
    EXPECT_TRUE(logged("job J is not pending any more"));
}

TEST_F(Conversations, ARefusedJobDoesNotInheritADownloadThatWaited) {
    order();
    world.flash.cut_after(14);
    ASSERT_FALSE(world.run());
    world.cloud.give_job("J2", document_for(new_image, "0.9.0"));
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "REJECTED");
    EXPECT_TRUE(world.update().record().job.id.empty());
}

TEST_F(Conversations, TheNameOfADeletedJobMayBeUsedAgain) {
    order();
    ASSERT_TRUE(world.run());
    ASSERT_EQ(world.cloud.status(), "SUCCEEDED");
    const auto third = image_of(2'900, 99);
    world.cloud.serve(third);
    world.cloud.give_job("J", document_for(third, "1.2.0"));
    ASSERT_TRUE(world.run());
    EXPECT_EQ(world.cloud.status(), "SUCCEEDED");
    EXPECT_TRUE(std::equal(third.begin(), third.end(), world.bootable().begin()));
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

TEST_F(Conversations, ProgressIsReportedAtABoundedRate) {
    order();
    ASSERT_TRUE(world.run());
    // The start, verifying, the trial, the end: blocks came faster than reports may.
    EXPECT_EQ(world.cloud.updates.size(), 4U);
    EXPECT_TRUE(last_update_has("\"progress\":\"100\""));
}

TEST_F(Conversations, OnlyWhatAwsHasIsSubscribedTo) {
    order();
    ASSERT_TRUE(world.run());
    EXPECT_EQ(std::vector<std::string>(world.subscriptions.begin(), world.subscriptions.begin() + 5),
              (std::vector<std::string>{"$aws/things/T/jobs/notify-next", "$aws/things/T/jobs/$next/get/accepted",
                                        "$aws/things/T/jobs/$next/get/rejected", "$aws/things/T/jobs/+/update/accepted",
                                        "$aws/things/T/jobs/+/update/rejected"}));
    EXPECT_EQ(world.subscriptions[5], "$aws/things/T/streams/S/data/cbor");
}

TEST_F(Conversations, TheActionsOfAStepFitIntoTheMemoryPromised) {
    order();
    ASSERT_TRUE(world.run());
    EXPECT_FALSE(world.update().out_was_short());
}

TEST(SimPort, KeepsTheContract) {
    SimWorld world({}, std::vector<std::uint8_t>(100), "1.0.0");
    EXPECT_EQ(contract::check_state_storage(world.flash).value_or("kept"), "kept");
    std::vector<std::uint8_t> expected(contract::pattern_size);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = contract::pattern(i);
    EXPECT_EQ(contract::check_slots(world.flash, world, 1, toy_hash(expected)).value_or("kept"), "kept");
}

}  // namespace
}  // namespace otabahn::device::sim
