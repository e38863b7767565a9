// SPDX-License-Identifier: Apache-2.0
// Retained messages as clients see them (spec gateway 1.7, 2.2).
#include "gateway/conversation_test.hpp"

namespace otabahn::gateway::conversation {
namespace {

class RetainedConversation : public ConnectionTest {
  protected:
    static void retain(mqtt::Publish& packet) { packet.retain = true; }
    Talk reader(Version version = Version::v5) {
        return open(version, 2, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    }
    // What a SUBSCRIBE brings beside its SUBACK.
    static std::vector<mqtt::Publish> messages_at(Talk& talk, mqtt::SubscribeEntry entry) {
        talk.subscribe({entry});
        return talk.messages();
    }
};

TEST_F(RetainedConversation, SubscriberOfTheTopicItselfGetsItWithRetainSet) {
    auto talk = open(Version::v3_1_1);
    talk.publish("a/b", "x", 1, 1, retain);
    EXPECT_EQ(talk.puback().packet_id, 1);
    for (const auto version : {Version::v3_1_1, Version::v5}) {
        auto other = reader(version);
        const auto got = messages_at(other, {"a/b", 1});
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(as_text(got[0].payload), "x");
        EXPECT_TRUE(got[0].retain);
        EXPECT_EQ(got[0].qos, 1);
    }
}

TEST_F(RetainedConversation, NoWildcardBringsIt) {  // AWS's deviation
    auto talk = open(Version::v5);
    talk.publish("a/b", "x", 0, 0, retain);
    auto other = reader();
    for (const char* filter : {"a/+", "a/#", "#", "+/b"}) EXPECT_TRUE(messages_at(other, {filter, 1}).empty()) << filter;
}

TEST_F(RetainedConversation, LiveCopiesCarryNoRetainUnlessAskedFor) {
    auto talk = open(Version::v5);
    auto other = reader();
    other.subscribe({{"a/b", 0}});
    mqtt::SubscribeEntry as_published{"a/+", 0};
    as_published.retain_as_published = true;
    talk.subscribe({as_published});
    talk.heard();
    other.heard();
    talk.publish("a/b", "x", 0, 0, retain);
    auto got = other.messages();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_FALSE(got[0].retain);
    got = talk.messages();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_TRUE(got[0].retain);
    talk.publish("a/b", "y", 0);
    got = talk.messages();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_FALSE(got[0].retain);
}

TEST_F(RetainedConversation, RetainHandlingSaysWhenItIsGiven) {  // MQTT 5, 3.8.3.1
    auto talk = open(Version::v5);
    talk.publish("a", "x", 0, 0, retain);
    auto other = reader();
    mqtt::SubscribeEntry entry{"a", 0};
    entry.retain_handling = 2;
    EXPECT_TRUE(messages_at(other, entry).empty());
    entry.retain_handling = 1;
    EXPECT_TRUE(messages_at(other, entry).empty());  // the subscription is there already
    entry.retain_handling = 0;
    EXPECT_EQ(messages_at(other, entry).size(), 1U);
    talk.heard();
    entry.retain_handling = 1;
    EXPECT_EQ(messages_at(talk, entry).size(), 1U);
}

TEST_F(RetainedConversation, EmptyPayloadDeletesAndIsDeliveredItself) {
    auto talk = open(Version::v5);
    auto live = reader();
    live.subscribe({{"a", 0}});
    live.heard();
    talk.publish("a", "x", 0, 0, retain);
    talk.publish("a", "", 0, 0, retain);
    EXPECT_EQ(live.messages().size(), 2U);
    EXPECT_TRUE(host.retained.empty());
    EXPECT_TRUE(messages_at(live, {"a", 0}).empty());
}

TEST_F(RetainedConversation, ExpiredOneIsNotGivenAndALiveOneSaysWhatIsLeft) {
    auto talk = open(Version::v5);
    std::array<std::uint8_t, 8> buffer{};
    mqtt::PropertyBuilder builder(buffer);
    builder.number(PropertyId::message_expiry_interval, 60);
    talk.publish("a", "x", 0, 0, [&](mqtt::Publish& packet) {
        packet.retain = true;
        packet.properties = *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::publish));
    });
    auto other = reader();
    host.clock += std::chrono::seconds(20);
    const auto got = messages_at(other, {"a", 0});
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].properties.number(PropertyId::message_expiry_interval), 40U);
    host.clock += std::chrono::seconds(40);
    EXPECT_TRUE(messages_at(other, {"a", 0}).empty());
}

