// SPDX-License-Identifier: Apache-2.0
// Requests to services and streams as conversations: order, back-pressure, replies to the asker alone (spec gateway 3).
#include "gateway/connection.hpp"

#include "gateway/conversation_test.hpp"

namespace otabahn::gateway::conversation {
namespace {

TEST_F(ConnectionTest, RepliesComeOnceAtTheQosOfTheSubscription) {  // spec 3
    auto talk = open(Version::v3_1_1);
    talk.publish("$aws/things/T/jobs/get", "{}", 1, 4);
    auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].type, PacketType::puback);
    EXPECT_EQ(mqtt::decode_publish(frames[1], Version::v3_1_1)->qos, 1);
    talk.subscribe({{"$aws/things/T/jobs/#", 0}, {"$aws/things/T/jobs/get/+", 0}});
    talk.heard();
    talk.publish("$aws/things/T/jobs/get", "{}", 1, 5);
    frames = talk.heard();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(mqtt::decode_publish(frames[1], Version::v3_1_1)->qos, 0);
}

TEST_F(ConnectionTest, RequestsOfOneConnectionAreAnsweredInOrderAndTenWaitAtMost) {
    host.hold_calls = true;
    auto talk = open(Version::v3_1_1);
    for (int i = 0; i < 15; ++i) talk.publish("$aws/things/T/jobs/get", std::to_string(i), 0);
    EXPECT_FALSE(talk.connection().wants_input());
    EXPECT_TRUE(jobs.calls.empty());
    for (int i = 0; i < 15; ++i) {
        host.finish_calls();
        talk.go_on();
    }
    ASSERT_EQ(jobs.calls.size(), 15U);
    for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(jobs.calls[i], std::to_string(i));
    EXPECT_EQ(talk.messages().size(), 15U);
}

TEST_F(ConnectionTest, RequestsAreNotForwardedToSubscribersOfTheirTopic) {
    auto listener = open(Version::v5, 2, [](mqtt::Connect& packet) { packet.client_id = "listener"; });
    listener.subscribe({{"$aws/things/T/jobs/#", 1}});
    listener.heard();
    auto talk = open(Version::v5);
    talk.publish("$aws/things/T/jobs/get", "{}", 0);
    EXPECT_EQ(talk.messages().size(), 1U);
    EXPECT_TRUE(listener.heard().empty());
}

TEST_F(ConnectionTest, RequestsOfAClientThatLeftAreAnsweredToWhoeverListens) {
    host.hold_calls = true;
    auto talk = open(Version::v3_1_1);
    for (const char* payload : {"1", "2", "3"}) talk.publish("$aws/things/T/jobs/get", payload, 0);
    talk.packet([](mqtt::Out out) { return mqtt::encode(mqtt::Disconnect{}, Version::v3_1_1, out); });
    EXPECT_TRUE(talk.connection().ended());
    host.finish_calls();
    host.disconnect(1);
    while (jobs.calls.size() < 3) host.finish_calls();
    EXPECT_THAT(jobs.calls, ::testing::ElementsAre("1", "2", "3"));
    ASSERT_EQ(host.published_for_services.size(), 3U);
    EXPECT_EQ(host.published_for_services[2].payload, "3");
}

