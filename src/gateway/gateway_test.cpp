// SPDX-License-Identifier: Apache-2.0
// Conversations over real sockets and TLS: what clients of both versions see (spec gateway 1 to 4).
#include "gateway/gateway.hpp"

#include "gateway/loopback_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace otabahn::gateway {
namespace {

using loopback::Client;
using loopback::Credentials;
using mqtt::ReasonCode;
using mqtt::Version;

const bool no_sigpipe = std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;

class GatewayTest : public ::testing::TestWithParam<Version> {
  protected:
    GatewayTest() { identities.add(device); }
    void restart(std::size_t loops = 1) {
        server.reset();
        server = std::make_unique<loopback::Server>(folder, identities, files, answers, loops);
    }
    Client client(const Credentials& credentials, const std::string& sni = "") {
        return Client(server->port, credentials, GetParam(), sni);
    }
    bool v5() const { return GetParam() == Version::v5; }

    loopback::Folder folder;
    loopback::Identities identities;
    loopback::Files files;
    loopback::Answers answers;
    Credentials device;
    std::unique_ptr<loopback::Server> server = std::make_unique<loopback::Server>(folder, identities, files, answers);
};

INSTANTIATE_TEST_SUITE_P(Both, GatewayTest, ::testing::Values(Version::v3_1_1, Version::v5),
                         [](const auto& version) { return version.param == Version::v5 ? "Mqtt5" : "Mqtt311"; });

TEST_P(GatewayTest, PublishesReachSubscribersAndAreAcknowledged) {
    Client reader(server->port, device, GetParam());
    EXPECT_EQ(reader.connect("reader").code, 0);
    EXPECT_EQ(reader.subscribe("room/+/light", 1), 1);
    Client writer(server->port, device, GetParam());
    EXPECT_EQ(writer.connect("writer").code, 0);
    writer.publish("room/1/light", "on", 1, 21);
    EXPECT_EQ(writer.puback().packet_id, 21);
    const auto got = reader.receive();
    EXPECT_EQ(got.topic, "room/1/light");
    EXPECT_EQ(got.payload, "on");
    EXPECT_EQ(got.qos, 1);
    reader.acknowledge(got.packet_id);
    writer.publish("room/2/light", "off", 0);
    EXPECT_EQ(reader.receive().qos, 0);
    reader.ping_pong();
}

TEST_P(GatewayTest, UnregisteredCertificateIsRefused) {
    const Credentials stranger;
    Client client(server->port, stranger, GetParam());
    EXPECT_EQ(client.connect("c").code, v5() ? 0x87 : 5);
    EXPECT_FALSE(client.next().has_value());
}

TEST_P(GatewayTest, InactiveCertificateIsRefused) {
    identities.set_status(device, "INACTIVE");
    Client client(server->port, device, GetParam());
    EXPECT_EQ(client.connect("c").code, v5() ? 0x87 : 5);
}

TEST_P(GatewayTest, SniOfAnotherRegionIsRefusedAndOfTheRightOneAccepted) {
    Client wrong(server->port, device, GetParam(), "abc-ats.iot.us-east-2.amazonaws.com");
    EXPECT_EQ(wrong.connect("c").code, v5() ? 0x87 : 5);
    Client right(server->port, device, GetParam(), "abc-ats.iot.us-east-1.amazonaws.com");
    EXPECT_EQ(right.connect("c").code, 0);
}

TEST_P(GatewayTest, DeactivatedCertificateIsCutOffAtOnce) {
    Client client(server->port, device, GetParam());
    EXPECT_EQ(client.connect("c").code, 0);
    identities.set_status(device, "INACTIVE");
    server->bus.announce({runtime::ChangeKind::certificate, loopback::scope, device.id()});
    if (v5()) {
        EXPECT_EQ(client.goodbye().code, ReasonCode::not_authorized);
    }
    EXPECT_FALSE(client.next().has_value());
}

TEST_P(GatewayTest, ChangedPolicyIsInForceForAnOpenConnection) {
    Client client(server->port, device, GetParam());
    EXPECT_EQ(client.connect("c").code, 0);
    client.publish("a", "1", 1, 1);
    EXPECT_EQ(client.puback().packet_id, 1);
    identities.add(device, R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]})");
    server->bus.announce({runtime::ChangeKind::policy, loopback::scope, "p"});
    // The change is read on the pool; until then the old policy answers.
    for (std::uint16_t id = 2; id < 10'000; ++id) {
        client.publish("a", "1", 1, id);
        if (v5()) {
            const auto answer = client.puback();
            if (answer.code == ReasonCode::success) continue;
            EXPECT_EQ(answer.code, ReasonCode::not_authorized);
            return;
        }
        if (!client.next()) return;
    }
    FAIL() << "the changed policy never came into force";
}