TEST_F(RetainedConversation, NeedsRetainPublishBesidePublish) {
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/*") + "," + allow("RetainPublish", "topic/open")));
    auto talk = open(Version::v5);
    talk.publish("secret", "x", 1, 1, retain);
    const auto refused = talk.puback();
    EXPECT_EQ(refused.code, ReasonCode::not_authorized);
    EXPECT_THAT(std::string(refused.properties.text(PropertyId::reason_string).value_or("")), ::testing::HasSubstr("iot:RetainPublish"));
    EXPECT_TRUE(host.retained.empty());
    talk.publish("open", "x", 1, 1, retain);
    EXPECT_EQ(talk.puback().code, ReasonCode::success);
    auto old = open(Version::v3_1_1, 2, [](mqtt::Connect& packet) { packet.client_id = "old"; });
    old.publish("secret", "x", 1, 1, retain);
    EXPECT_TRUE(old.heard().empty());
    EXPECT_TRUE(old.connection().ended());
}

TEST_F(RetainedConversation, NeedsReceiveToBeGiven) {
    auto talk = open(Version::v5);
    talk.publish("a", "x", 1, 1, retain);
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Subscribe", "topicfilter/*")));
    auto other = reader();
    EXPECT_TRUE(messages_at(other, {"a", 1}).empty());
    EXPECT_FALSE(other.connection().ended());
}

TEST_F(RetainedConversation, NothingIsRetainedOnReservedTopics) {
    auto talk = open(Version::v5);
    for (const char* topic : {"$aws/things/T/shadow/update", "$aws/things/T/jobs/get", "$SYS/x"}) {
        talk.publish(topic, "{}", 1, 1, retain);
        EXPECT_EQ(talk.puback().code, ReasonCode::not_authorized) << topic;
    }
    EXPECT_TRUE(jobs.calls.empty());
}

TEST_F(RetainedConversation, QuotaRefusesANewTopicButNotAnotherMessageOfAnOldOne) {
    host.configuration.limits.retained_messages = 1;
    auto talk = open(Version::v5);
    talk.publish("a", "1", 1, 1, retain);
    EXPECT_EQ(talk.puback().code, ReasonCode::success);
    talk.publish("b", "1", 1, 2, retain);
    EXPECT_EQ(talk.puback().code, ReasonCode::quota_exceeded);
    talk.publish("a", "2", 1, 3, retain);
    EXPECT_EQ(talk.puback().code, ReasonCode::success);
    talk.publish("b", "1", 0, 0, retain);
    EXPECT_FALSE(talk.connection().ended());
    EXPECT_EQ(host.retained.size(), 1U);
}

TEST_F(RetainedConversation, RetainedWillStaysForLaterSubscribers) {
    auto dying = open(Version::v5, 1, [](mqtt::Connect& packet) {
        packet.will.emplace();
        packet.will->topic = "state/T";
        packet.will->payload = as_bytes("offline");
        packet.will->retain = true;
    });
    dying.connection().connection_lost("gone");
    auto other = reader();
    const auto got = messages_at(other, {"state/T", 0});
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(as_text(got[0].payload), "offline");
}

TEST_F(RetainedConversation, RetainedWillNeedsRetainPublishAtConnect) {
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/*")));
    const auto with_will = [](bool retained, const char* topic) {
        return [=](mqtt::Connect& packet) {
            packet.will.emplace();
            packet.will->topic = topic;
            packet.will->retain = retained;
        };
    };
    Talk refused(host, 1, Version::v5);
    refused.connect(with_will(true, "state"));
    EXPECT_EQ(refused.connack(), 0x87);
    Talk reserved(host, 2, Version::v5);
    reserved.connect(with_will(true, "$aws/things/T/shadow/update"));
    EXPECT_EQ(reserved.connack(), 0x90);
    Talk plain(host, 3, Version::v5);
    plain.connect(with_will(false, "state"));
    EXPECT_EQ(plain.connack(), 0);
}

TEST_F(RetainedConversation, ConnackSaysThatRetainIsAvailable) {
    Talk talk(host, 1, Version::v5);
    talk.connect();
    const auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(mqtt::decode_connack(frames[0], Version::v5)->properties.number(PropertyId::retain_available), 1U);
}

}  // namespace
}  // namespace otabahn::gateway::conversation
