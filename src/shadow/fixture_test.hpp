// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: the service on a fresh store, a clock that is set, and everything that a listener would hear,
// in the order in which it would hear it.
#pragma once

#include "access/sql.hpp"
#include "api/iot-data.hpp"
#include "bus/bus.hpp"
#include "runtime/set_clock.hpp"
#include "shadow/shadows.hpp"
#include "shadow/sql.hpp"
#include "store/store_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::shadow {

namespace data = api::iot_data;

class ShadowFixture : public ::testing::TestWithParam<store::testing::TestEngine> {
  protected:
    ShadowFixture() : ShadowFixture(aws_limits) {}
    explicit ShadowFixture(Limits limits)
        : store_(GetParam().open({{"access", access::sql::schema}, {"shadow", sql::schema}})),
          access_(**store_, bus_, clock_),
          shadows_(**store_, bus_, clock_, access_, limits) {
        shadows_.bind_rest(operations_);
        bus_.on_publication(
            [this](const Scope&, const runtime::Publication& publication) { hear(publication.topic, publication.payload); });
    }

    Scope scope(const std::string& region = "us-east-1") const { return {AccountId::trusted("561470034375"), Region::trusted(region)}; }
    awsapi::Caller root() const { return {.scope = scope(), .arn = "arn:aws:iam::561470034375:root", .root = true}; }

    template <class Op>
    awsapi::Outcome<typename Op::Output> call(const awsapi::Caller& caller, typename Op::Input in) {
        auto out = operations_.find(Op::service, Op::name)->plain(caller, &in);
        if (!out) return Unexpected(out.error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }
    template <class Op>
    awsapi::Outcome<typename Op::Output> call(typename Op::Input in) {
        return call<Op>(root(), std::move(in));
    }

    // A client publishes on $aws/things/T/shadow/SUFFIX.
    void say(const std::string& suffix, const std::string& payload, const std::string& thing = "T",
             const std::string& region = "us-east-1") {
        const std::string topic = "$aws/things/" + thing + "/shadow/" + suffix;
        ASSERT_TRUE(shadows_.fits(topic)) << topic;
        auto replies =
            shadows_.call({.scope = scope(region), .topic = topic, .payload = payload, .qos = 1, .client_id = thing, .certificate_id = ""});
        ASSERT_TRUE(replies.empty()) << "what shadows say is for all";
        ASSERT_FALSE(replies.then.empty());
        EXPECT_EQ(replies.then.front().topic, topic) << "the request itself comes first";
        EXPECT_EQ(replies.then.front().payload, payload);
        replies.then.erase(replies.then.begin());
        for (auto& publication : replies.then) bus_.publish(scope(region), std::move(publication));
    }
    // Says and gives the first answer.
    std::string answer(const std::string& suffix, const std::string& payload, const std::string& thing = "T") {
        say(suffix, payload, thing);
        const auto lines = heard();
        return lines.empty() ? "" : lines.front();
    }
    void hear(const std::string& topic, const std::string& payload) {
        constexpr std::string_view prefix = "$aws/things/";
        heard_.push_back(topic.substr(prefix.size()) + " " + payload);
    }
    // What was heard since the last time, without "T/shadow/" before it.
    std::vector<std::string> heard() {
        auto out = std::exchange(heard_, {});
        for (auto& line : out)
            if (line.starts_with("T/shadow/")) line.erase(0, 9);
        return out;
    }

    runtime::SetClock clock_{std::int64_t{100}};
    bus::InProcessBus bus_;
    std::unique_ptr<store::testing::TestStore> store_;
    access::Access access_;
    Shadows shadows_;
    awsapi::Operations operations_;
    std::vector<std::string> heard_;
};

}  // namespace otabahn::shadow