TEST_P(GatewayTest, TakeoverEndsTheOldConnectionOnAnyLoop) {
    restart(2);
    Client first(server->port, device, GetParam());
    EXPECT_EQ(first.connect("same").code, 0);
    Client second(server->port, device, GetParam());
    EXPECT_EQ(second.connect("same").code, 0);
    if (v5()) {
        EXPECT_EQ(first.goodbye().code, ReasonCode::session_taken_over);
    }
    EXPECT_FALSE(first.next().has_value());
    second.ping_pong();
}

TEST_P(GatewayTest, PersistentSessionMovesBetweenLoopsWithItsSubscriptions) {
    restart(2);
    Client writer(server->port, device, GetParam());
    writer.connect("writer");
    for (int round = 0; round < 4; ++round) {
        Client reader(server->port, device, GetParam());
        EXPECT_EQ(reader.connect("reader", false, 600).session_present, round != 0);
        if (round == 0) {
            EXPECT_EQ(reader.subscribe("t/#", 1), 1);
        }
        writer.publish("t/" + std::to_string(round), "x", 1);
        writer.puback();
        const auto got = reader.receive();
        EXPECT_EQ(got.topic, "t/" + std::to_string(round));
        reader.acknowledge(got.packet_id);
        reader.ping_pong();
        // The next one takes over while this one is still there.
        if (round % 2 == 0) {
            Client other(server->port, device, GetParam());
            EXPECT_TRUE(other.connect("reader", false, 600).session_present);
            other.ping_pong();
        }
    }
}

TEST_P(GatewayTest, PersistentSessionAndItsMessagesSurviveARestart) {
    {
        Client reader(server->port, device, GetParam());
        EXPECT_FALSE(reader.connect("reader", false, 600).session_present);
        EXPECT_EQ(reader.subscribe("t/#", 1), 1);
    }
    restart();
    {
        Client writer(server->port, device, GetParam());
        writer.connect("writer");
        for (std::uint16_t id = 1; id <= 250; ++id) {
            writer.publish("t/" + std::to_string(id), "x", 1, id);
            if (id % 50 != 0) continue;  // within what a client may have unacknowledged
            for (int answers_due = 0; answers_due < 50; ++answers_due) writer.puback();
        }
    }
    restart();
    Client reader(server->port, device, GetParam());
    EXPECT_TRUE(reader.connect("reader", false, 600).session_present);
    for (int id = 1; id <= 250; ++id) {
        const auto got = reader.receive();
        ASSERT_EQ(got.topic, "t/" + std::to_string(id));
        reader.acknowledge(got.packet_id);
    }
    reader.ping_pong();
}

TEST_P(GatewayTest, RetainedMessageSurvivesARestartAndIsGivenOnAnyLoop) {
    Client publisher(server->port, device, GetParam());
    publisher.connect("publisher");
    mqtt::Publish packet;
    packet.topic = "state/T";
    packet.payload = as_bytes("on");
    packet.qos = 1;
    packet.packet_id = 3;
    packet.retain = true;
    publisher.send_packet([&](mqtt::Out out) { return mqtt::encode(packet, GetParam(), out); });
    EXPECT_EQ(publisher.puback().packet_id, 3);
    restart(2);
    for (const char* id : {"first", "second"}) {
        Client client(server->port, device, GetParam());
        client.connect(id);
        EXPECT_EQ(client.subscribe("state/T", 1), 1);
        EXPECT_EQ(client.receive().payload, "on");
    }
}

TEST_P(GatewayTest, AcknowledgedMessagesDoNotComeAgain) {
    {
        Client reader(server->port, device, GetParam());
        reader.connect("reader", false, 600);
        reader.subscribe("t", 1);
        Client writer(server->port, device, GetParam());
        writer.connect("writer");
        writer.publish("t", "first", 1);
        writer.puback();
        reader.acknowledge(reader.receive().packet_id);
        reader.ping_pong();
        writer.publish("t", "second", 1);
        writer.puback();
        EXPECT_EQ(reader.receive().payload, "second");  // and is not acknowledged
    }
    restart();
    Client reader(server->port, device, GetParam());
    EXPECT_TRUE(reader.connect("reader", false, 600).session_present);
    EXPECT_EQ(reader.receive().payload, "second");
}

