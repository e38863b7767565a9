// SPDX-License-Identifier: Apache-2.0
// Topics and payloads from outside, and each refusal's text (spec gateway 5.1, 5.4, 5.5).
#include "shadow/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace otabahn::shadow {
namespace {

std::string nested(std::size_t levels, const std::string& inner = "1") {
    std::string out = inner;
    for (std::size_t level = 0; level < levels; ++level) out = "{\"k\":" + out + "}";
    return out;
}

std::string refusal(std::string_view payload, const Limits& limits = aws_limits) {
    const auto parsed = parse_update(payload, limits);
    return parsed ? "" : std::to_string(parsed.error().refusal.code) + " " + parsed.error().refusal.message;
}

TEST(Topic, NamesThingShadowAndOperation) {
    const auto classic = parse_topic("$aws/things/T/shadow/get");
    ASSERT_TRUE(classic);
    EXPECT_EQ(classic->operation, Operation::get);
    EXPECT_EQ(classic->thing, "T");
    EXPECT_EQ(classic->name, "");
    EXPECT_EQ(classic->prefix, "$aws/things/T/shadow");
    const auto named = parse_topic("$aws/things/T/shadow/name/a$b/delete");
    ASSERT_TRUE(named);
    EXPECT_EQ(named->operation, Operation::remove);
    EXPECT_EQ(named->name, "a$b");
    EXPECT_EQ(topic_prefix(*parse_name(*named)), named->prefix);
    EXPECT_EQ(parse_topic("$aws/things/T/shadow/name/get/get")->name, "get");
}

TEST(Topic, EverythingElseIsNone) {
    for (const char* topic : {"$aws/things/T/shadow", "$aws/things/T/shadow/", "$aws/things/T/shadow/gets", "$aws/things/T/shadow/get/",
                              "$aws/things/T/shadow/Get", "$aws/things/T/shadow/update/accepted", "$aws/things/T/shadow/name/get",
                              "$aws/things/T/shadow/name//get", "$aws/things/T/shadow/name/n", "$aws/things/T/shadow/name/n/x/get",
                              "$aws/things/T/shadow/name/n/update/delta", "$aws/things/T/jobs/get", "aws/things/T/shadow/get",
                              "$aws/things/T/x/shadow/get", "$aws/things/", ""})
        EXPECT_FALSE(parse_topic(topic)) << topic;
}

TEST(Topic, NamesThatAreNoneAreRefused) {
    for (const char* topic : {"$aws/things//shadow/get", "$aws/things/a b/shadow/get", "$aws/things/T/shadow/name/a.b/get"}) {
        const auto parsed = parse_topic(topic);
        ASSERT_TRUE(parsed) << topic;
        const auto name = parse_name(*parsed);
        ASSERT_FALSE(name) << topic;
        EXPECT_EQ(name.error().code, 400);
    }
    const std::string most(64, 'n');
    const auto fits = "$aws/things/T/shadow/name/" + most + "/get", exceeds = "$aws/things/T/shadow/name/" + most + "n/get";
    EXPECT_TRUE(parse_name(*parse_topic(fits)));
    EXPECT_FALSE(parse_name(*parse_topic(exceeds)));
}

TEST(Update, EachFaultHasItsText) {
    EXPECT_EQ(refusal(""), "400 Invalid JSON");
    EXPECT_EQ(refusal("{"), "400 Invalid JSON");
    EXPECT_EQ(refusal("[]"), "400 Invalid JSON");
    EXPECT_EQ(refusal(R"({"state":{}} x)"), "400 Invalid JSON");
    EXPECT_EQ(refusal(R"({"state":{"desired":{"a":01}}})"), "400 Invalid JSON");
    EXPECT_EQ(refusal("{}"), "400 Missing required node: state");
    EXPECT_EQ(refusal(R"({"State":{}})"), "400 Missing required node: state");
    EXPECT_EQ(refusal(R"({"state":[]})"), "400 State node must be an object");
    EXPECT_EQ(refusal(R"({"state":"x"})"), "400 State node must be an object");
    EXPECT_EQ(refusal(R"({"state":{"desired":1}})"), "400 Desired node must be an object");
    EXPECT_EQ(refusal(R"({"state":{"reported":["a"]}})"), "400 Reported node must be an object");
    EXPECT_EQ(refusal(R"({"state":{"delta":{}}})"), "400 State contains an invalid node");
    EXPECT_EQ(refusal(R"({"state":{"desired":{"a":[1,null]}}})"), "400 State contains an invalid node");
    EXPECT_EQ(refusal(R"({"state":{"desired":{"a":[{"b":[[null]]}]}}})"), "400 State contains an invalid node");
    EXPECT_EQ(refusal(R"({"state":{"desired":{"a":[{"b":null}]}}})"), "400 State contains an invalid node");
    for (const char* version : {"\"1\"", "1.0", "-1", "true", "{}", "99999999999999999999"})
        EXPECT_EQ(refusal(R"({"state":{},"version":)" + std::string(version) + "}"), "400 Invalid version") << version;
    EXPECT_EQ(refusal(R"({"state":{},"clientToken":5})"), "400 Invalid clientToken");
    EXPECT_EQ(refusal(R"({"state":{},"clientToken":")" + std::string(65, 't') + "\"}"), "400 Invalid clientToken");
    EXPECT_EQ(refusal("{\"state\":{\"desired\":{\"a\":\"\xff\"}}}"), "415 Unsupported documented encoding; supported encoding is UTF-8");
}

