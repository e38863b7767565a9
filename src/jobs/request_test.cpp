// SPDX-License-Identifier: Apache-2.0
// What devices write on the jobs topics (spec jobs 4.1 to 4.6, 4.10).
#include "jobs/request.hpp"

#include <gtest/gtest.h>

namespace otabahn::jobs {
namespace {

std::string shown(std::string_view topic) {
    const auto name = parse_topic(topic);
    if (!name) return "none";
    switch (name->operation) {
        case TopicOperation::get_pending:
            return name->thing.text() + " get";
        case TopicOperation::start_next:
            return name->thing.text() + " start-next";
        case TopicOperation::describe:
            return name->thing.text() + " describe " + name->job_id;
        case TopicOperation::update:
            return name->thing.text() + " update " + name->job_id;
    }
    return "";
}

TEST(Topic, TheFourRequestsAreRead) {
    EXPECT_EQ(shown("$aws/things/T/jobs/get"), "T get");
    EXPECT_EQ(shown("$aws/things/T/jobs/start-next"), "T start-next");
    EXPECT_EQ(shown("$aws/things/T/jobs/fw-7/get"), "T describe fw-7");
    EXPECT_EQ(shown("$aws/things/T/jobs/$next/get"), "T describe $next");
    EXPECT_EQ(shown("$aws/things/T/jobs/fw-7/update"), "T update fw-7");
}

TEST(Topic, AThingOrAJobMayHaveTheNameOfASegment) {
    EXPECT_EQ(shown("$aws/things/jobs/jobs/get"), "jobs get");
    EXPECT_EQ(shown("$aws/things/T/jobs/get/get"), "T describe get");
    EXPECT_EQ(shown("$aws/things/T/jobs/jobs/update"), "T update jobs");
}

TEST(Topic, EverythingElseInTheNamespaceIsNoOperationButFits) {
    for (const auto* topic : {"$aws/things/T/jobs", "$aws/things/T/jobs/", "$aws/things/T/jobs/notify", "$aws/things/T/jobs/$next/update",
                              "$aws/things/T/jobs/get/accepted", "$aws/things/T/jobs/A/delete", "$aws/things/T/jobs/A B/get",
                              "$aws/things/T/jobs/A/get/accepted", "$aws/things//jobs/get", "$aws/things/T/jobs/A/namespace-x/get"}) {
        EXPECT_EQ(shown(topic), "none") << topic;
        EXPECT_TRUE(is_jobs_topic(topic)) << topic;
    }
    EXPECT_EQ(shown("$aws/things/T/jobs/" + std::string(65, 'j') + "/get"), "none");
}

TEST(Topic, OtherNamespacesDoNotFit) {
    for (const auto* topic : {"", "$aws/things/T", "$aws/things/jobs/get", "$aws/things/T/jobsx/get", "$aws/things/T/shadow/jobs",
                              "aws/things/T/jobs/get", "x/$aws/things/T/jobs/get"}) {
        EXPECT_FALSE(is_jobs_topic(topic)) << topic;
        EXPECT_EQ(shown(topic), "none") << topic;
    }
}

TopicRequest accepted(TopicOperation operation, std::string_view payload) {
    auto request = parse_request(operation, payload);
    EXPECT_TRUE(request) << payload;
    return request ? *request : TopicRequest();
}
RequestFailure refused(TopicOperation operation, std::string_view payload) {
    auto request = parse_request(operation, payload);
    EXPECT_FALSE(request) << payload;
    return request ? RequestFailure(Error(ErrorCode::internal, "")) : request.error();
}

TEST(Request, AnEmptyPayloadIsAnEmptyObject) {
    EXPECT_EQ(accepted(TopicOperation::start_next, "").client_token, std::nullopt);
    EXPECT_EQ(refused(TopicOperation::update, "").error.message,
              "Value null at 'status' failed to satisfy constraint: Member must not be null");
}

TEST(Request, TheLibrariesOfAwsAreUnderstood) {
    EXPECT_EQ(accepted(TopicOperation::start_next, R"({"clientToken":"test"})").client_token, "test");
    EXPECT_EQ(accepted(TopicOperation::describe, R"({"clientToken":"0:THING"})").client_token, "0:THING");
    const auto update = accepted(TopicOperation::update, R"({"status":"IN_PROGRESS","expectedVersion":"2","statusDetails":{"k":"v"}})");
    EXPECT_EQ(update.status, ExecutionStatus::in_progress);
    EXPECT_EQ(update.expected_version, 2);
    EXPECT_EQ(update.details->at("k"), "v");
    EXPECT_TRUE(accepted(TopicOperation::update, R"({"status":"SUCCEEDED","clientToken":"abc","statusDetails":{}})").details->empty());
}

TEST(Request, NullCountsAsAbsentAndUnknownMembersAreIgnored) {
    const auto update =
        accepted(TopicOperation::update, R"({"status":"FAILED","statusDetails":null,"expectedVersion":null,"thingName":7,"x":[{}]})");
    EXPECT_EQ(update.details, std::nullopt);
    EXPECT_EQ(update.expected_version, std::nullopt);
    EXPECT_TRUE(parse_request(TopicOperation::get_pending, R"({"statusDetails":7})"));
}

TEST(Request, WhatIsNoJsonObjectIsInvalidJson) {
    for (const auto payload :
         {std::string_view("{"), std::string_view("[]"), std::string_view("1"), std::string_view("\"x\""), std::string_view("null"),
          std::string_view("{}x"), std::string_view("{\"a\":\"\xff\"}"), std::string_view("\0", 1)})
        EXPECT_EQ(refused(TopicOperation::get_pending, payload).error.code, ErrorCode::invalid_json) << payload;
    EXPECT_EQ(refused(TopicOperation::get_pending, std::string(100'000, '[')).error.code, ErrorCode::invalid_json);
}

TEST(Request, AWrongMemberIsInvalidAndTheTokenIsEchoed) {
    for (const auto* member :
         {R"("status":"DONE")", R"("status":7)", R"("status":"FAILED","statusDetails":"x")", R"("status":"FAILED","statusDetails":{"a":1})",
          R"("status":"FAILED","statusDetails":{"a":""})", R"("status":"FAILED","expectedVersion":"two")",
          R"("status":"FAILED","expectedVersion":2.5)", R"("status":"FAILED","expectedVersion":18446744073709551615)",
          R"("status":"FAILED","expectedVersion":"")", R"("status":"FAILED","executionNumber":true)",
          R"("status":"FAILED","includeJobDocument":"yes")", R"("status":"FAILED","stepTimeoutInMinutes":[])"}) {
        const auto failure = refused(TopicOperation::update, std::string(R"({"clientToken":"t",)") + member + "}");
        EXPECT_EQ(failure.error.code, ErrorCode::invalid_request) << member;
        EXPECT_EQ(failure.client_token, "t") << member;
    }
    EXPECT_EQ(refused(TopicOperation::get_pending, R"({"clientToken":7})").error.code, ErrorCode::invalid_request);
}

}  // namespace
}  // namespace otabahn::jobs
