// SPDX-License-Identifier: Apache-2.0
// PUBLISH and delivery as conversations, by the lines of spec gateway 1.3 to 1.11, 2.7 and 3.
#include "gateway/connection.hpp"

#include "gateway/conversation_test.hpp"

namespace otabahn::gateway::conversation {
namespace {

TEST_F(ConnectionTest, DeniedPublishEndsMqtt3AndIsToldToMqtt5) {  // spec 1.11
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/yes")));
    auto v5 = open(Version::v5, 1);
    v5.publish("no", "x", 1, 4);
    const auto refused = v5.puback();
    EXPECT_EQ(refused.packet_id, 4);
    EXPECT_EQ(refused.code, ReasonCode::not_authorized);
    EXPECT_TRUE(refused.properties.has(PropertyId::reason_string));
    EXPECT_FALSE(v5.connection().ended());
    v5.publish("no", "x", 0);
    EXPECT_EQ(v5.goodbye().code, ReasonCode::not_authorized);

    auto v3 = open(Version::v3_1_1, 2);
    v3.publish("no", "x", 1);
    EXPECT_TRUE(v3.heard().empty());
    EXPECT_TRUE(v3.connection().ended());
}

TEST_F(ConnectionTest, WildcardsOfMqttInATopicResourceAreText) {  // spec 2.7
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/a/#")));
    auto talk = open(Version::v5);
    talk.publish("a/b", "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::not_authorized);
}

TEST_F(ConnectionTest, Qos2IsRefusedInMqtt5AndLeftUnansweredInMqtt3) {  // spec 1.5
    auto v5 = open(Version::v5, 1);
    v5.publish("a", "x", 2);
    EXPECT_EQ(v5.goodbye().code, ReasonCode::qos_not_supported);
    auto v3 = open(Version::v3_1_1, 2);
    v3.publish("a", "x", 2);
    EXPECT_TRUE(v3.heard().empty());
    EXPECT_FALSE(v3.connection().ended());
}

TEST_F(ConnectionTest, TopicsPastTheLimitsAreRefused) {
    auto talk = open(Version::v5);
    talk.publish("1/2/3/4/5/6/7/8/9", "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::topic_name_invalid);
    talk.publish(std::string(257, 'a'), "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::topic_name_invalid);
    talk.publish("1/2/3/4/5/6/7/8", "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::success);
}

TEST_F(ConnectionTest, PayloadOf128KBPassesAndOneByteMoreEndsTheConnection) {
    auto talk = open(Version::v5);
    talk.publish("a", std::string(131'072, 'x'), 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::success);
    talk.publish("a", std::string(131'073, 'x'), 1);
    EXPECT_EQ(talk.goodbye().code, ReasonCode::packet_too_large);
}

TEST_F(ConnectionTest, AnnouncedPacketPastTheLimitIsRefusedAtItsHeader) {
    auto talk = open(Version::v5);
    talk.bytes({0x30, 0xff, 0xff, 0xff, 0x7f});
    EXPECT_EQ(talk.goodbye().code, ReasonCode::packet_too_large);
}

TEST_F(ConnectionTest, TopicAliasesOneToEight) {
    auto talk = open(Version::v5);
    auto reader = open(Version::v5, 2, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    reader.subscribe({{"long/topic", 0}});
    reader.heard();
    std::array<std::uint8_t, 8> buffer{};
    const auto alias = [&](std::uint32_t value) {
        mqtt::PropertyBuilder builder(buffer);
        builder.number(PropertyId::topic_alias, value);
        return *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::publish));
    };
    talk.publish("long/topic", "1", 0, 0, [&](mqtt::Publish& packet) { packet.properties = alias(8); });
    talk.publish("", "2", 0, 0, [&](mqtt::Publish& packet) { packet.properties = alias(8); });
    EXPECT_EQ(reader.messages().size(), 2U);
    talk.publish("x", "3", 0, 0, [&](mqtt::Publish& packet) { packet.properties = alias(9); });
    EXPECT_EQ(talk.goodbye().code, ReasonCode::topic_alias_invalid);
}

TEST_F(ConnectionTest, AliasThatWasNotSetIsAProtocolError) {
    auto talk = open(Version::v5);
    std::array<std::uint8_t, 8> buffer{};
    mqtt::PropertyBuilder builder(buffer);
    builder.number(PropertyId::topic_alias, 1);
    talk.publish("", "x", 0, 0, [&](mqtt::Publish& packet) {
        packet.properties = *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::publish));
    });
    EXPECT_EQ(talk.goodbye().code, ReasonCode::protocol_error);
}

TEST_F(ConnectionTest, ReservedTopicsTakeOnlyWhatTheirTableSays) {  // spec 3
    auto talk = open(Version::v5);
    for (const char* topic : {"$SYS/x", "$aws/invented", "$aws/things/T/jobs/notify", "$aws/events/presence/connected/T", "$aws/rules/r/x",
                              "$aws/things/T/shadow/update/accepted"}) {
        talk.publish(topic, "{}", 1);
        EXPECT_EQ(talk.puback().code, ReasonCode::topic_name_invalid) << topic;
    }
    auto v3 = open(Version::v3_1_1, 2, [](mqtt::Connect& packet) { packet.client_id = "old"; });
    v3.publish("$aws/invented", "{}", 1);
    EXPECT_TRUE(v3.connection().ended());
}

TEST_F(ConnectionTest, PropertiesTravelToMqtt5SubscribersInOrder) {
    auto talk = open(Version::v5);
    auto reader = open(Version::v5, 2, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    auto old = open(Version::v3_1_1, 3, [](mqtt::Connect& packet) { packet.client_id = "old"; });
    reader.subscribe({{"a", 1}});
    old.subscribe({{"a", 1}});
    reader.heard();
    old.heard();
    std::array<std::uint8_t, 128> buffer{};
    mqtt::PropertyBuilder builder(buffer);
    builder.number(PropertyId::message_expiry_interval, 100).text(PropertyId::content_type, "t").user("k", "1").user("k", "2");
    builder.text(PropertyId::response_topic, "r").number(PropertyId::topic_alias, 3);
    talk.publish("a", "x", 0, 0, [&](mqtt::Publish& packet) {
        packet.properties = *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::publish));
    });
    const auto got = reader.messages();
    ASSERT_EQ(got.size(), 1U);
    std::string users;
    got[0].properties.for_each([&](const mqtt::Property& property) {
        if (property.id == PropertyId::user_property) users += std::string(property.value);
    });
    EXPECT_EQ(users, "12");
    EXPECT_EQ(got[0].properties.text(PropertyId::content_type), "t");
    EXPECT_EQ(got[0].properties.text(PropertyId::response_topic), "r");
    EXPECT_EQ(got[0].properties.number(PropertyId::message_expiry_interval), 100U);
    EXPECT_FALSE(got[0].properties.has(PropertyId::topic_alias));
    EXPECT_EQ(old.messages().size(), 1U);
}

TEST_F(ConnectionTest, ReceiveIsJudgedByTheConcreteTopicAndSkipsSilently) {  // spec 1.11
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Subscribe", "topicfilter/*") + "," + allow("Publish", "topic/*") + "," +
                         allow("Receive", "topic/a/open")));
    auto talk = open(Version::v5);
    talk.subscribe({{"a/#", 1}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(1));
    talk.publish("a/secret", "x", 0);
    talk.publish("a/open", "x", 0);
    const auto got = talk.messages();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].topic, "a/open");
}

TEST_F(ConnectionTest, MessagesLargerThanTheClientTakesAreLeftOut) {
    std::array<std::uint8_t, 8> buffer{};
    auto talk = open(Version::v5, 1,
                     [&](mqtt::Connect& packet) { packet.properties = connect_properties(buffer, PropertyId::maximum_packet_size, 512); });
    talk.subscribe({{"a", 1}});
    talk.heard();
    host.publish_from_service(scope, "a", std::string(600, 'x'), 1);
    EXPECT_TRUE(talk.heard().empty());
    host.publish_from_service(scope, "a", "small", 1);
    EXPECT_EQ(talk.messages().size(), 1U);
}

}  // namespace
}  // namespace otabahn::gateway::conversation
