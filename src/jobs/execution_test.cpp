// SPDX-License-Identifier: Apache-2.0
// The rules of one execution (spec jobs 2.2, 2.4, 3.3).
#include "jobs/execution.hpp"

#include <gtest/gtest.h>

#include <set>

namespace otabahn::jobs {
namespace {

using namespace std::chrono_literals;
using enum ExecutionStatus;

constexpr Timestamp noon = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + 12h;
constexpr std::array every_status{queued, in_progress, succeeded, failed, timed_out, rejected, removed, canceled};

Execution in_status(ExecutionStatus status) {
    Execution out;
    out.job_id = "A";
    out.thing = "T";
    out.status = status;
    out.version = 5;
    out.queued = out.updated = noon - 1h;
    return out;
}
StatusDetails one_detail(std::string key, std::string value) {
    StatusDetails out;
    out.emplace(std::move(key), std::move(value));
    return out;
}
Report saying(ExecutionStatus status) {
    Report out;
    out.status = status;
    return out;
}

TEST(Words, EachStatusIsReadAsItIsWritten) {
    std::set<std::string_view> words;
    for (const auto status : every_status) {
        words.insert(to_string(status));
        EXPECT_EQ(parse_execution_status(to_string(status)), status);
    }
    EXPECT_EQ(words.size(), every_status.size());
    EXPECT_EQ(parse_execution_status("queued"), std::nullopt);
    EXPECT_EQ(parse_execution_status(""), std::nullopt);
    EXPECT_EQ(parse_job_status("COMPLETED"), JobStatus::completed);
    EXPECT_EQ(parse_job_status("SUCCEEDED"), std::nullopt);
}

// Every pair of the table of 2.2 that a device may ask for, and no other.
TEST(Report, ADeviceMayDoWhatTheTableHasAndNothingElse) {
    const std::set<std::pair<ExecutionStatus, ExecutionStatus>> allowed{
        {queued, in_progress},      {queued, succeeded},      {queued, failed},     {queued, rejected},
        {in_progress, in_progress}, {in_progress, succeeded}, {in_progress, failed}};
    for (const auto from : every_status)
        for (const auto to : every_status) {
            const auto after = report(in_status(from), saying(to), {}, noon);
            SCOPED_TRACE(std::string(to_string(from)) + " -> " + std::string(to_string(to)));
            ASSERT_EQ(after.has_value(), allowed.contains({from, to}));
            if (after) {
                EXPECT_EQ(after->status, to);
                EXPECT_EQ(after->version, 6);
                EXPECT_EQ(after->updated, noon);
            } else {
                EXPECT_EQ(after.error().code, ErrorCode::invalid_state);
            }
        }
}

TEST(Report, WhatHasBegunIsRejectedOnlyWhereThatIsConfigured) {
    JobTerms terms;
    EXPECT_FALSE(report(in_status(in_progress), saying(rejected), terms, noon));
    terms.reject_in_progress = true;
    EXPECT_TRUE(report(in_status(in_progress), saying(rejected), terms, noon));
    EXPECT_FALSE(report(in_status(succeeded), saying(rejected), terms, noon));
}

TEST(Report, AnotherVersionIsRefusedWithBothNumbersButTheStateComesFirst) {
    auto request = saying(succeeded);
    request.expected_version = 99;
    const auto refused = report(in_status(queued), request, {}, noon);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::version_conflict);
    EXPECT_EQ(refused.error().message, "Expected version 99 but found version 5");
    EXPECT_EQ(report(in_status(failed), request, {}, noon).error().code, ErrorCode::invalid_state);
    request.expected_version = 5;
    EXPECT_TRUE(report(in_status(queued), request, {}, noon));
}

TEST(Report, DetailsAreReplacedWholeAndKeptWhenNotGiven) {
    auto execution = in_status(in_progress);
    execution.details = {{"a", "1"}, {"b", "2"}};
    EXPECT_EQ(report(execution, saying(in_progress), {}, noon)->details.size(), 2u);
    auto request = saying(in_progress);
    request.details = one_detail("c", "3");
    EXPECT_EQ(report(execution, request, {}, noon)->details, one_detail("c", "3"));
    request.details = StatusDetails();
    EXPECT_TRUE(report(execution, request, {}, noon)->details.empty());
}

TEST(Report, BeginningSetsStartedAndEndingDoesNot) {
    EXPECT_EQ(report(in_status(queued), saying(in_progress), {}, noon)->started, noon);
    EXPECT_EQ(report(in_status(queued), saying(failed), {}, noon)->started, std::nullopt);
}

TEST(Start, WhatIsQueuedBeginsWithTheDetailsGiven) {
    const auto begun = start(in_status(queued), {one_detail("step", "download"), std::nullopt}, {20min, false}, noon);
    EXPECT_EQ(begun.status, in_progress);
    EXPECT_EQ(begun.started, noon);
    EXPECT_EQ(begun.version, 6);
    EXPECT_EQ(begun.details.at("step"), "download");
    EXPECT_EQ(begun.deadline(), noon + 20min);
}

TEST(Start, WhatHasBegunIsUnchangedButForANewStepTimer) {
    auto execution = in_status(in_progress);
    execution.details = one_detail("step", "verify");
    const auto again = start(execution, {one_detail("step", "download"), std::nullopt}, {20min, false}, noon);
    EXPECT_EQ(again.details.at("step"), "verify");
    EXPECT_EQ(again.version, 5);
    EXPECT_EQ(again.updated, execution.updated);
    EXPECT_EQ(again.deadline(), std::nullopt);
    EXPECT_EQ(start(execution, {std::nullopt, StepTimer{7min}}, {}, noon).deadline(), noon + 7min);
}

// The example of 3.3: a 20 minute timer from 12:00; step 7 at 12:05, step 5 at 12:10, step 9 at 12:13.
TEST(Timers, TheEarlierOfTheTwoCounts) {
    JobTerms terms{20min, false};
    auto request = saying(in_progress);
    auto execution = *report(in_status(queued), request, terms, noon);
    EXPECT_EQ(execution.deadline(), noon + 20min);
    request.step_timer = StepTimer{7min};
    execution = *report(execution, request, terms, noon + 5min);
    EXPECT_EQ(execution.deadline(), noon + 12min);
    request.step_timer = StepTimer{5min};
    execution = *report(execution, request, terms, noon + 10min);
    EXPECT_EQ(execution.deadline(), noon + 15min);
    request.step_timer = StepTimer{9min};
    execution = *report(execution, request, terms, noon + 13min);
    EXPECT_EQ(execution.deadline(), noon + 20min);
    request.step_timer.reset();
    EXPECT_EQ(report(execution, request, terms, noon + 14min)->step_deadline, noon + 22min);
    request.step_timer = StepTimer{};
    EXPECT_EQ(report(execution, request, terms, noon + 14min)->step_deadline, std::nullopt);
    EXPECT_EQ(report(execution, saying(succeeded), terms, noon + 14min)->deadline(), std::nullopt);
}

TEST(Timers, OnlyOneToTenThousandAndEightyMinutesAreTakenAndMinusOneWhereItMeansSomething) {
    for (const std::int64_t minutes : {1, 10080}) EXPECT_EQ(parse_step_timer(minutes, false)->after, std::chrono::minutes(minutes));
    EXPECT_EQ(parse_step_timer(-1, true)->after, std::nullopt);
    for (const std::int64_t minutes : {0, -2, 10081})
        EXPECT_EQ(parse_step_timer(minutes, true).error().code, ErrorCode::invalid_request) << minutes;
    EXPECT_FALSE(parse_step_timer(-1, false));
}

TEST(End, TheCloudCancelsWithAHigherVersionAndRemovesWithTheSame) {
    EXPECT_EQ(end(in_status(queued), canceled, Actor::cloud, noon).version, 6);
    EXPECT_FALSE(end(in_status(queued), canceled, Actor::cloud, noon).force_canceled);
    EXPECT_TRUE(end(in_status(in_progress), canceled, Actor::cloud, noon).force_canceled);
    EXPECT_EQ(end(in_status(queued), removed, Actor::cloud, noon).version, 5);
    EXPECT_EQ(end(in_status(in_progress), timed_out, Actor::timer, noon).version, 6);
}

TEST(End, WhatTheTableDoesNotHaveIsABug) {
    EXPECT_THROW(end(in_status(queued), timed_out, Actor::timer, noon), std::logic_error);
    EXPECT_THROW(end(in_status(succeeded), canceled, Actor::cloud, noon), std::logic_error);
    EXPECT_THROW(end(in_status(in_progress), succeeded, Actor::cloud, noon), std::logic_error);
}

TEST(Details, WhatDevicesReallySendIsTaken) {
    EXPECT_TRUE(check_details(StatusDetails()));
    EXPECT_TRUE(check_details(StatusDetails{{"self_test", "ready"}, {"updatedBy", "0x00090002"}, {"reason", "accepted  v0.9.3"}}));
    EXPECT_TRUE(check_details(one_detail("stdout", "line one\nline two\r\n\tend")));
    EXPECT_TRUE(check_details(one_detail("a:b_c-D", std::string(1024, 'x'))));
    std::string umlauts;
    for (int i = 0; i < 1024; ++i) umlauts += "\xc3\xbc";
    EXPECT_TRUE(check_details(one_detail("k", umlauts)));
}

TEST(Details, TooManyTooLongOrWithControlCharactersAreRefused) {
    StatusDetails eleven;
    for (int i = 0; i < 11; ++i) eleven["k" + std::to_string(i)] = "v";
    EXPECT_FALSE(check_details(eleven));
    for (const auto& key : {std::string(), std::string("a b"), std::string("\xc3\xbc"), std::string(129, 'k')})
        EXPECT_FALSE(check_details(one_detail(key, "v"))) << key;
    for (const auto& value : {std::string(), std::string(1025, 'x'), std::string("a\x01"), std::string("a\x7f"), std::string("\xc2\x85"),
                              std::string("a\0b", 3)})
        EXPECT_EQ(check_details(one_detail("k", value)).error().code, ErrorCode::invalid_request) << value;
}

}  // namespace
}  // namespace otabahn::jobs
