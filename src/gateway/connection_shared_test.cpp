// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE to shared subscriptions: form, limits, policy and what is refused (spec gateway 1.3, 1.9).
#include "gateway/conversation_test.hpp"

namespace otabahn::gateway::conversation {
namespace {

TEST_F(ConnectionTest, OneMemberOfASharedSubscriptionGetsTheMessage) {
    auto first = open(Version::v5, 1, [](mqtt::Connect& packet) { packet.client_id = "a"; });
    auto second = open(Version::v3_1_1, 2, [](mqtt::Connect& packet) { packet.client_id = "b"; });
    first.subscribe({{"$share/g/t/+", 1}});
    EXPECT_THAT(first.suback(), ::testing::ElementsAre(1));
    second.subscribe({{"$share/g/t/+", 1}});
    EXPECT_THAT(second.suback(), ::testing::ElementsAre(1));
    host.publish_from_service(scope, "t/x", "1", 1);
    EXPECT_EQ(first.messages().size() + second.messages().size(), 1U);
}

TEST_F(ConnectionTest, SharedFiltersOfBadFormAreRefused) {
    auto talk = open(Version::v5);
    for (const std::string filter : {"$share/g", "$share//t", "$share/g/", "$share/+/t", "$share/#/t", "$share/g#/t", "$share/g/a/#/b"}) {
        talk.subscribe({{filter, 1}});
        EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0x8f)) << filter;
    }
    talk.subscribe({{"$share/" + std::string(129, 'n') + "/t", 1}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0x8f));
    talk.subscribe({{"$share/" + std::string(128, 'n') + "/t", 1}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(1));
}

TEST_F(ConnectionTest, SlashesOfTheShareAreNotCounted) {
    auto talk = open(Version::v5);
    talk.subscribe({{"$share/g/1/2/3/4/5/6/7/8", 0}, {"$share/g/1/2/3/4/5/6/7/8/9", 0}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0, 0x8f));
}

TEST_F(ConnectionTest, SharedFilterBelowAnUnknownReservedTopicIsRefused) {
    auto talk = open(Version::v5);
    talk.subscribe({{"$share/g/$SYS/#", 0}, {"$share/g/$aws/things/T/jobs/notify", 0}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0x8f, 0));
}

TEST_F(ConnectionTest, PolicyMayNameASharedFilterWholeOrByWhatIsWithin) {
    use_policy(
        policy_of(allow("Connect", "*") + "," + allow("Subscribe", "topicfilter/$share/g/t") + "," + allow("Subscribe", "topicfilter/u")));
    auto talk = open(Version::v5);
    talk.subscribe({{"$share/g/t", 0}, {"$share/g/u", 0}, {"$share/h/t", 0}, {"t", 0}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0, 0, 0x87, 0x87));
}

TEST_F(ConnectionTest, DeniedSharedFilterCostsAnMqtt3ClientItsConnection) {
    use_policy(policy_of(allow("Connect", "*")));
    auto talk = open(Version::v3_1_1);
    talk.subscribe({{"$share/g/t", 0}});
    EXPECT_TRUE(talk.heard().empty());
    EXPECT_TRUE(talk.connection().ended());
}

TEST_F(ConnectionTest, NoLocalOnASharedSubscriptionIsAProtocolError) {  // MQTT 5, 3.8.3.1
    auto talk = open(Version::v5);
    mqtt::SubscribeEntry entry{"$share/g/t", 0};
    entry.no_local = true;
    talk.subscribe({entry});
    EXPECT_EQ(talk.goodbye().code, ReasonCode::protocol_error);
}

TEST_F(ConnectionTest, GroupsPastTheLimitAreRefusedAndLeavingMakesRoom) {
    host.configuration.limits.share_groups = 1;
    host.configuration.limits.share_members = 1;
    auto talk = open(Version::v5);
    talk.subscribe({{"$share/g/t", 0}, {"$share/h/t", 0}, {"$share/g/t", 1}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0, 0x97, 1));
    auto other = open(Version::v3_1_1, 2, [](mqtt::Connect& packet) { packet.client_id = "b"; });
    other.subscribe({{"$share/g/t", 0}});
    EXPECT_THAT(other.suback(), ::testing::ElementsAre(0x80));
    talk.packet([](mqtt::Out out) {
        const std::string_view filters[] = {"$share/g/t"};
        return mqtt::encode_unsubscribe(3, filters, {}, Version::v5, out);
    });
    talk.heard();
    other.subscribe({{"$share/g/t", 0}});
    EXPECT_THAT(other.suback(), ::testing::ElementsAre(0));
    other.connection().connection_lost("gone");
    talk.subscribe({{"$share/h/t", 0}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0));
}

TEST_F(ConnectionTest, SharedSubscriptionIsGivenNothingRetained) {
    auto talk = open(Version::v5);
    talk.publish("t", "x", 0, 0, [](mqtt::Publish& packet) { packet.retain = true; });
    talk.subscribe({{"$share/g/t", 0}});
    EXPECT_TRUE(talk.messages().empty());
}

}  // namespace
}  // namespace otabahn::gateway::conversation
