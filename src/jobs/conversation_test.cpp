// SPDX-License-Identifier: Apache-2.0
// What a device says and hears on the jobs topics (spec jobs 4, 8).
#include "jobs/fixture_test.hpp"

namespace otabahn::jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Conversation : public JobsFixture {
  protected:
    void SetUp() override { make_thing("T"); }
};
INSTANTIATE_TEST_SUITE_P(Engines, Conversation, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

// Line by line the trace of section 8.
TEST_P(Conversation, TheTraceOfTheSpecification) {
    say("T", "get", R"({"clientToken":"a"})");
    EXPECT_THAT(heard(), ElementsAre(R"(T/get/accepted {"clientToken":"a","timestamp":100,"inProgressJobs":[],"queuedJobs":[]})"));

    clock_.set(std::int64_t{110});
    make_job("A", thing_target("T"));
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(T/notify {"timestamp":110,"jobs":{"QUEUED":[{"jobId":"A","queuedAt":110,"lastUpdatedAt":110,"executionNumber":1,"versionNumber":1}]}})",
            R"(T/notify-next {"timestamp":110,"execution":{"jobId":"A","status":"QUEUED","queuedAt":110,"lastUpdatedAt":110,"versionNumber":1,"executionNumber":1,"jobDocument":{"x":1}}})"));
    clock_.set(std::int64_t{115});
    make_job("B", thing_target("T"), R"({"y": 2})");
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(T/notify {"timestamp":115,"jobs":{"QUEUED":[{"jobId":"A","queuedAt":110,"lastUpdatedAt":110,"executionNumber":1,"versionNumber":1},{"jobId":"B","queuedAt":115,"lastUpdatedAt":115,"executionNumber":1,"versionNumber":1}]}})"));

    clock_.set(std::int64_t{120});
    say("T", "start-next", R"({"clientToken":"b"})");
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(T/start-next/accepted {"clientToken":"b","timestamp":120,"execution":{"jobId":"A","status":"IN_PROGRESS","queuedAt":110,"startedAt":120,"lastUpdatedAt":120,"versionNumber":2,"executionNumber":1,"jobDocument":{"x":1}}})"));
    clock_.set(std::int64_t{130});
    say("T", "A/update", R"({"status":"IN_PROGRESS","statusDetails":{"pct":"40"},"expectedVersion":"2","clientToken":"c"})");
    EXPECT_THAT(heard(), ElementsAre(R"(T/A/update/accepted {"clientToken":"c","timestamp":130})"));
    say("T", "A/update", R"({"status":"SUCCEEDED","expectedVersion":2,"clientToken":"d"})");
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(T/A/update/rejected {"clientToken":"d","timestamp":130,"code":"VersionMismatch","message":"Expected version 2 but found version 3","executionState":{"status":"IN_PROGRESS","statusDetails":{"pct":"40"},"versionNumber":3}})"));
    clock_.set(std::int64_t{140});
    say("T", "A/update", R"({"status":"SUCCEEDED","clientToken":"e"})");
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(T/A/update/accepted {"clientToken":"e","timestamp":140})",
            R"(T/notify {"timestamp":140,"jobs":{"QUEUED":[{"jobId":"B","queuedAt":115,"lastUpdatedAt":115,"executionNumber":1,"versionNumber":1}]}})",
            R"(T/notify-next {"timestamp":140,"execution":{"jobId":"B","status":"QUEUED","queuedAt":115,"lastUpdatedAt":115,"versionNumber":1,"executionNumber":1,"jobDocument":{"y": 2}}})"));
    say("T", "A/get", "{}");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"(T/A/get/rejected {"timestamp":140,"code":"TerminalStateReached")")));
    say("T", "B/update", R"({"status":"REJECTED"})");
    EXPECT_THAT(heard(), ElementsAre(R"(T/B/update/accepted {"timestamp":140})", R"(T/notify {"timestamp":140,"jobs":{}})",
                                     R"(T/notify-next {"timestamp":140})"));
    say("T", "start-next", "{}");
    EXPECT_THAT(heard(), ElementsAre(R"(T/start-next/accepted {"timestamp":140})"));
    EXPECT_EQ(status_of("A"), "COMPLETED");
    EXPECT_EQ(status_of("B"), "COMPLETED");
    EXPECT_EQ(job("A").job_process_details->number_of_succeeded_things, 1);
    EXPECT_EQ(job("B").job_process_details->number_of_rejected_things, 1);
}

