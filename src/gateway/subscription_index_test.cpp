// SPDX-License-Identifier: Apache-2.0
#include "gateway/subscription_index.hpp"

#include "mqtt/topic.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>

namespace otabahn::gateway {
namespace {

std::unique_ptr<Subscription> subscription(const std::string& filter) {
    auto out = std::make_unique<Subscription>();
    out->filter = filter;
    return out;
}

std::multiset<std::string> found(const SubscriptionIndex& index, const std::string& topic) {
    std::multiset<std::string> out;
    index.match(topic, [&](const Subscription& match) { out.insert(match.filter); });
    return out;
}

TEST(SubscriptionIndex, AgreesWithTheMatcherOnAnything) {
    std::mt19937 random(7);
    const std::vector<std::string> levels{"a", "b", "", "+", "#", "$x"};
    const auto text = [&](bool filter) {
        std::string out;
        const int count = 1 + static_cast<int>(random() % 4);
        for (int i = 0; i < count; ++i) {
            if (i != 0) out += '/';
            std::string level = levels[random() % levels.size()];
            if (!filter && (level == "+" || level == "#")) level = "a";
            out += level;
            if (level == "#") break;
        }
        return out.empty() ? std::string("a") : out;
    };
    SubscriptionIndex index;
    std::vector<std::unique_ptr<Subscription>> all;
    for (int round = 0; round < 3000; ++round) {
        if (all.size() > 40 || (all.size() > 5 && random() % 3 == 0)) {
            const std::size_t victim = random() % all.size();
            index.remove(*all[victim]);
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(victim));
        } else {
            const std::string filter = text(true);
            if (!mqtt::is_topic_filter(filter)) continue;
            all.push_back(subscription(filter));
            index.add(*all.back());
        }
        const std::string topic = text(false);
        std::multiset<std::string> expected;
        for (const auto& one : all)
            if (mqtt::matches(one->filter, topic)) expected.insert(one->filter);
        ASSERT_EQ(found(index, topic), expected) << topic;
        ASSERT_EQ(index.size(), all.size());
    }
}

TEST(SubscriptionIndex, HashDoesNotMatchItsParent) {
    SubscriptionIndex index;
    const auto one = subscription("sensor/#");
    index.add(*one);
    EXPECT_TRUE(found(index, "sensor").empty());
    EXPECT_EQ(found(index, "sensor/").size(), 1U);
}

TEST(SubscriptionIndex, RemovingTwiceIsHarmless) {
    SubscriptionIndex index;
    const auto one = subscription("a");
    index.add(*one);
    index.remove(*one);
    index.remove(*one);
    EXPECT_EQ(index.size(), 0U);
    EXPECT_FALSE(one->indexed());
}

}  // namespace
}  // namespace otabahn::gateway
