// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_fixture_test.hpp"

#include <chrono>

namespace otabahn::policy {
namespace {

using namespace testing_support;

// Spec gateway 2.3, row by row.
struct MatchRow {
    const char *action, *allowed, *asked;
    bool match;
};
const MatchRow match_rows[] = {
    {"iot:Subscribe", "topicfilter/a/*", "topicfilter/a/#", true},
    {"iot:Subscribe", "topicfilter/a/*", "topicfilter/a/b/+", true},
    {"iot:Subscribe", "topicfilter/a/*", "topicfilter/a/b/c", true},
    {"iot:Subscribe", "topicfilter/a/*", "topicfilter/a", false},
    {"iot:Subscribe", "topicfilter/a/+", "topicfilter/a/+", true},
    {"iot:Subscribe", "topicfilter/a/+", "topicfilter/a/b", false},
    {"iot:Subscribe", "topicfilter/a/#", "topicfilter/a/b", false},
    {"iot:Publish", "topic/a/#", "topic/a/b", false},
    {"iot:Publish", "topic/a/?", "topic/a/b", true},
    {"iot:Publish", "topic/a/?", "topic/a/bc", false},
    {"iot:Publish", "topic/a/?", "topic/a/", false},
    {"iot:Publish", "topic/a?b", "topic/a/b", true},
    {"iot:Publish", "topic/*", "topic/$aws/things/x/jobs/get", true},
    {"iot:Publish", "topic/$aws/things/x/*", "topic/$aws/things/x/jobs/get", true},
    {"iot:Connect", "client/dev*", "client/dev1/x", true},
    {"iot:Connect", "client/dev*", "client/dev", true},
    {"iot:Connect", "client/Dev*", "client/dev1", false},
    {"iot:Publish", "topic/a", "topic/a/b", false},
    {"iot:Publish", "topic/*/c/*/e", "topic/a/b/c/d/e", true},
    {"iot:Publish", "topic/*/c/*/e", "topic/a/b/c/d/f", false},
    {"iot:Publish", "topic/**", "topic/", true},
    {"iot:Publish", "*", "topic/x", true},
};

TEST(DevicePatterns, EveryRowOfTheTableHolds) {
    for (const MatchRow& row : match_rows)
        EXPECT_EQ(ask(document_of(allow(row.action, row.allowed)), row.action, row.asked).allowed(), row.match)
            << row.allowed << " against " << row.asked;
}

TEST(DevicePatterns, ADenyOnATopicFilterDoesNotStopAWiderFilter) {
    const std::string document = document_of(allow("iot:*", "*") + "," + deny("iot:Subscribe", "topicfilter/a/restricted/*"));
    EXPECT_TRUE(ask(document, "iot:Subscribe", "topicfilter/a/#").allowed());
    EXPECT_EQ(ask(document, "iot:Subscribe", "topicfilter/a/restricted/x").verdict, Verdict::denied_explicitly);
}

TEST(DevicePatterns, LiteralsInBracesAreThemselvesAndParenthesesAreText) {
    const std::string document = document_of(allow("iot:Publish", "topic/a${*}b${?}c${$}{d}") + "," + allow("iot:Publish", "topic/p$(*)q"));
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/a*b?c${d}").allowed());
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/axbyc${d}").allowed());
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/p$(anything)q").allowed());
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/p*q").allowed());
}

TEST(DevicePatterns, AQuestionMarkTakesACharacterNotAByte) {
    const std::string document = document_of(allow("iot:Publish", "topic/?") + "," + allow("iot:Publish", "topic/x/*/?z"));
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/é").allowed());
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/éé").allowed());
    EXPECT_TRUE(ask(document, "iot:Publish", "topic/x/a/éz").allowed());
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/x/a/z").allowed());
}

TEST(DevicePatterns, ActionsTakeWildcardsAndIgnoreCase) {
    EXPECT_TRUE(ask(document_of(allow("*", "topic/a")), "iot:Publish", "topic/a").allowed());
    EXPECT_TRUE(ask(document_of(allow("iot:*", "topic/a")), "iot:Publish", "topic/a").allowed());
    EXPECT_TRUE(ask(document_of(allow("IOT:pub*", "topic/a")), "iot:Publish", "topic/a").allowed());
    EXPECT_TRUE(ask(document_of(allow("iot:P?blish", "topic/a")), "iot:Publish", "topic/a").allowed());
    EXPECT_FALSE(ask(document_of(allow("iot:Pub", "topic/a")), "iot:Publish", "topic/a").allowed());
    EXPECT_FALSE(ask(document_of(allow("iotjobsdata:*", "topic/a")), "iot:Publish", "topic/a").allowed());
}

TEST(DevicePatterns, AHostilePatternCostsNoExponentialTime) {
    std::string stars;
    for (int i = 0; i < 200; ++i) stars += "a*";
    const std::string document =
        document_of(allow("iot:Publish", "topic/" + stars + "b") + "," + allow("iot:Publish", "topic/*?" + stars + "?c"));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(ask(document, "iot:Publish", "topic/" + std::string(4000, 'a')).allowed());
    // Exponential backtracking would take longer than the universe; the bound is generous for a loaded machine.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Patterns, CompileRefusesBrokenVariables) {
    const PatternSyntax syntax;
    for (const char* bad : {"a${", "a${b", "${}", "${a b}", "${${a}}", "${a, b}", "${a,'b}"})
        EXPECT_FALSE(Pattern::compile(bad, syntax).has_value()) << bad;
    for (const char* good : {"", "$", "$aws", "a$", "${a}", "${a,'b'}", "${a, 'b c'}", "{}", "$(x)"})
        EXPECT_TRUE(Pattern::compile(good, syntax).has_value()) << good;
}

TEST(Patterns, ArnIsCutAtItsFirstFiveColons) {
    EXPECT_EQ(arn_parts("arn:aws:s3:::b/k:v"), (std::vector<std::string_view>{"arn", "aws", "s3", "", "", "b/k:v"}));
    EXPECT_EQ(arn_parts("x:y"), (std::vector<std::string_view>{"x", "y"}));
    EXPECT_EQ(arn_pattern_parts("arn:aws:iot:r:${iot:ClientId}:x"),
              (std::vector<std::string_view>{"arn", "aws", "iot", "r", "${iot:ClientId}", "x"}));
}

}  // namespace
}  // namespace otabahn::policy