TEST(Update, WhatIsRightIsTaken) {
    EXPECT_EQ(refusal(R"( {"state":{}} )"), "");
    EXPECT_EQ(refusal(R"({"state":null,"version":null,"clientToken":null,"other":{"x":[null]}})"), "");
    EXPECT_EQ(refusal(R"({"state":{"desired":null,"reported":{"a":null}},"version":0})"), "");
    const auto update = parse_update(R"({"clientToken":"\u0074","version":7,"state":{"desired":{"a":1}}})", aws_limits);
    ASSERT_TRUE(update);
    EXPECT_EQ(update->client_token, "t");
    EXPECT_EQ(update->version, 7);
    EXPECT_FALSE(update->nothing_stays);
    EXPECT_FALSE(update->reported);
}

TEST(Update, TheTokenIsEchoedWhateverElseIsWrong) {
    const auto refused = parse_update(R"({"state":5,"clientToken":"k"})", aws_limits);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().client_token, "k");
}

TEST(Update, NestingIsLimitedToEightNames) {
    const auto update = [](const std::string& section) { return "{\"state\":{\"desired\":" + section + "}}"; };
    const std::string text = "400 JSON contains too many levels of nesting; maximum is ";
    EXPECT_EQ(refusal(update(nested(8))), "");
    EXPECT_EQ(refusal(update(nested(8, "{}"))), "");
    EXPECT_EQ(refusal(update(nested(9))), text + "8");
    EXPECT_EQ(refusal(update(nested(7, "[1]"))), "");
    EXPECT_EQ(refusal(update(nested(8, "[1]"))), text + "8");
    EXPECT_EQ(refusal(update(nested(100))), text + "8");
    EXPECT_EQ(refusal(update("{\"a\":\"" + std::string(100, '[') + "\"}")), "");
    EXPECT_EQ(refusal(update(nested(24)), extended_limits), "");
    EXPECT_EQ(refusal(update(nested(25)), extended_limits), text + "24");
}

TEST(Update, SizeIsThatOfTheWholeRequest) {
    const auto of_size = [](std::size_t size) {
        const std::string head = R"({"state":{"desired":{"a":")", tail = R"("}}})";
        return head + std::string(size - head.size() - tail.size(), 'x') + tail;
    };
    EXPECT_EQ(refusal(of_size(8192)), "");
    EXPECT_EQ(refusal(of_size(8582)), "413 Json document too large.  Size is 8582, max allowed: 8192");  // as seen on AWS
    EXPECT_EQ(refusal(of_size(8193), extended_limits), "");
    EXPECT_EQ(refusal(of_size(131'073), extended_limits), "413 Json document too large.  Size is 131073, max allowed: 131072");
}

TEST(GetAndDelete, TakeNothingOrAToken) {
    EXPECT_EQ(*parse_get("", aws_limits), std::nullopt);
    EXPECT_EQ(*parse_get("{}", aws_limits), std::nullopt);
    EXPECT_EQ(*parse_get(R"({"clientToken":"a","x":1})", aws_limits), "a");
    EXPECT_EQ(parse_get("x", aws_limits).error().refusal.message, "Invalid JSON");
    EXPECT_EQ(parse_get(R"({"clientToken":1})", aws_limits).error().refusal.message, "Invalid clientToken");
    EXPECT_EQ(parse_get(std::string(8193, ' '), aws_limits).error().refusal.code, 413);
    EXPECT_EQ(*parse_delete("what \xff you like", aws_limits), std::nullopt);
    EXPECT_EQ(*parse_delete(std::string(8193, '{'), aws_limits), std::nullopt);
    EXPECT_EQ(*parse_delete(R"({"clientToken":"a"})", aws_limits), "a");
    EXPECT_EQ(parse_delete(R"({"clientToken":[]})", aws_limits).error().refusal.message, "Invalid clientToken");
}

}  // namespace
}  // namespace otabahn::shadow
