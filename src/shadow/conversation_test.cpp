// SPDX-License-Identifier: Apache-2.0
// What clients say and hear on the shadow topics (spec gateway 5).
#include "shadow/fixture_test.hpp"

#include <thread>

namespace otabahn::shadow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Conversation : public ShadowFixture {};
INSTANTIATE_TEST_SUITE_P(Engines, Conversation, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

// Line by line the example of 5.6.
TEST_P(Conversation, TheExampleOfTheSpecification) {
    clock_.set(std::int64_t{1'700'000'000});
    say("update", R"({"state":{"desired":{"led":"on","mode":{"x":1}}},"clientToken":"k1"})");
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(update/accepted {"state":{"desired":{"led":"on","mode":{"x":1}}},"metadata":{"desired":{"led":{"timestamp":1700000000},"mode":{"x":{"timestamp":1700000000}}}},"version":1,"timestamp":1700000000,"clientToken":"k1"})",
            R"(update/delta {"version":1,"timestamp":1700000000,"state":{"led":"on","mode":{"x":1}},"metadata":{"led":{"timestamp":1700000000},"mode":{"x":{"timestamp":1700000000}}},"clientToken":"k1"})",
            R"(update/documents {"previous":{},"current":{"state":{"desired":{"led":"on","mode":{"x":1}}},"metadata":{"desired":{"led":{"timestamp":1700000000},"mode":{"x":{"timestamp":1700000000}}}},"version":1},"timestamp":1700000000,"clientToken":"k1"})"));
    clock_.set(std::int64_t{1'700'000'005});
    say("update", R"({"state":{"reported":{"led":"on","mode":{"x":1}}}})");
    EXPECT_THAT(
        heard(),
        ElementsAre(
            R"(update/accepted {"state":{"reported":{"led":"on","mode":{"x":1}}},"metadata":{"reported":{"led":{"timestamp":1700000005},"mode":{"x":{"timestamp":1700000005}}}},"version":2,"timestamp":1700000005})",
            HasSubstr(R"(update/documents {"previous":{"state":{"desired":{"led":"on")")));
}

TEST_P(Conversation, GetShowsBothSectionsAndTheDelta) {
    say("update", R"({"state":{"desired":{"a":1,"b":2},"reported":{"a":1}}})");
    heard();
    clock_.set(std::int64_t{200});
    EXPECT_EQ(
        answer("get", R"({"clientToken":"g"})"),
        R"(get/accepted {"state":{"desired":{"a":1,"b":2},"reported":{"a":1},"delta":{"b":2}},"metadata":{"desired":{"a":{"timestamp":100},"b":{"timestamp":100}},"reported":{"a":{"timestamp":100}}},"version":1,"timestamp":200,"clientToken":"g"})");
    say("update", R"({"state":{"reported":{"b":2}}})");
    heard();
    EXPECT_THAT(answer("get", ""), HasSubstr(R"({"state":{"desired":{"a":1,"b":2},"reported":{"a":1,"b":2}},"metadata")"));
}

TEST_P(Conversation, AcceptedNamesOnlyWhatTheRequestNamed) {
    say("update", R"({"state":{"desired":{"a":1,"b":2}}})");
    heard();
    EXPECT_EQ(
        answer("update", R"({"state":{"desired":{"a":null}},"clientToken":"t"})"),
        R"(update/accepted {"state":{"desired":{"a":null}},"metadata":{"desired":{"a":{"timestamp":100}}},"version":2,"timestamp":100,"clientToken":"t"})");
    EXPECT_EQ(answer("update", R"({"state":{}})"), R"(update/accepted {"state":{},"metadata":{},"version":3,"timestamp":100})");
}

TEST_P(Conversation, StateNullIsAnsweredAsOnAws) {
    say("update", R"({"state":{"desired":{"a":1}}})");
    heard();
    say("update", R"({"state":null})");
    EXPECT_THAT(heard(), ElementsAre(R"(update/accepted {"state":null,"metadata":{"timestamp":100},"version":2,"timestamp":100})",
                                     HasSubstr(R"("current":{"state":{},"metadata":{},"version":2})")));
    EXPECT_EQ(answer("get", ""), R"(get/accepted {"state":{},"metadata":{},"version":2,"timestamp":100})");
}

TEST_P(Conversation, DeltaCarriesAllThatDiffersAfterEachUpdate) {
    say("update", R"({"state":{"desired":{"a":1,"b":2}}})");
    heard();
    say("update", R"({"state":{"reported":{"a":1}}})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("update/accepted"), HasSubstr(R"("state":{"b":2},"metadata":{"b":{"timestamp":100}})"),
                                     HasSubstr("update/documents")));
    say("update", R"({"state":{"reported":{"c":9}}})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("update/accepted"), HasSubstr(R"("state":{"b":2})"), HasSubstr("update/documents")));
    say("update", R"({"state":{"reported":{"b":2}}})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("update/accepted"), HasSubstr("update/documents")));
}

TEST_P(Conversation, AVersionThatIsNotTheCurrentOneChangesNothing) {
    say("update", R"({"state":{"desired":{"a":1}}})");
    heard();
    EXPECT_EQ(answer("update", R"({"state":{"desired":{"a":2}},"version":2,"clientToken":"v"})"),
              R"(update/rejected {"code":409,"message":"Version conflict","timestamp":100,"clientToken":"v"})");
    EXPECT_THAT(answer("get", ""), HasSubstr(R"("desired":{"a":1})"));
    EXPECT_THAT(answer("update", R"({"state":{"desired":{"a":2}},"version":1})"), HasSubstr(R"("version":2)"));
}

TEST_P(Conversation, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(answer("get", R"({"clientToken":"x"})"),
              R"(get/rejected {"code":404,"message":"No shadow exists with name: 'T'","timestamp":100,"clientToken":"x"})");
    EXPECT_EQ(answer("name/cfg/get", ""),
              R"(name/cfg/get/rejected {"code":404,"message":"No shadow exists with name: 'cfg'","timestamp":100})");
    EXPECT_EQ(answer("delete", ""), R"(delete/rejected {"code":404,"message":"No shadow exists with name: 'T'","timestamp":100})");
}

TEST_P(Conversation, ClassicAndNamedShadowsAreIndependentAndSoAreThingsAndRegions) {
    say("update", R"({"state":{"desired":{"a":1}}})");
    say("name/n/update", R"({"state":{"desired":{"b":2}}})");
    say("update", R"({"state":{"desired":{"c":3}}})", "U");
    say("update", R"({"state":{"desired":{"d":4}}})", "T", "eu-west-1");
    heard();
    EXPECT_THAT(answer("get", ""), HasSubstr(R"({"state":{"desired":{"a":1},"delta":{"a":1}})"));
    EXPECT_THAT(answer("name/n/get", ""), HasSubstr(R"(name/n/get/accepted {"state":{"desired":{"b":2},"delta":{"b":2}})"));
    EXPECT_THAT(answer("get", "", "U"), HasSubstr(R"("desired":{"c":3})"));
    say("delete", "");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr("delete/accepted")));
    EXPECT_THAT(answer("name/n/get", ""), HasSubstr("name/n/get/accepted"));
    say("get", "", "T", "eu-west-1");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"("desired":{"d":4})")));
}

