// SPDX-License-Identifier: Apache-2.0
#include "device/core/job_messages.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::device {
namespace {

JobTopic kind_of(std::string_view topic) { return read_job_topic(topic, "T").kind; }

TEST(JobTopics, OursAreToldApart) {
    EXPECT_EQ(kind_of("$aws/things/T/jobs/notify-next"), JobTopic::next_changed);
    EXPECT_EQ(kind_of("$aws/things/T/jobs/$next/get/accepted"), JobTopic::execution);
    EXPECT_EQ(kind_of("$aws/things/T/jobs/start-next/accepted"), JobTopic::execution);
    EXPECT_EQ(kind_of("$aws/things/T/jobs/$next/get/rejected"), JobTopic::get_rejected);
    const auto update = read_job_topic("$aws/things/T/jobs/J-1/update/rejected", "T");
    EXPECT_EQ(update.kind, JobTopic::update_rejected);
    EXPECT_EQ(update.job, "J-1");
}

TEST(JobTopics, OthersAreNone) {
    for (const char* topic :
         {"", "$aws/things/T", "$aws/things/TT/jobs/notify-next", "$aws/things/T/jobs/", "$aws/things/T/jobs//update/accepted",
          "$aws/things/T/jobs/a/b/update/accepted", "$aws/things/U/jobs/notify-next", "$aws/things/T/jobs/notify-next/x",
          "aws/things/T/jobs/notify-next", "$aws/things/T/jobs/update/accepted"})
        EXPECT_EQ(kind_of(topic), JobTopic::other) << topic;
}

TEST(Executions, OfARealNotification) {
    const auto execution = read_execution(as_bytes(
        R"({"timestamp":111,"execution":{"jobId":"A","status":"IN_PROGRESS","queuedAt":110,"lastUpdatedAt":110,"versionNumber":1,"executionNumber":3,"jobDocument":{"x":[1,{"y":"}"}]}}})"));
    ASSERT_TRUE(execution && execution->present);
    EXPECT_EQ(execution->job.id.view(), "A");
    EXPECT_EQ(execution->job.execution, 3);
    EXPECT_TRUE(execution->in_progress);
    EXPECT_TRUE(execution->document_is_object);
    EXPECT_EQ(execution->document, R"({"x":[1,{"y":"}"}]})");
}

TEST(Executions, NothingPendingIsSaidInThreeWays) {
    for (const char* text : {R"({"timestamp":1})", R"({})", R"({"timestamp":1,"execution":{}})"}) {
        const auto execution = read_execution(as_bytes(text));
        ASSERT_TRUE(execution) << text;
        EXPECT_FALSE(execution->present) << text;
    }
}

TEST(Executions, WhatIsNoneIsNone) {
    for (const char* text : {"", "[]", "7", R"({"execution":)", R"({"execution":{"jobId":"a b"}})",
                             R"({"execution":{"jobId":7,"jobDocument":{}}})", R"({"execution":{"jobId":"A"}} x)"})
        EXPECT_FALSE(read_execution(as_bytes(text))) << text;
}

TEST(Executions, ADocumentThatIsNoObjectIsKeptAsWhatItIs) {
    const auto text = read_execution(as_bytes(R"({"execution":{"jobId":"A","jobDocument":"text"}})"));
    ASSERT_TRUE(text && text->present);
    EXPECT_FALSE(text->document_is_object);
    const auto none = read_execution(as_bytes(R"({"execution":{"jobId":"A"}})"));
    ASSERT_TRUE(none && none->present);
    EXPECT_TRUE(none->document.empty());
}

TEST(Answers, CodesAreReducedToWhatToDo) {
    const auto code = [](const std::string& word) {
        return read_answer(as_bytes(R"({"clientToken":"o","code":")" + word + R"(","message":"m"})"))->code;
    };
    using Code = UpdateAnswer::Code;
    EXPECT_EQ(code("ResourceNotFound"), Code::gone);
    EXPECT_EQ(code("InvalidStateTransition"), Code::gone);
    EXPECT_EQ(code("TerminalStateReached"), Code::gone);
    EXPECT_EQ(code("RequestThrottled"), Code::retry);
    EXPECT_EQ(code("InternalError"), Code::retry);
    EXPECT_EQ(code("InvalidRequest"), Code::invalid);
    EXPECT_EQ(code("SomethingNew"), Code::other);
    EXPECT_FALSE(read_answer(as_bytes("no json")));
}

TEST(Reports, CarryWhatAwsTakes) {
    std::vector<char> out(1'024);
    EXPECT_EQ(
        write_report({"FAILED", Reason::self_test, "no \"banner\"", "1.0.0", true, 0, 4, 'o', false}, out),
        R"({"status":"FAILED","statusDetails":{"reason":"self-test","message":"no \"banner\"","version":"1.0.0","versionSigned":"true","progress":"0"},"executionNumber":4,"clientToken":"o"})");
    EXPECT_EQ(write_report({"FAILED", Reason::self_test, "m", "1.0.0", true, 0, 0, 'o', true}, out),
              R"({"status":"FAILED","clientToken":"o"})");
    EXPECT_EQ(write_report({"FAILED", Reason::self_test, "", "", false, 7, 0, 'o', false}, out),
              R"({"status":"FAILED","statusDetails":{"reason":"self-test","progress":"7"},"clientToken":"o"})")
        << "an empty value is refused by the service";
}

TEST(Reports, DoNotFitWhereThereIsNoRoom) {
    std::vector<char> out(40);
    EXPECT_TRUE(write_report({"FAILED", Reason::self_test, "m", "1.0.0", true, 0, 4, 'o', false}, out).empty());
    EXPECT_TRUE(job_topic("T", "J", "update", std::span<char>(out).first(10)).empty());
}

}  // namespace
}  // namespace otabahn::device
