// SPDX-License-Identifier: Apache-2.0
// The device's four calls over HTTPS (spec jobs 4.8): the rules of the topics, AWS's bodies and statuses.
#include "jobs/fixture_test.hpp"

namespace otabahn::jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DataTest : public JobsFixture {
  protected:
    void SetUp() override {
        make_thing("T");
        make_job("A", thing_target("T"), R"({ "x": 1 })");
        heard();
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, DataTest, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

TEST_P(DataTest, PendingExecutionsAreListedByState) {
    const auto pending = call<data::GetPendingJobExecutions>({.thing_name = "T"});
    ASSERT_TRUE(pending) << pending.error().message;
    EXPECT_THAT(*pending->in_progress_jobs, IsEmpty());
    ASSERT_EQ(pending->queued_jobs->size(), 1u);
    EXPECT_EQ(pending->queued_jobs->front().job_id, "A");
    EXPECT_EQ(pending->queued_jobs->front().queued_at, 100);
}

TEST_P(DataTest, TheDocumentIsAStringAsItWasWritten) {
    const auto started = call<data::StartNextPendingJobExecution>({.thing_name = "T"});
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_EQ(started->execution->job_document, R"({ "x": 1 })");
    EXPECT_EQ(started->execution->thing_name, "T");
    EXPECT_EQ(started->execution->version_number, 2);
    EXPECT_EQ(call<data::DescribeJobExecution>({.job_id = "$next", .thing_name = "T"})->execution->job_id, "A");
    EXPECT_EQ(call<data::DescribeJobExecution>({.job_id = "A", .thing_name = "T", .include_job_document = false})->execution->job_document,
              std::nullopt);
    EXPECT_THAT(heard(), IsEmpty());
}

TEST_P(DataTest, AnUpdateCausesTheSameNotificationsAsOverMqtt) {
    const auto updated = call<data::UpdateJobExecution>(
        {.job_id = "A", .thing_name = "T", .status = "SUCCEEDED", .include_job_execution_state = true, .include_job_document = true});
    ASSERT_TRUE(updated) << updated.error().message;
    EXPECT_EQ(updated->execution_state->status, "SUCCEEDED");
    EXPECT_EQ(updated->execution_state->version_number, 2);
    EXPECT_EQ(updated->job_document, R"({ "x": 1 })");
    EXPECT_THAT(heard(), ElementsAre(R"(T/notify {"timestamp":100,"jobs":{}})", R"(T/notify-next {"timestamp":100})"));
    EXPECT_EQ(call<data::StartNextPendingJobExecution>({.thing_name = "T"})->execution, std::nullopt);
    EXPECT_EQ(call<data::DescribeJobExecution>({.job_id = "$next", .thing_name = "T"})->execution, std::nullopt);
}

TEST_P(DataTest, EachRefusalHasItsStatus) {
    const auto update = [&](data::UpdateJobExecutionRequest request) {
        request.thing_name = "T";
        const auto out = call<data::UpdateJobExecution>(std::move(request));
        return out ? "200" : std::to_string(out.error().status) + " " + out.error().code;
    };
    EXPECT_EQ(update({.job_id = "B", .status = "FAILED"}), "404 ResourceNotFoundException");
    EXPECT_EQ(update({.job_id = "A", .status = "DONE"}), "400 InvalidRequestException");
    EXPECT_EQ(update({.job_id = "A", .status = "CANCELED"}), "409 InvalidStateTransitionException");
    EXPECT_EQ(update({.job_id = "A", .status = "FAILED", .expected_version = 7}), "409 InvalidStateTransitionException");
    EXPECT_EQ(update({.job_id = "A", .status = "IN_PROGRESS", .step_timeout_in_minutes = 0}), "400 InvalidRequestException");
    EXPECT_EQ(update({.job_id = "A", .status = "FAILED"}), "200");
    EXPECT_EQ(update({.job_id = "A", .status = "FAILED"}), "409 InvalidStateTransitionException");
    EXPECT_EQ(call<data::DescribeJobExecution>({.job_id = "A", .thing_name = "T"}).error().status, 410);
    EXPECT_EQ(call<data::DescribeJobExecution>({.job_id = "B", .thing_name = "T"}).error().status, 404);
    EXPECT_EQ(call<data::StartNextPendingJobExecution>({.thing_name = "T", .step_timeout_in_minutes = 10081}).error().status, 400);
    EXPECT_EQ(call<data::GetPendingJobExecutions>({.thing_name = "a b"}).error().status, 400);
}

TEST_P(DataTest, WhoIsNotAllowedIsRefusedBeforeAnythingIsRead) {
    make_role("stranger", "ec2.amazonaws.com", "iot:CreateThing");
    make_role("reader", "ec2.amazonaws.com", "iotjobsdata:GetPendingJobExecutions");
    auto caller = root();
    caller.root = false;
    caller.arn = "arn:aws:sts::561470034375:assumed-role/stranger/s";
    EXPECT_EQ(call<data::GetPendingJobExecutions>(caller, {.thing_name = "T"}).error().status, 403);
    caller.arn = "arn:aws:sts::561470034375:assumed-role/reader/s";
    EXPECT_TRUE(call<data::GetPendingJobExecutions>(caller, {.thing_name = "T"}));
    EXPECT_EQ(call<data::StartNextPendingJobExecution>(caller, {.thing_name = "T"}).error().status, 403);
    EXPECT_EQ(execution("A", "T").status, "QUEUED");
}

}  // namespace
}  // namespace otabahn::jobs