// Rows 3 to 6 and 8 to 9 of the table of 4.9.
TEST_P(Conversation, NotificationsFollowTheQueueNotTheEvent) {
    make_job("A", thing_target("T"));
    clock_.set(std::int64_t{101});
    make_job("B", thing_target("T"));
    clock_.set(std::int64_t{102});
    make_job("C", thing_target("T"));
    heard();
    say("T", "B/update", R"({"status":"IN_PROGRESS"})");  // another begins and becomes first
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("T/B/update/accepted"),
                                     HasSubstr(R"(T/notify-next {"timestamp":102,"execution":{"jobId":"B","status":"IN_PROGRESS")")));
    say("T", "C/update", R"({"status":"IN_PROGRESS"})");  // another begins, one queued earlier stays first
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("T/C/update/accepted")));
    say("T", "B/update", R"({"status":"IN_PROGRESS","statusDetails":{"a":"b"}})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("T/B/update/accepted")));
    say("T", "start-next", "{}");  // repeated: the same one, unchanged
    EXPECT_THAT(
        heard(),
        ElementsAre(HasSubstr(
            R"("jobId":"B","status":"IN_PROGRESS","statusDetails":{"a":"b"},"queuedAt":101,"startedAt":102,"lastUpdatedAt":102,"versionNumber":3)")));
    say("T", "A/update", R"({"status":"FAILED"})");  // one that is not first ends
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("T/A/update/accepted"),
                                     HasSubstr(R"(T/notify {"timestamp":102,"jobs":{"IN_PROGRESS":[{"jobId":"B")")));
}