TEST_F(ConnectionTest, ReplyWithoutReceiveIsDropped) {
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/*")));
    auto talk = open(Version::v5);
    talk.publish("$aws/things/T/jobs/get", "{}", 0);
    EXPECT_TRUE(talk.heard().empty());
    EXPECT_FALSE(talk.connection().ended());
}

TEST_F(ConnectionTest, ColdStreamHoldsTheRequestUntilItIsOpen) {
    bool warm = false;
    int asked = 0;
    host.stream = [&](const streams::BlockRequest& request, streams::BlockSink& sink) {
        ++asked;
        if (!warm) return false;
        sink.message("$aws/things/T/streams/S/data/json", request.payload);
        return true;
    };
    auto talk = open(Version::v5);
    talk.publish("$aws/things/T/streams/S/get/json", "one", 1, 3);
    talk.publish("$aws/things/T/streams/S/get/json", "two", 0);
    EXPECT_FALSE(talk.connection().wants_input());
    EXPECT_EQ(asked, 1);
    warm = true;
    talk.connection().resume();
    talk.go_on();
    const auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(as_text(mqtt::decode_publish(frames[0], Version::v5)->payload), "one");
    EXPECT_EQ(frames[1].type, PacketType::puback);
    EXPECT_EQ(as_text(mqtt::decode_publish(frames[2], Version::v5)->payload), "two");
}

TEST_F(ConnectionTest, UnreadOutputStopsFurtherRequests) {
    host.stream = [](const streams::BlockRequest&, streams::BlockSink& sink) {
        sink.message("$aws/things/T/streams/S/data/json", std::string(131'072, 'x'));
        return true;
    };
    auto talk = open(Version::v5);
    for (int i = 0; i < 10; ++i) talk.publish("$aws/things/T/streams/S/get/json", "{}", 0);
    EXPECT_FALSE(talk.connection().wants_input());
    EXPECT_LT(talk.connection().output().size(), output_high_water + 140'000);
    std::size_t messages = 0;
    while (messages < 10) {
        const auto got = talk.messages();
        ASSERT_FALSE(got.empty());
        messages += got.size();
        talk.go_on();
    }
}

TEST_F(ConnectionTest, RequestsWaitUntilEarlierAnswersAreAcknowledged) {
    int answered = 0;
    host.stream = [&](const streams::BlockRequest& request, streams::BlockSink& sink) {
        ++answered;
        for (int block = 0; block < 512; ++block)
            sink.message("$aws/things/T/streams/S/data/json", std::string(request.payload) + std::to_string(block));
        return true;
    };
    auto talk = open(Version::v5);
    talk.subscribe({{"$aws/things/T/streams/S/data/json", 1}});
    talk.heard();
    for (const char* request : {"a", "b", "c", "d", "e"}) talk.publish("$aws/things/T/streams/S/get/json", request, 0);
    EXPECT_EQ(answered, 1);
    talk.publish("$aws/things/T/jobs/get", "f", 0);  // in its turn, as all that is answered
    talk.publish("elsewhere", "g", 1, 7);            // nothing of this comes back: at once
    std::vector<std::string> got;
    bool confirmed = false;
    for (bool more = true; more;) {
        more = false;
        for (const auto& frame : talk.heard()) {
            ASSERT_NE(frame.type, PacketType::disconnect);
            confirmed = confirmed || frame.type == PacketType::puback;
            if (frame.type != PacketType::publish) continue;
            const auto message = *mqtt::decode_publish(frame, Version::v5);
            got.emplace_back(as_text(message.payload));
            if (message.qos == 1) talk.acknowledge(message.packet_id);
            more = true;
        }
        EXPECT_TRUE(confirmed);
    }
    ASSERT_EQ(got.size(), 5 * 512U + 1);
    // The service's reply has no subscription and QoS 0: it overtakes what is queued, but not the request before it.
    std::erase(got, "f");
    for (std::size_t at = 0; at < 5 * 512U; ++at)
        ASSERT_EQ(got[at], std::string(1, static_cast<char>('a' + at / 512)) + std::to_string(at % 512));
}

TEST_F(ConnectionTest, ClientThatAsksAndNeverAcknowledgesIsCutOff) {
    host.stream = [](const streams::BlockRequest&, streams::BlockSink& sink) {
        for (int block = 0; block < 512; ++block) sink.message("$aws/things/T/streams/S/data/json", "x");
        return true;
    };
    auto talk = open(Version::v5);
    talk.subscribe({{"$aws/things/T/streams/S/data/json", 1}});
    int asked = 0;
    while (!talk.connection().ended() && asked < 10'000) {
        talk.publish("$aws/things/T/streams/S/get/json", "{}", 0);
        ++asked;
    }
    EXPECT_GT(asked, 100);
    EXPECT_LT(asked, 10'000);
    EXPECT_EQ(talk.goodbye().code, ReasonCode::quota_exceeded);
}

}  // namespace
}  // namespace otabahn::gateway::conversation
