// SPDX-License-Identifier: Apache-2.0
// Retained messages in the store, on both engines, and the two operations that read them.
#include "retained/retained.hpp"

#include "access/sql.hpp"
#include "api/iot-data.hpp"
#include "bus/bus.hpp"
#include "mqtt/property.hpp"
#include "retained/sql.hpp"
#include "runtime/set_clock.hpp"
#include "store/store_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace otabahn::retained {
namespace {

namespace data = api::iot_data;
using runtime::SqlSession;

const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};
const Scope other{AccountId::trusted("000000000000"), Region::trusted("us-east-2")};

class RetainedTest : public ::testing::TestWithParam<store::testing::TestEngine> {
  protected:
    RetainedTest()
        : store_(GetParam().open({{"access", access::sql::schema}, {"retained", sql::schema}})),
          access_(**store_, bus_, clock),
          retained(**store_, clock, access_) {
        retained.bind_rest(operations_);
    }

    bool put(const std::string& topic, const std::string& payload, std::optional<std::int64_t> quota = std::nullopt,
             std::optional<Timestamp> expires_at = std::nullopt) {
        RetainedMessage message{topic, payload, "", 1, expires_at, clock.now()};
        return *(**store_).write([&](SqlSession& session) -> Result<bool> { return retained::put(session, scope, message, quota); });
    }
    std::size_t sweep(std::size_t most = 100) {
        return *(**store_).write([&](SqlSession& session) -> Result<std::size_t> { return retained::sweep(session, clock.now(), most); });
    }
    std::string payload(const std::string& topic) {
        auto found = retained.get(scope, topic);
        return found ? found->payload : "none";
    }
    template <class Op>
    awsapi::Outcome<typename Op::Output> call(const typename Op::Input& in, bool root = true) {
        const awsapi::Caller caller{
            .scope = scope, .arn = std::string("arn:aws:iam::000000000000:") + (root ? "root" : "user/nobody"), .root = root};
        const auto* bound = operations_.find(Op::service, Op::name);
        if (bound == nullptr) throw std::runtime_error(std::string(Op::name) + " is not bound");
        auto out = bound->plain(caller, &in);
        if (!out) return Unexpected(std::move(out).error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }

    runtime::SetClock clock{std::int64_t{1'700'000'000}};
    bus::InProcessBus bus_;
    std::unique_ptr<store::testing::TestStore> store_;
    access::Access access_;
    Retained retained;
    awsapi::Operations operations_;
};

TEST_P(RetainedTest, LastWriterOfATopicWins) {
    EXPECT_TRUE(put("a/b", "one"));
    EXPECT_TRUE(put("a/b", "two"));
    EXPECT_EQ(payload("a/b"), "two");
    EXPECT_EQ(payload("a"), "none");
    EXPECT_EQ(retained.list(scope, "", 10).size(), 1U);
}

TEST_P(RetainedTest, EmptyPayloadDeletesAndIsNotKept) {
    put("a", "one");
    EXPECT_TRUE(put("a", ""));
    EXPECT_EQ(payload("a"), "none");
    EXPECT_TRUE(put("never/there", ""));
    EXPECT_TRUE(retained.list(scope, "", 10).empty());
}

TEST_P(RetainedTest, QuotaStopsNewTopicsAloneAndDeletingMakesRoom) {
    EXPECT_TRUE(put("a", "1", 2));
    EXPECT_TRUE(put("b", "1", 2));
    EXPECT_FALSE(put("c", "1", 2));
    EXPECT_TRUE(put("a", "2", 2));
    EXPECT_TRUE(put("b", "", 2));
    EXPECT_TRUE(put("b", "", 2));
    EXPECT_TRUE(put("c", "1", 2));
    EXPECT_FALSE(put("d", "1", 2));
    EXPECT_EQ(payload("d"), "none");
}

TEST_P(RetainedTest, ExpiredMessageIsNotFoundAndTheSweepMakesRoomForAnother) {
    put("a", "1", 1, clock.now() + std::chrono::seconds(10));
    EXPECT_EQ(payload("a"), "1");
    clock.pass(std::chrono::seconds(10));
    EXPECT_EQ(payload("a"), "none");
    EXPECT_TRUE(retained.list(scope, "", 10).empty());
    EXPECT_FALSE(put("b", "1", 1));
    EXPECT_EQ(sweep(), 1U);
    EXPECT_TRUE(put("b", "1", 1));
}

TEST_P(RetainedTest, MessageWithoutExpiryIsKeptThreeYears) {  // spec gateway 1.7
    put("a", "1");
    clock.pass(std::chrono::hours(3 * 365 * 24) - std::chrono::seconds(1));
    EXPECT_EQ(sweep(), 0U);
    EXPECT_EQ(payload("a"), "1");
    EXPECT_FALSE(retained.get(scope, "a")->expires_at.has_value());
    clock.pass(std::chrono::seconds(1));
    EXPECT_EQ(sweep(), 1U);
}

TEST_P(RetainedTest, SweepTakesNoMoreThanItIsAllowed) {
    for (const char* topic : {"a", "b", "c"}) put(topic, "1", std::nullopt, clock.now());
    EXPECT_EQ(sweep(2), 2U);
    EXPECT_EQ(sweep(2), 1U);
    EXPECT_EQ(sweep(2), 0U);
}

TEST_P(RetainedTest, AnotherRegionHasItsOwn) {
    put("a", "1");
    EXPECT_FALSE(retained.get(other, "a"));
    EXPECT_TRUE(retained.put(other, {"a", "2", "", 0}));
    EXPECT_EQ(payload("a"), "1");
    EXPECT_EQ(retained.get(other, "a")->payload, "2");
}

TEST_P(RetainedTest, GetTellsPayloadQosTimeAndUserProperties) {
    std::array<std::uint8_t, 64> buffer{};
    mqtt::PropertyBuilder builder(buffer);
    builder.text(mqtt::PropertyId::content_type, "t").user("k", "1").user("k", "2");
    ASSERT_TRUE(retained.put(scope, {"a/b", std::string("\x00\xff", 2), std::string(as_text(builder.encoded())), 1}));
    const auto got = call<data::GetRetainedMessage>({"a/b"});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->topic, "a/b");
    EXPECT_EQ(got->payload, std::string("\x00\xff", 2));
    EXPECT_EQ(got->qos, 1);
    EXPECT_EQ(got->last_modified_time, 1'700'000'000'000);
    EXPECT_EQ(got->user_properties, R"([{"k":"1"},{"k":"2"}])");
}

TEST_P(RetainedTest, GetOfATopicWithoutOneIsResourceNotFound) {
    const auto got = call<data::GetRetainedMessage>({"a/b"});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, "ResourceNotFoundException");
    EXPECT_THAT(got.error().message, ::testing::HasSubstr("a/b"));
}

TEST_P(RetainedTest, ListPagesByTopic) {
    for (const char* topic : {"c", "a", "b"}) put(topic, "xyz");
    auto page = call<data::ListRetainedMessages>({std::nullopt, 2});
    ASSERT_TRUE(page);
    ASSERT_EQ(page->retained_topics->size(), 2U);
    EXPECT_EQ(page->retained_topics->at(0).topic, "a");
    EXPECT_EQ(page->retained_topics->at(0).payload_size, 3);
    ASSERT_TRUE(page->next_token);
    page = call<data::ListRetainedMessages>({page->next_token, 2});
    ASSERT_TRUE(page);
    ASSERT_EQ(page->retained_topics->size(), 1U);
    EXPECT_EQ(page->retained_topics->at(0).topic, "c");
    EXPECT_FALSE(page->next_token);
}

TEST_P(RetainedTest, ListRefusesAForeignTokenAndAPageOutOfBounds) {
    for (const data::ListRetainedMessagesRequest& in : {data::ListRetainedMessagesRequest{"zz", {}}, {"", {}}, {{}, 0}, {{}, 201}}) {
        const auto page = call<data::ListRetainedMessages>(in);
        ASSERT_FALSE(page);
        EXPECT_EQ(page.error().code, "InvalidRequestException");
    }
}

TEST_P(RetainedTest, BothNeedTheirPermission) {
    put("a", "1");
    EXPECT_EQ(call<data::GetRetainedMessage>({"a"}, false).error().status, 403);
    EXPECT_EQ(call<data::ListRetainedMessages>({}, false).error().status, 403);
}

INSTANTIATE_TEST_SUITE_P(Engines, RetainedTest, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

}  // namespace
}  // namespace otabahn::retained