TEST_P(GatewayTest, CleanSessionIsForgotten) {
    {
        Client reader(server->port, device, GetParam());
        reader.connect("reader", false, 600);
        reader.subscribe("t", 1);
    }
    {
        Client reader(server->port, device, GetParam());
        EXPECT_FALSE(reader.connect("reader", true).session_present);
    }
    restart();
    Client reader(server->port, device, GetParam());
    EXPECT_FALSE(reader.connect("reader", false, 600).session_present);
}

TEST_P(GatewayTest, ServiceAnswersItsCallerAloneWithoutASubscription) {
    answers.answer = [](const runtime::TopicCall& call) {
        runtime::TopicReplies replies{{call.topic + "/accepted", "{" + call.client_id + "}", 1}};
        replies.then.push_back({"$aws/things/T/jobs/notify", "changed", 1});
        return replies;
    };
    Client listener(server->port, device, GetParam());
    listener.connect("listener");
    EXPECT_EQ(listener.subscribe("$aws/things/T/jobs/#", 1), 1);
    Client caller(server->port, device, GetParam());
    caller.connect("caller");
    caller.publish("$aws/things/T/jobs/get", "{}", 1, 5);
    EXPECT_EQ(caller.puback().packet_id, 5);
    const auto got = caller.receive();
    EXPECT_EQ(got.topic, "$aws/things/T/jobs/get/accepted");
    EXPECT_EQ(got.payload, "{caller}");
    EXPECT_EQ(listener.receive().topic, "$aws/things/T/jobs/notify");
}

TEST_P(GatewayTest, BlocksOfAStreamComeOnePerMessage) {
    files.bytes.assign(600, 'a');
    Client client(server->port, device, GetParam());
    client.connect("T");
    client.publish("$aws/things/T/streams/S/get/json", R"({"f":0,"l":256,"o":0,"n":3})", 0);
    for (int block = 0; block < 3; ++block) {
        const auto got = client.receive();
        EXPECT_EQ(got.topic, "$aws/things/T/streams/S/data/json");
        EXPECT_NE(got.payload.find("\"i\":" + std::to_string(block)), std::string::npos);
    }
    EXPECT_EQ(client.subscribe("$aws/things/T/streams/S/data/cbor", 1), 1);
    const std::string request("\xa4\x61\x66\x00\x61\x6c\x19\x01\x00\x61\x6f\x00\x61\x6e\x01", 15);
    client.publish("$aws/things/T/streams/S/get/cbor", request, 1, 3);
    std::vector<mqtt::PacketType> seen;
    for (int count = 0; count < 2; ++count) seen.push_back(client.next()->type);
    EXPECT_THAT(seen, ::testing::UnorderedElementsAre(mqtt::PacketType::puback, mqtt::PacketType::publish));
}

TEST_P(GatewayTest, ManyBlocksComeWholeAndInOrderToASlowReader) {
    files.bytes.resize(4 << 20);
    for (std::size_t i = 0; i < files.bytes.size(); ++i) files.bytes[i] = static_cast<char>(i * 31 >> 7);
    Client client(server->port, device, GetParam());
    client.connect("T");
    // 32 requests at once, 128 KiB each: far more than sockets and the connection's own bound take.
    for (int request = 0; request < 32; ++request)
        client.publish("$aws/things/T/streams/S/get/json", R"({"f":0,"l":4096,"o":)" + std::to_string(request * 32) + R"(,"n":32})", 0);
    for (int block = 0; block < 1024; ++block) {
        const auto got = client.receive();
        ASSERT_NE(got.payload.find("\"i\":" + std::to_string(block) + ","), std::string::npos) << block << " " << got.payload.substr(0, 60);
    }
    client.ping_pong();
}