TEST_P(Conversation, VersionGoesOnAfterADeletionUntilItIsForgotten) {
    say("update", R"({"state":{"desired":{"a":1}}})");
    say("update", R"({"state":{"desired":{"a":2}}})");
    heard();
    EXPECT_EQ(answer("delete", R"({"clientToken":"d"})"), R"(delete/accepted {"version":2,"timestamp":100,"clientToken":"d"})");
    EXPECT_THAT(answer("get", ""), HasSubstr("404"));
    EXPECT_THAT(answer("delete", ""), HasSubstr("404"));
    clock_.pass(std::chrono::hours(47));
    ASSERT_TRUE(shadows_.run_due(clock_.now()));
    say("update", R"({"state":{"desired":{"b":1}}})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"("version":3)"), HasSubstr("update/delta"), HasSubstr(R"({"previous":{},"current")")));
    EXPECT_THAT(answer("get", ""), HasSubstr(R"("state":{"desired":{"b":1})"));
    say("delete", "");
    heard();
    clock_.pass(std::chrono::hours(48));
    ASSERT_TRUE(shadows_.run_due(clock_.now()));
    EXPECT_THAT(answer("update", R"({"state":{"desired":{"b":1}}})"), HasSubstr(R"("version":1)"));
}

TEST_P(Conversation, EachFaultIsRejectedWithItsCodeAndToken) {
    EXPECT_EQ(answer("update", "{"), R"(update/rejected {"code":400,"message":"Invalid JSON","timestamp":100})");
    EXPECT_EQ(answer("update", R"({"clientToken":"a"})"),
              R"(update/rejected {"code":400,"message":"Missing required node: state","timestamp":100,"clientToken":"a"})");
    EXPECT_EQ(answer("get", "["), R"(get/rejected {"code":400,"message":"Invalid JSON","timestamp":100})");
    EXPECT_THAT(answer("update", "{\"state\":{\"desired\":{\"a\":\"\xff\"}}}"), HasSubstr(R"("code":415)"));
    EXPECT_THAT(answer("update", std::string(9000, ' ')),
                HasSubstr(R"("code":413,"message":"Json document too large.  Size is 9000, max allowed: 8192")"));
    EXPECT_THAT(answer("name/a.b/update", R"({"state":{}})"), HasSubstr(R"(name/a.b/update/rejected {"code":400)"));
    EXPECT_THAT(answer("get", ""), HasSubstr("404"));
}

TEST_P(Conversation, NoUpdateIsLostWhenManyUpdateOneShadowAtOnce) {
    constexpr int threads = 8, updates = 10;
    std::vector<std::thread> crowd;
    for (int thread = 0; thread < threads; ++thread)
        crowd.emplace_back([this, thread] {
            for (int update = 0; update < updates; ++update) {
                const auto name = "t" + std::to_string(thread) + "_" + std::to_string(update);
                const auto replies = shadows_.call({.scope = scope(),
                                                    .topic = "$aws/things/T/shadow/update",
                                                    .payload = "{\"state\":{\"reported\":{\"" + name + "\":1}}}",
                                                    .client_id = "T",
                                                    .certificate_id = ""});
                EXPECT_EQ(replies.then.at(1).topic, "$aws/things/T/shadow/update/accepted");
            }
        });
    for (auto& one : crowd) one.join();
    const auto document = answer("get", "");
    EXPECT_THAT(document, HasSubstr("\"version\":" + std::to_string(threads * updates) + ","));
    EXPECT_THAT(document, HasSubstr("\"t0_0\":1"));
    EXPECT_THAT(document, HasSubstr("\"t7_9\":1"));
}

}  // namespace
}  // namespace otabahn::shadow
