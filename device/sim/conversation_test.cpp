// SPDX-License-Identifier: Apache-2.0
// Conversations of the update with its cloud that do not go as planned: orders, streams, leave, cancellations.
#include "device/sim/conversations_test.hpp"

#include <algorithm>

namespace otabahn::device::sim {
namespace {

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
    EXPECT_FALSE(last_update_has("Denied"));
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
    EXPECT_TRUE(last_update_has("Denied: iot:Publish on $aws/things/T/streams/S/get/cbor")) << world.cloud.updates.back().payload;
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

}  // namespace
}  // namespace otabahn::device::sim