TEST_P(GatewayTest, BlocksAtQos1AreAskedFasterThanAcknowledgedAndStillComeWhole) {
    files.bytes.assign(4 << 20, 'a');
    answers.answer = [](const runtime::TopicCall& call) { return runtime::TopicReplies{{call.topic + "/accepted", "last", 1}}; };
    Client client(server->port, device, GetParam());
    client.connect("T");
    client.subscribe("$aws/things/T/streams/S/data/json", 1);
    client.subscribe("$aws/things/T/jobs/+/accepted", 1);
    for (int request = 0; request < 4; ++request)
        client.publish("$aws/things/T/streams/S/get/json", R"({"f":0,"l":256,"o":)" + std::to_string(request * 512) + R"(,"n":512})", 0);
    client.publish("$aws/things/T/jobs/get", "{}", 0);
    for (int block = 0; block < 4 * 512; ++block) {
        const auto got = client.receive();
        ASSERT_NE(got.payload.find("\"i\":" + std::to_string(block) + ","), std::string::npos) << block << " " << got.payload.substr(0, 60);
        client.acknowledge(got.packet_id);
    }
    EXPECT_EQ(client.receive().payload, "last");
}

TEST_P(GatewayTest, ConnectionsPastTheBoundAreClosedAtOnce) {
    server.reset();
    server =
        std::make_unique<loopback::Server>(folder, identities, files, answers, 2, [](Options& options) { options.max_connections = 2; });
    Client first(server->port, device, GetParam());
    first.connect("a");
    Client second(server->port, device, GetParam());
    second.connect("b");
    EXPECT_TRUE(loopback::Stranger(server->port).closed());
    second.ping_pong();
}

TEST_P(GatewayTest, StrangersThatSayNothingAreBoundedAndClosedInTime) {
    server.reset();
    server = std::make_unique<loopback::Server>(folder, identities, files, answers, 2, [](Options& options) {
        options.max_handshakes = 2;
        options.handshake_deadline = std::chrono::seconds(1);
    });
    loopback::Stranger first(server->port), second(server->port);
    EXPECT_TRUE(loopback::Stranger(server->port).closed());
    EXPECT_TRUE(first.closed());
    EXPECT_TRUE(second.closed());
    Client client(server->port, device, GetParam());  // there is room again
    EXPECT_EQ(client.connect("c").code, 0);
}

TEST_P(GatewayTest, SilentStrangersMakeRoomForNewcomers) {
    server.reset();
    server = std::make_unique<loopback::Server>(folder, identities, files, answers, 2, [](Options& options) {
        options.max_handshakes = 2;
        options.silent_handshake = std::chrono::milliseconds(0);
    });
    loopback::Stranger first(server->port), second(server->port);
    Client client(server->port, device, GetParam());
    EXPECT_EQ(client.connect("c").code, 0);
    EXPECT_TRUE(first.closed());
}

TEST_P(GatewayTest, KeepAliveShorterThanTheDeadlineOfConnectCounts) {
    server.reset();
    server =
        std::make_unique<loopback::Server>(folder, identities, files, answers, 2, [](Options& options) { options.extended_quotas = true; });
    Client client(server->port, device, GetParam());
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(client.connect("c", true, 0, 1).code, 0);
    if (v5()) {
        EXPECT_EQ(client.goodbye().code, ReasonCode::keep_alive_timeout);
    }
    EXPECT_FALSE(client.next().has_value());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(7));
}

TEST_P(GatewayTest, MissingStreamIsRejectedOnItsTopic) {
    Client client(server->port, device, GetParam());
    client.connect("T");
    client.publish("$aws/things/T/streams/none/get/json", R"({"f":0,"l":256,"n":1})", 0);
    const auto got = client.receive();
    EXPECT_EQ(got.topic, "$aws/things/T/streams/none/rejected/json");
    EXPECT_NE(got.payload.find("ResourceNotFound"), std::string::npos);
}

TEST_P(GatewayTest, StoppingServerSaysGoodbye) {
    Client client(server->port, device, GetParam());
    client.connect("c");
    server.reset();
    if (v5()) {
        EXPECT_EQ(client.goodbye().code, ReasonCode::server_shutting_down);
    }
    EXPECT_FALSE(client.next().has_value());
}

TEST_P(GatewayTest, MessagesOfTheServiceReachSubscribersOfTheScopeAlone) {
    Client client(server->port, device, GetParam());
    client.connect("c");
    client.subscribe("$aws/things/T/jobs/notify", 1);
    const Scope other{loopback::scope.account, Region::trusted("us-east-2")};
    server->bus.publish(other, {"$aws/things/T/jobs/notify", "not here", 1});
    server->bus.publish(loopback::scope, {"$aws/things/T/jobs/notify", "here", 1});
    EXPECT_EQ(client.receive().payload, "here");
}

}  // namespace
}  // namespace otabahn::gateway
