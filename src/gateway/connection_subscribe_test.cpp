// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE as conversations, by the lines of spec gateway 1.5, 1.11 and 2.7.
#include "gateway/connection.hpp"

#include "gateway/conversation_test.hpp"

namespace otabahn::gateway::conversation {
namespace {

TEST_F(ConnectionTest, DeniedFilterEndsMqtt3AndHasItsOwnCodeInMqtt5) {  // spec 1.11
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Subscribe", "topicfilter/yes")));
    auto v5 = open(Version::v5, 1);
    v5.subscribe({{"yes", 1}, {"no", 1}, {"bad/#/x", 0}});
    EXPECT_THAT(v5.suback(), ::testing::ElementsAre(1, 0x87, 0x8f));
    auto v3 = open(Version::v3_1_1, 2);
    v3.subscribe({{"yes", 1}, {"no", 1}});
    EXPECT_TRUE(v3.heard().empty());
    EXPECT_TRUE(v3.connection().ended());
}

TEST_F(ConnectionTest, SubscribeAllowedOnATopicResourceIsDenied) {  // spec 2.7
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Subscribe", "topic/a")));
    auto talk = open(Version::v5);
    talk.subscribe({{"a", 0}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0x87));
}

TEST_F(ConnectionTest, MoreThanEightFiltersOrFiftySubscriptionsAreRefused) {
    auto v5 = open(Version::v5, 1);
    std::vector<mqtt::SubscribeEntry> nine(9, mqtt::SubscribeEntry{"a", 0});
    v5.subscribe(nine);
    EXPECT_THAT(v5.suback(), ::testing::Each(0x97));
    std::vector<std::string> names;
    for (int i = 0; i < 51; ++i) names.push_back("t" + std::to_string(i));
    for (int i = 0; i < 50; ++i) v5.subscribe({{names[static_cast<std::size_t>(i)], 0}});
    v5.heard();
    v5.subscribe({{names[50], 0}, {names[0], 1}});
    EXPECT_THAT(v5.suback(), ::testing::ElementsAre(0x97, 1));
}

TEST_F(ConnectionTest, SubscriptionIdentifiersAreRefused) {  // spec 1.5
    auto talk = open(Version::v5);
    std::array<std::uint8_t, 8> buffer{};
    mqtt::PropertyBuilder builder(buffer);
    builder.number(PropertyId::subscription_identifier, 1);
    talk.subscribe({{"a", 0}}, *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::subscribe)));
    EXPECT_EQ(talk.goodbye().code, ReasonCode::subscription_identifiers_not_supported);
}

TEST_F(ConnectionTest, Qos2SubscriptionIsGrantedOneInMqtt5AndUnansweredInMqtt3) {
    auto v5 = open(Version::v5, 1);
    v5.subscribe({{"a", 2}});
    EXPECT_THAT(v5.suback(), ::testing::ElementsAre(1));
    auto v3 = open(Version::v3_1_1, 2, [](mqtt::Connect& packet) { packet.client_id = "old"; });
    v3.subscribe({{"a", 2}});
    EXPECT_TRUE(v3.heard().empty());
    EXPECT_FALSE(v3.connection().ended());
}

TEST_F(ConnectionTest, NoLocalLeavesOutOnesOwnMessages) {
    auto talk = open(Version::v5);
    talk.subscribe({{"a", 0, true, false, 0}});
    talk.heard();
    talk.publish("a", "x", 0);
    EXPECT_TRUE(talk.heard().empty());
}

TEST_F(ConnectionTest, UnsubscribeStopsDelivery) {
    auto talk = open(Version::v3_1_1);
    talk.subscribe({{"a", 1}});
    talk.heard();
    const std::string_view filter = "a";
    talk.packet([&](mqtt::Out out) { return mqtt::encode_unsubscribe(3, std::span(&filter, 1), {}, Version::v3_1_1, out); });
    EXPECT_EQ(talk.heard().at(0).type, PacketType::unsuback);
    talk.publish("a", "x", 0);
    EXPECT_TRUE(talk.heard().empty());
    EXPECT_EQ(host.subscriptions(), 0U);
}

}  // namespace
}  // namespace otabahn::gateway::conversation