TEST_P(Conversation, NextIsTheOldestThatIsInProgressThenTheOldestQueued) {
    make_job("B", thing_target("T"));  // made at the same moment: creation decides
    make_job("A", thing_target("T"));
    heard();
    say("T", "$next/get", R"({"clientToken":"0:T"})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"(T/$next/get/accepted {"clientToken":"0:T","timestamp":100,"execution":{"jobId":"B")")));
    say("T", "A/update", R"({"status":"IN_PROGRESS"})");
    heard();
    say("T", "$next/get", R"({"includeJobDocument":false})");
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(T/$next/get/accepted {"timestamp":100,"execution":{"jobId":"A","status":"IN_PROGRESS","queuedAt":100,"startedAt":100,"lastUpdatedAt":100,"versionNumber":2,"executionNumber":1}})"));
    say("T", "get", "");
    EXPECT_THAT(
        heard(),
        ElementsAre(HasSubstr(
            R"("inProgressJobs":[{"jobId":"A","queuedAt":100,"startedAt":100,"lastUpdatedAt":100,"executionNumber":1,"versionNumber":2}],"queuedJobs":[{"jobId":"B")")));
}

TEST_P(Conversation, NothingPendingIsAcceptedWithoutAnExecution) {
    say("T", "$next/get", R"({"clientToken":"x"})");
    say("never-seen", "start-next", "");
    EXPECT_THAT(heard(), ElementsAre(R"(T/$next/get/accepted {"clientToken":"x","timestamp":100})",
                                     R"(never-seen/start-next/accepted {"timestamp":100})"));
}

TEST_P(Conversation, DetailsOutliveARestartAndAreReturned) {
    make_job("A", thing_target("T"));
    say("T", "start-next", R"({"statusDetails":{"step":"download"}})");
    say("T", "A/update", R"({"status":"IN_PROGRESS","statusDetails":{"self_test":"ready","updatedBy":"0x00090002"}})");
    heard();
    say("T", "$next/get", R"({"clientToken":":T"})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"("statusDetails":{"self_test":"ready","updatedBy":"0x00090002"})")));
    EXPECT_EQ(execution("A", "T").status_details->details_map->at("self_test"), "ready");
}

TEST_P(Conversation, AnUpdateGivesStateAndDocumentWhenAsked) {
    make_job("A", thing_target("T"), R"({"z":[1,2.50]})");
    heard();
    say("T", "A/update",
        R"({"status":"IN_PROGRESS","statusDetails":{"progress":"50"},"includeJobExecutionState":true,"includeJobDocument":true})");
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(T/A/update/accepted {"timestamp":100,"executionState":{"status":"IN_PROGRESS","statusDetails":{"progress":"50"},"versionNumber":2},"jobDocument":{"z":[1,2.50]}})"));
}

TEST_P(Conversation, EveryCodeOfARejectionHasItsCause) {
    make_job("A", thing_target("T"));
    heard();
    struct Row {
        const char *topic, *payload, *code;
    };
    for (const auto& row : {Row{"A/get/get", "{}", "InvalidTopic"}, Row{"$next/update", R"({"status":"FAILED"})", "InvalidTopic"},
                            Row{"notify", "{}", "InvalidTopic"}, Row{"get", "{", "InvalidJson"}, Row{"start-next", "[]", "InvalidJson"},
                            Row{"A/update", "{}", "InvalidRequest"}, Row{"A/update", R"({"status":"DONE"})", "InvalidRequest"},
                            Row{"start-next", R"({"stepTimeoutInMinutes":0})", "InvalidRequest"},
                            Row{"start-next", R"({"stepTimeoutInMinutes":-1})", "InvalidRequest"},
                            Row{"A/update", R"({"status":"IN_PROGRESS","stepTimeoutInMinutes":10081})", "InvalidRequest"},
                            Row{"B/get", "{}", "ResourceNotFound"}, Row{"A/get", R"({"executionNumber":2})", "ResourceNotFound"},
                            Row{"B/update", R"({"status":"FAILED"})", "ResourceNotFound"},
                            Row{"A/update", R"({"status":"FAILED","executionNumber":7})", "ResourceNotFound"},
                            Row{"A/update", R"({"status":"QUEUED"})", "InvalidStateTransition"},
                            Row{"A/update", R"({"status":"CANCELED"})", "InvalidStateTransition"},
                            Row{"A/update", R"({"status":"FAILED","expectedVersion":9})", "VersionMismatch"}}) {
        say("T", row.topic, row.payload);
        EXPECT_THAT(heard(), ElementsAre(::testing::AllOf(HasSubstr(std::string(row.topic) + "/rejected {"),
                                                          HasSubstr("\"code\":\"" + std::string(row.code) + "\""))))
            << row.payload;
    }
    EXPECT_EQ(execution("A", "T").version_number, 1);
}

TEST_P(Conversation, WhatHasEndedStaysEnded) {
    make_job("A", thing_target("T"));
    say("T", "A/update", R"({"status":"FAILED","statusDetails":{"reason":"r"}})");
    heard();
    say("T", "A/update", R"({"status":"SUCCEEDED","clientToken":"t"})");
    EXPECT_THAT(heard(), ElementsAre(::testing::AllOf(
                             HasSubstr(R"("clientToken":"t")"), HasSubstr(R"("code":"InvalidStateTransition")"),
                             HasSubstr(R"("executionState":{"status":"FAILED","statusDetails":{"reason":"r"},"versionNumber":2})"))));
}

TEST_P(Conversation, WhatHasBegunCannotBeRejected) {
    make_job("A", thing_target("T"));
    say("T", "start-next", "{}");
    heard();
    say("T", "A/update", R"({"status":"REJECTED"})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"("code":"InvalidStateTransition")")));
}

TEST_P(Conversation, RepliesHaveTheQosOfTheRequestAtMostOne) {
    for (const int qos : {0, 1, 2}) {
        const auto replies = jobs_.call(
            {.scope = scope(), .topic = "$aws/things/T/jobs/get", .payload = "", .qos = qos, .client_id = "T", .certificate_id = ""});
        ASSERT_EQ(replies.size(), 1u);
        EXPECT_EQ(replies.front().qos, std::min(qos, 1));
    }
}

TEST_P(Conversation, AnotherRegionsThingOfTheSameNameHearsNothing) {
    make_job("A", thing_target("T"));
    heard();
    const auto replies = jobs_.call(
        {.scope = scope("us-east-2"), .topic = "$aws/things/T/jobs/start-next", .payload = "", .client_id = "T", .certificate_id = ""});
    EXPECT_EQ(replies.front().payload, R"({"timestamp":100})");
    EXPECT_EQ(execution("A", "T").status, "QUEUED");
}

TEST_P(Conversation, AtMostTenAreListed) {
    for (int i = 0; i < 12; ++i) make_job("J" + std::to_string(i), thing_target("T"));
    const auto lines = heard();
    std::size_t jobs = 0;
    for (auto at = lines.back().find("jobId"); at != std::string::npos; at = lines.back().find("jobId", at + 1)) ++jobs;
    EXPECT_EQ(jobs, 10u);
}

// Placeholders: resolved for devices and in notify-next, never in GetJobDocument.
TEST_P(Conversation, ADeviceGetsPresignedUrlsAndTheOperatorThePlaceholder) {
    make_role("reader", "iot.amazonaws.com", "s3:GetObject*");
    auto request =
        job_for("A", thing_target("T"), R"({"url":"${aws:iot:s3-presigned-url-v2:http://127.0.0.1:4566/fw/a%20b%3FversionId%3D7}"})");
    request.presigned_url_config = iot::PresignedUrlConfig{role_arn("reader"), 90};
    const auto made = call<iot::CreateJob>(request);
    ASSERT_TRUE(made) << made.error().message;
    const auto* const url = R"("jobDocument":{"url":"https://signed/fw/a b?v=7&life=90&role=reader"})";
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("T/notify "), HasSubstr(url)));
    say("T", "A/get", "{}");
    say("T", "start-next", "{}");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(url), HasSubstr(url)));
    EXPECT_EQ(call<iot::GetJobDocument>({.job_id = "A"})->document, request.document);

    presigner_failure_ = "the role is gone";
    say("T", "A/get", R"({"clientToken":"x"})");
    EXPECT_THAT(heard(), ElementsAre(::testing::AllOf(HasSubstr("A/get/rejected"), HasSubstr(R"("clientToken":"x")"),
                                                      HasSubstr(R"("code":"InternalError")"), HasSubstr("the role is gone"))));
    say("T", "A/get", R"({"includeJobDocument":false})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("A/get/accepted")));
}

}  // namespace
}  // namespace otabahn::jobs
