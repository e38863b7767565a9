// SPDX-License-Identifier: Apache-2.0
// The operator's side: CreateJob and what it refuses, lists, CancelJob, and what is due (spec jobs 1, 2.1, 3.3).
#include "jobs/fixture_test.hpp"

namespace otabahn::jobs {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CreateJobTest : public JobsFixture {
  protected:
    CreateJobTest() : JobsFixture(Options{.executions_at_once = 5, .executions_in_a_batch = 2}) {}
    void SetUp() override { make_thing("T"); }

    awsapi::ServiceError refused(const iot::CreateJobRequest& request, const awsapi::Caller& caller) {
        const auto made = call<iot::CreateJob>(caller, request);
        EXPECT_FALSE(made) << request.job_id;
        return made ? awsapi::ServiceError{} : made.error();
    }
    awsapi::ServiceError refused(const iot::CreateJobRequest& request) { return refused(request, root()); }
    iot::CreateJobRequest from_source(const std::string& url) {
        auto request = job_for("A", thing_target("T"));
        request.document.reset();
        request.document_source = url;
        return request;
    }
    std::vector<std::string> statuses(const std::string& job_id) {
        std::vector<std::string> out;
        iot::ListJobExecutionsForJobRequest request{.job_id = job_id};
        do {
            const auto page = call<iot::ListJobExecutionsForJob>(request);
            EXPECT_TRUE(page);
            if (!page) break;
            for (const auto& row : *page->execution_summaries)
                out.push_back(row.thing_arn->substr(row.thing_arn->rfind('/') + 1) + " " + *row.job_execution_summary->status);
            request.next_token = page->next_token;
        } while (request.next_token);
        return out;
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, CreateJobTest, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

TEST_P(CreateJobTest, WhatWasGivenIsDescribed) {
    auto request = job_for("A", thing_target("T"), "{\n  \"x\": 1\n}");
    request.description = "first";
    request.timeout_config = iot::TimeoutConfig{30};
    const auto made = call<iot::CreateJob>(request);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->job_arn, "arn:aws:iot:us-east-1:561470034375:job/A");
    EXPECT_EQ(made->job_id, "A");
    EXPECT_EQ(made->description, "first");
    const auto described = job("A");
    EXPECT_EQ(described.status, "IN_PROGRESS");
    EXPECT_EQ(described.target_selection, "SNAPSHOT");
    EXPECT_THAT(*described.targets, ElementsAre(thing_target("T")));
    EXPECT_EQ(described.description, "first");
    EXPECT_EQ(described.timeout_config->in_progress_timeout_in_minutes, 30);
    EXPECT_EQ(described.job_process_details->number_of_queued_things, 1);
    EXPECT_EQ(described.job_process_details->number_of_failed_things, 0);
    EXPECT_EQ(described.job_process_details->processing_targets, std::nullopt);
    EXPECT_EQ(described.is_concurrent, false);
    EXPECT_EQ(described.created_at, clock_.now());
    EXPECT_EQ(described.completed_at, std::nullopt);
    EXPECT_EQ(call<iot::GetJobDocument>({.job_id = "A"})->document, "{\n  \"x\": 1\n}");
    EXPECT_EQ(call<iot::DescribeJob>(root("us-east-2"), {.job_id = "A"}).error().code, "ResourceNotFoundException");
}

TEST_P(CreateJobTest, ATakenIdIsRefusedEvenWithTheSameContent) {
    make_job("A", thing_target("T"));
    const auto error = refused(job_for("A", thing_target("T")));
    EXPECT_EQ(error.code, "ResourceAlreadyExistsException");
    EXPECT_EQ(error.status, 409);
    EXPECT_THAT(error.fields,
                ::testing::Contains(std::pair<std::string, std::string>("resourceArn", "arn:aws:iot:us-east-1:561470034375:job/A")));
    EXPECT_EQ(refused(job_for("A", thing_target("none"))).code, "ResourceAlreadyExistsException");
}

TEST_P(CreateJobTest, ExactlyOneOriginOfTheDocument) {
    auto both = job_for("A", thing_target("T"));
    both.document_source = "https://s3.amazonaws.com/fw/a";
    EXPECT_EQ(refused(both).message, "Job document and job document source cannot be specified at the same time.");
    auto neither = job_for("A", thing_target("T"));
    neither.document.reset();
    EXPECT_EQ(refused(neither).message, "Neither job document nor job document source is specified.");
    EXPECT_EQ(refused(neither).code, "InvalidRequestException");
}

TEST_P(CreateJobTest, ADocumentThatIsNoJsonObjectOrTooLongIsRefused) {
    for (const auto& document :
         {std::string("not json"), std::string("[1]"), std::string(), "{\"a\":\"" + std::string(32768, 'x') + "\"}"}) {
        const auto error = refused(job_for("A", thing_target("T"), document));
        EXPECT_EQ(error.code, "InvalidRequestException") << document.substr(0, 20);
    }
}

TEST_P(CreateJobTest, TargetsMustBeArnsOfWhatIsHere) {
    for (const auto* target :
         {"T", "arn:aws:iot:us-east-1:561470034375:job/A", "arn:aws:s3:us-east-1:561470034375:thing/T",
          "arn:aws:iot:us-east-1:561470034375:thing/", "arn:aws:iot:us-east-1:561470034375:thing/a b", "arn:aws:iot:us-east-1"})
        EXPECT_EQ(refused(job_for("A", target)).code, "InvalidRequestException") << target;
    for (const auto* target : {"arn:aws:iot:us-east-1:561470034375:thing/none", "arn:aws:iot:us-east-1:561470034375:thinggroup/T",
                               "arn:aws:iot:us-east-2:561470034375:thing/T", "arn:aws:iot:us-east-1:000000000000:thing/T"})
        EXPECT_EQ(refused(job_for("A", target)).code, "ResourceNotFoundException") << target;
    auto many = job_for("A", thing_target("T"));
    many.targets.resize(101, thing_target("T"));
    EXPECT_EQ(refused(many).code, "LimitExceededException");
    many.targets.clear();
    EXPECT_EQ(refused(many).code, "InvalidRequestException");
}

TEST_P(CreateJobTest, WhatIsNotImplementedIsRefusedByNameAndNeverPassedOver) {
    std::vector<std::pair<std::string, iot::CreateJobRequest>> rows;
    const auto row = [&](const std::string& member) -> iot::CreateJobRequest& {
        return rows.emplace_back(member, job_for("A", thing_target("T"))).second;
    };
    row("jobExecutionsRolloutConfig").job_executions_rollout_config = iot::JobExecutionsRolloutConfig{50, {}};
    row("abortConfig").abort_config = iot::AbortConfig{{{"FAILED", "CANCEL", 10, 5}}};
    row("jobExecutionsRetryConfig").job_executions_retry_config = iot::JobExecutionsRetryConfig{{{"FAILED", 3}}};
    row("schedulingConfig").scheduling_config = iot::SchedulingConfig{"2030-01-01T00:00", {}, {}, {}};
    row("CONTINUOUS").target_selection = "CONTINUOUS";
    row("jobTemplateArn").job_template_arn = "arn:aws:iot:us-east-1::jobtemplate/AWS-Reboot:1.0";
    row("documentParameters").document_parameters = {{"a", "b"}, {"c", "d"}};
    row("destinationPackageVersions").destination_package_versions = {"arn:aws:iot:us-east-1:561470034375:package/p/version/1"};
    row("namespaceId").namespace_id = "n";
    row("tags").tags = std::vector<iot::Tag>{{"k", "v"}};
    for (const auto& [member, request] : rows) {
        const auto error = refused(request);
        EXPECT_EQ(error.status, 501) << member;
        EXPECT_THAT(error.message, HasSubstr(member));
    }
    EXPECT_EQ(call<iot::DescribeJob>({.job_id = "A"}).error().status, 404);
}

TEST_P(CreateJobTest, AConfigThatAsksForNothingIsTaken) {
    auto request = job_for("A", thing_target("T"));
    request.job_executions_rollout_config.emplace();
    request.scheduling_config.emplace();
    request.timeout_config.emplace();
    request.tags.emplace();
    EXPECT_TRUE(call<iot::CreateJob>(request));
}

TEST_P(CreateJobTest, ATimeoutOutOfRangeIsRefused) {
    for (const std::int64_t minutes : {std::int64_t{0}, std::int64_t{10081}, std::int64_t{-5}}) {
        auto request = job_for("A", thing_target("T"));
        request.timeout_config = iot::TimeoutConfig{minutes};
        EXPECT_EQ(refused(request).message,
                  "Provide valid timeout value, inProgressTimeoutInMinutes cannot be " + std::to_string(minutes) + ".");
    }
}

TEST_P(CreateJobTest, ADocumentSourceIsReadOnceAndWhole) {
    make_object("firmware", "jobs/a b.json", R"({"from":"s3"})");
    int last = 0;
    for (const auto* url :
         {"https://s3.amazonaws.com/firmware/jobs/a%20b.json", "https://firmware.s3.us-east-1.amazonaws.com/jobs/a%20b.json",
          "http://127.0.0.1:4566/firmware/jobs/a%20b.json"}) {
        auto request = from_source(url);
        request.job_id = "J" + std::to_string(++last);
        const auto made = call<iot::CreateJob>(request);
        ASSERT_TRUE(made) << made.error().message;
        EXPECT_EQ(call<iot::GetJobDocument>({.job_id = request.job_id})->document, R"({"from":"s3"})");
        EXPECT_EQ(call<iot::DescribeJob>({.job_id = request.job_id})->document_source, url);
    }
    ASSERT_TRUE(objects_.put("firmware", "jobs/a b.json", "application/json", R"({"changed":"later"})"));
    EXPECT_EQ(call<iot::GetJobDocument>({.job_id = "J1"})->document, R"({"from":"s3"})");
}

TEST_P(CreateJobTest, ADocumentSourceThatCannotBeReadIsAnInvalidRequestThatSaysWhy) {
    make_object("firmware", "bad", "no json");
    ASSERT_TRUE(objects_.put("firmware", "large", "", std::string(32769, ' ')));
    EXPECT_THAT(refused(from_source("https://s3.amazonaws.com/nowhere/a")).message, HasSubstr("nowhere"));
    EXPECT_THAT(refused(from_source("https://s3.amazonaws.com/firmware/none")).message, HasSubstr("no object 'none'"));
    EXPECT_THAT(refused(from_source("https://s3.amazonaws.com/firmware/bad?versionId=zzz")).message, HasSubstr("zzz"));
    EXPECT_THAT(refused(from_source("https://s3.amazonaws.com/firmware/bad")).message, HasSubstr("no valid JSON"));
    EXPECT_THAT(refused(from_source("https://s3.amazonaws.com/firmware/large")).message, HasSubstr("32769"));
    EXPECT_THAT(refused(from_source("https://evil.example/firmware/bad")).message, HasSubstr("none of S3's"));
    for (const auto* url : {"https://s3.amazonaws.com/nowhere/a", "https://s3.amazonaws.com/firmware/none", "https://evil.example/x/y"})
        EXPECT_EQ(refused(from_source(url)).code, "InvalidRequestException") << url;
}

TEST_P(CreateJobTest, WhoMayNotReadTheObjectMayNotMakeAJobOfIt) {
    make_object("firmware", "job.json", R"({"secret":1})");
    make_role("deployer", "ec2.amazonaws.com", "iot:*");
    awsapi::Caller deployer = root();
    deployer.root = false;
    deployer.arn = "arn:aws:sts::561470034375:assumed-role/deployer/session";
    const auto error = refused(from_source("https://s3.amazonaws.com/firmware/job.json"), deployer);
    EXPECT_EQ(error.code, "InvalidRequestException");
    EXPECT_THAT(error.message, HasSubstr("s3:GetObject"));
    EXPECT_TRUE(call<iot::CreateJob>(deployer, job_for("A", thing_target("T"))));
    make_role("nobody", "ec2.amazonaws.com", "s3:GetObject");
    deployer.arn = "arn:aws:sts::561470034375:assumed-role/nobody/session";
    EXPECT_EQ(refused(job_for("B", thing_target("T")), deployer).status, 403);
}

TEST_P(CreateJobTest, PlaceholdersNeedARoleThatIsThereAndTrustsIotAndMayReadTheObject) {
    const std::string document = R"({"url":"${aws:iot:s3-presigned-url:https://s3.amazonaws.com/fw/a}"})";
    auto request = job_for("A", thing_target("T"), document);
    EXPECT_THAT(refused(request).message, HasSubstr("presignedUrlConfig.roleArn"));
    make_role("untrusting", "ec2.amazonaws.com", "s3:GetObject");
    make_role("powerless", "iot.amazonaws.com", "s3:PutObject");
    for (const auto& [role, why] :
         {std::pair{"none-at-all", "none-at-all"}, std::pair{"untrusting", "iot.amazonaws.com"}, std::pair{"powerless", "s3:GetObject"}}) {
        request.presigned_url_config = iot::PresignedUrlConfig{role_arn(role), {}};
        const auto error = refused(request);
        EXPECT_EQ(error.code, "InvalidRequestException") << role;
        EXPECT_THAT(error.message, HasSubstr(why));
    }
    make_role("reader", "iot.amazonaws.com", "s3:GetObject");
    request.presigned_url_config = iot::PresignedUrlConfig{role_arn("reader"), 59};
    EXPECT_THAT(refused(request).message, HasSubstr("expiresInSec"));
    request.presigned_url_config->expires_in_sec.reset();
    EXPECT_TRUE(call<iot::CreateJob>(request));
    EXPECT_EQ(job("A").presigned_url_config->expires_in_sec, 3600);
}

TEST_P(CreateJobTest, MembersOfAGroupGetOneExecutionEachInBoundedBatches) {
    for (int i = 0; i < 9; ++i) make_thing("m" + std::to_string(i));
    make_group("g", {"m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"});
    auto request = job_for("A", group_target("g"));
    request.targets.push_back(thing_target("m3"));
    request.targets.push_back(thing_target("T"));
    ASSERT_TRUE(call<iot::CreateJob>(request));
    const auto begun = job("A");
    EXPECT_EQ(begun.is_concurrent, true);
    EXPECT_EQ(begun.job_process_details->processing_targets, request.targets);
    EXPECT_LT(*begun.job_process_details->number_of_queued_things, 10);
    EXPECT_GE(*begun.job_process_details->number_of_queued_things, 5);
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_THAT(statuses("A"), ElementsAre("T QUEUED", "m0 QUEUED", "m1 QUEUED", "m2 QUEUED", "m3 QUEUED", "m4 QUEUED", "m5 QUEUED",
                                           "m6 QUEUED", "m7 QUEUED", "m8 QUEUED"));
    EXPECT_EQ(job("A").is_concurrent, false);
    std::size_t notified = 0;
    for (const auto& line : heard()) notified += line.find("/notify-next") != std::string::npos;
    EXPECT_EQ(notified, 10u);
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_THAT(heard(), IsEmpty());
}

TEST_P(CreateJobTest, ASnapshotIsCompletedByItsLastExecution) {
    make_thing("U");
    make_group("g", {"T", "U"});
    make_job("S", group_target("g"));
    say("T", "S/update", R"({"status":"SUCCEEDED"})");
    EXPECT_EQ(status_of("S"), "IN_PROGRESS");
    say("U", "S/update", R"({"status":"FAILED"})");
    EXPECT_EQ(status_of("S"), "COMPLETED");
    EXPECT_EQ(job("S").completed_at, clock_.now());
}

TEST_P(CreateJobTest, ASnapshotOfAnEmptyGroupIsCompletedAtOnce) {
    make_group("empty", {});
    make_job("A", group_target("empty"));
    EXPECT_EQ(status_of("A"), "COMPLETED");
}

TEST_P(CreateJobTest, CancelTakesBackWhatIsQueuedAndLeavesWhatHasBegun) {
    make_thing("U");
    make_group("g", {"T", "U"});
    make_job("A", group_target("g"));
    say("T", "start-next", "{}");
    heard();
    const auto canceled = call<iot::CancelJob>({.job_id = "A", .reason_code = "WRONG", .comment = "oops"});
    ASSERT_TRUE(canceled) << canceled.error().message;
    EXPECT_THAT(heard(), ElementsAre(R"(U/notify {"timestamp":100,"jobs":{}})", R"(U/notify-next {"timestamp":100})"));
    EXPECT_THAT(statuses("A"), ElementsAre("T IN_PROGRESS", "U CANCELED"));
    const auto described = job("A");
    EXPECT_EQ(described.status, "CANCELED");
    EXPECT_EQ(described.force_canceled, false);
    EXPECT_EQ(described.reason_code, "WRONG");
    EXPECT_EQ(described.comment, "oops");
    EXPECT_EQ(described.is_concurrent, false);
    EXPECT_EQ(execution("A", "U").version_number, 2);
    say("T", "A/update", R"({"status":"SUCCEEDED"})");
    EXPECT_THAT(statuses("A"), ElementsAre("T SUCCEEDED", "U CANCELED"));
    EXPECT_EQ(status_of("A"), "CANCELED");
    EXPECT_EQ(call<iot::CancelJob>({.job_id = "A"}).error().code, "InvalidRequestException");
    EXPECT_EQ(call<iot::CancelJob>({.job_id = "none"}).error().code, "ResourceNotFoundException");
}

TEST_P(CreateJobTest, CancelWithForceTakesEverythingBackHoweverMany) {
    std::vector<std::string> members;
    for (int i = 0; i < 8; ++i) {
        members.push_back("m" + std::to_string(i));
        make_thing(members.back());
    }
    make_group("g", members);
    make_job("A", group_target("g"));
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    say("m2", "start-next", "{}");
    ASSERT_TRUE(call<iot::CancelJob>({.job_id = "A", .force = true}));
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    for (const auto& status : statuses("A")) EXPECT_THAT(status, HasSubstr("CANCELED"));
    EXPECT_EQ(execution("A", "m2").force_canceled, true);
    EXPECT_EQ(execution("A", "m1").force_canceled, false);
    EXPECT_EQ(job("A").force_canceled, true);
    say("m2", "A/update", R"({"status":"SUCCEEDED"})");
    EXPECT_THAT(heard().back(), HasSubstr("InvalidStateTransition"));
}

TEST_P(CreateJobTest, ACancelStopsARolloutThatIsNotDone) {
    std::vector<std::string> members;
    for (int i = 0; i < 12; ++i) {
        members.push_back("m" + std::to_string(10 + i));
        make_thing(members.back());
    }
    make_group("g", members);
    make_job("A", group_target("g"));
    const auto made = statuses("A").size();
    ASSERT_LT(made, 12u);
    ASSERT_TRUE(call<iot::CancelJob>({.job_id = "A"}));
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_EQ(statuses("A").size(), made);
    EXPECT_EQ(job("A").job_process_details->number_of_canceled_things, static_cast<int>(made));
}

TEST_P(CreateJobTest, AnExecutionThatTakesTooLongIsTimedOutWhenDueAndNotBefore) {
    auto request = job_for("A", thing_target("T"));
    request.timeout_config = iot::TimeoutConfig{20};
    ASSERT_TRUE(call<iot::CreateJob>(request));
    make_job("B", thing_target("T"));
    clock_.pass(24h);
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_EQ(execution("A", "T").status, "QUEUED");  // the timer starts with the work
    heard();
    say("T", "start-next", "{}");
    EXPECT_THAT(heard().back(), HasSubstr(R"("approximateSecondsBeforeTimedOut":1200)"));
    clock_.pass(20min - 1ms);
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_EQ(execution("A", "T").status, "IN_PROGRESS");
    EXPECT_EQ(execution("A", "T").approximate_seconds_before_timed_out, 0);
    clock_.pass(1ms);
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_EQ(execution("A", "T").status, "TIMED_OUT");
    EXPECT_EQ(execution("A", "T").version_number, 3);
    EXPECT_EQ(execution("A", "T").approximate_seconds_before_timed_out, std::nullopt);
    EXPECT_EQ(status_of("A"), "COMPLETED");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"(T/notify {"timestamp":87700,"jobs":{"QUEUED":[{"jobId":"B")"),
                                     HasSubstr(R"(T/notify-next {"timestamp":87700,"execution":{"jobId":"B")")));
    say("T", "A/update", R"({"status":"SUCCEEDED"})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"("executionState":{"status":"TIMED_OUT")")));
}

TEST_P(CreateJobTest, AStepTimerEndsAnExecutionOfAJobWithoutTimeout) {
    make_job("A", thing_target("T"));
    say("T", "start-next", R"({"stepTimeoutInMinutes":5})");
    clock_.pass(4min);
    say("T", "A/update", R"({"status":"IN_PROGRESS","stepTimeoutInMinutes":10})");
    clock_.pass(9min);
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_EQ(execution("A", "T").status, "IN_PROGRESS");
    say("T", "A/update", R"({"status":"IN_PROGRESS","stepTimeoutInMinutes":-1})");
    clock_.pass(24h);
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_EQ(execution("A", "T").status, "IN_PROGRESS");
    say("T", "start-next", R"({"stepTimeoutInMinutes":1})");
    clock_.pass(1min);
    ASSERT_TRUE(jobs_.run_due(clock_.now()));
    EXPECT_EQ(execution("A", "T").status, "TIMED_OUT");
}

TEST_P(CreateJobTest, JobsAreListedNewestFirstInPagesAndByFilters) {
    make_group("g", {"T"});
    for (const auto* id : {"A", "B", "C"}) make_job(id, thing_target("T"));
    make_job("G", group_target("g"));
    say("T", "B/update", R"({"status":"SUCCEEDED"})");
    const auto list = [&](iot::ListJobsRequest request) {
        std::string out;
        do {
            const auto page = call<iot::ListJobs>(request);
            EXPECT_TRUE(page) << page.error().message;
            if (!page) break;
            for (const auto& row : *page->jobs) out += *row.job_id;
            if (page->next_token) out += "|";
            request.next_token = page->next_token;
        } while (request.next_token);
        return out;
    };
    EXPECT_EQ(list({}), "GCBA");
    EXPECT_EQ(list({.max_results = 2}), "GC|BA");
    EXPECT_EQ(list({.max_results = 4}), "GCBA");
    EXPECT_EQ(list({.status = "COMPLETED"}), "B");
    EXPECT_EQ(list({.target_selection = "CONTINUOUS"}), "");
    EXPECT_EQ(list({.thing_group_name = "g"}), "G");
    EXPECT_EQ(list({.status = "COMPLETED", .thing_group_name = "g"}), "");
    EXPECT_THAT(*call<iot::ListJobs>(root("us-east-2"), {})->jobs, IsEmpty());
    EXPECT_EQ(call<iot::ListJobs>({.thing_group_name = "none"}).error().code, "ResourceNotFoundException");
    EXPECT_EQ(call<iot::ListJobs>({.max_results = 251}).error().code, "InvalidRequestException");
    for (const auto* token : {"zz", "6162", "313a31"}) {
        const auto page = call<iot::ListJobExecutionsForThing>({.thing_name = "T", .next_token = token});
        EXPECT_EQ(page.has_value(), std::string(token) == "313a31") << token;
    }
}

TEST_P(CreateJobTest, ExecutionsOfAThingAreListedNewestFirst) {
    for (const auto* id : {"A", "B", "C"}) make_job(id, thing_target("T"));
    say("T", "B/update", R"({"status":"FAILED"})");
    const auto list = [&](iot::ListJobExecutionsForThingRequest request) {
        std::string out;
        const auto page = call<iot::ListJobExecutionsForThing>(std::move(request));
        EXPECT_TRUE(page) << page.error().message;
        for (const auto& row : *page->execution_summaries) out += *row.job_id;
        return out + (page->next_token ? "|" : "");
    };
    EXPECT_EQ(list({.thing_name = "T"}), "CBA");
    EXPECT_EQ(list({.thing_name = "T", .status = "FAILED"}), "B");
    EXPECT_EQ(list({.thing_name = "T", .job_id = "A"}), "A");
    const auto first = call<iot::ListJobExecutionsForThing>({.thing_name = "T", .max_results = 2});
    EXPECT_EQ(list({.thing_name = "T", .max_results = 2, .next_token = first->next_token}), "A");
    make_thing("idle");
    EXPECT_EQ(list({.thing_name = "idle"}), "");
    EXPECT_EQ(call<iot::ListJobExecutionsForThing>({.thing_name = "none"}).error().code, "ResourceNotFoundException");
    EXPECT_EQ(call<iot::ListJobExecutionsForJob>({.job_id = "none"}).error().code, "ResourceNotFoundException");
    EXPECT_EQ(call<iot::DescribeJobExecution>({.job_id = "A", .thing_name = "idle"}).error().code, "ResourceNotFoundException");
    EXPECT_EQ(call<iot::DescribeJobExecution>({.job_id = "A", .thing_name = "T", .execution_number = 2}).error().code,
              "ResourceNotFoundException");
    EXPECT_EQ(call<iot::GetJobDocument>({.job_id = "none"}).error().code, "ResourceNotFoundException");
}

}  // namespace
}  // namespace otabahn::jobs
