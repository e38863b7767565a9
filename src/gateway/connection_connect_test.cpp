// SPDX-License-Identifier: Apache-2.0
// CONNECT as a conversation, by the lines of spec gateway 1.2 to 1.6, 1.11 and 2.7.
#include "gateway/connection.hpp"

#include "gateway/conversation_test.hpp"

namespace otabahn::gateway::conversation {
namespace {

TEST_F(ConnectionTest, FirstPacketMustBeConnect) {
    Talk talk(host, 1, Version::v5);
    talk.bytes({0xc0, 0});
    EXPECT_TRUE(talk.connection().ended());
    EXPECT_TRUE(talk.heard().empty());
}

TEST_F(ConnectionTest, SecondConnectIsAProtocolError) {
    auto talk = open(Version::v5);
    talk.connect();
    EXPECT_EQ(talk.goodbye().code, ReasonCode::protocol_error);
}

TEST_F(ConnectionTest, ConnackOfMqtt5CarriesTheServicesLimits) {  // spec 1.4
    Talk talk(host, 1, Version::v5);
    talk.connect([](mqtt::Connect& packet) { packet.keep_alive = 5; });
    const auto connack = *mqtt::decode_connack(talk.heard().at(0), Version::v5);
    EXPECT_EQ(connack.properties.number(PropertyId::receive_maximum), 100U);
    EXPECT_EQ(connack.properties.number(PropertyId::maximum_qos), 1U);
    EXPECT_EQ(connack.properties.number(PropertyId::maximum_packet_size), 149504U);
    EXPECT_EQ(connack.properties.number(PropertyId::topic_alias_maximum), 8U);
    EXPECT_EQ(connack.properties.number(PropertyId::server_keep_alive), 30U);
    EXPECT_FALSE(connack.properties.has(PropertyId::session_expiry_interval));
    EXPECT_FALSE(connack.properties.has(PropertyId::assigned_client_identifier));
}

TEST_F(ConnectionTest, SessionExpiryIsClampedAndTold) {
    std::array<std::uint8_t, 8> buffer{};
    Talk talk(host, 1, Version::v5);
    talk.connect(
        [&](mqtt::Connect& packet) { packet.properties = connect_properties(buffer, PropertyId::session_expiry_interval, 1'000'000); });
    EXPECT_EQ(mqtt::decode_connack(talk.heard().at(0), Version::v5)->properties.number(PropertyId::session_expiry_interval), 3600U);
}

TEST_F(ConnectionTest, EmptyClientIdIsAssignedInMqtt5) {
    Talk talk(host, 1, Version::v5);
    talk.connect([](mqtt::Connect& packet) { packet.client_id = ""; });
    EXPECT_EQ(mqtt::decode_connack(talk.heard().at(0), Version::v5)->properties.text(PropertyId::assigned_client_identifier), "auto-1");
}

TEST_F(ConnectionTest, EmptyClientIdNeedsACleanSessionInMqtt3) {
    Talk talk(host, 1, Version::v3_1_1);
    talk.connect([](mqtt::Connect& packet) {
        packet.client_id = "";
        packet.clean_start = false;
    });
    EXPECT_EQ(talk.connack(), 2);
    EXPECT_TRUE(talk.connection().ended());
}

TEST_F(ConnectionTest, ClientIdsThatAreRefused) {
    const std::string long_id(129, 'x');
    for (const std::string& id : {std::string("$x"), long_id}) {
        Talk talk(host, 1, Version::v5);
        talk.connect([&](mqtt::Connect& packet) { packet.client_id = id; });
        EXPECT_EQ(talk.connack(), 0x85);
    }
}

TEST_F(ConnectionTest, UnknownProtocolVersionIsToldInItsOldForm) {
    Talk talk(host, 1, Version::v3_1_1);
    talk.bytes({0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 6, 2, 0, 0, 0, 0});
    EXPECT_EQ(talk.connack(), 1);
}

TEST_F(ConnectionTest, TinyMaximumPacketSizeIsRefused) {
    std::array<std::uint8_t, 8> buffer{};
    Talk talk(host, 1, Version::v5);
    talk.connect([&](mqtt::Connect& packet) { packet.properties = connect_properties(buffer, PropertyId::maximum_packet_size, 511); });
    EXPECT_EQ(talk.connack(), 0x80);
}

TEST_F(ConnectionTest, WillsThatAreRefused) {
    struct Row {
        mqtt::Will will;
        std::uint8_t code;
    };
    const std::string deep = "a/b/c/d/e/f/g/h/i";
    const Row rows[] = {{{"w", {}, 2, false, {}}, 0x9b},
                        {{deep, {}, 0, false, {}}, 0x90},
                        {{"$aws/things/T/jobs/get", {}, 0, false, {}}, 0x90},
                        {{"$aws/things/T/shadow/update/accepted", {}, 0, false, {}}, 0x90}};
    for (const auto& row : rows) {
        Talk talk(host, 1, Version::v5);
        talk.connect([&](mqtt::Connect& packet) { packet.will = row.will; });
        EXPECT_EQ(talk.connack(), row.code) << row.will.topic;
    }
}

TEST_F(ConnectionTest, WillTopicNeedsPublish) {  // spec 1.8
    use_policy(policy_of(allow("Connect", "client/*")));
    Talk talk(host, 1, Version::v5);
    talk.connect([](mqtt::Connect& packet) { packet.will = mqtt::Will{"w", {}, 0, false, {}}; });
    EXPECT_EQ(talk.connack(), 0x87);
}

TEST_F(ConnectionTest, PolicyWithoutConnectRefusesAndSaysWhatDecided) {  // spec 2.7
    use_policy(policy_of(allow("Publish", "topic/*")));
    Talk talk(host, 1, Version::v5);
    talk.connect();
    const auto connack = *mqtt::decode_connack(talk.heard().at(0), Version::v5);
    EXPECT_EQ(connack.code, 0x87);
    EXPECT_THAT(std::string(connack.properties.text(PropertyId::reason_string).value_or("")),
                ::testing::HasSubstr("arn:aws:iot:us-east-1:000000000000:client/T"));
    Talk old(host, 2, Version::v3_1_1);
    old.connect();
    EXPECT_EQ(old.connack(), 5);
    EXPECT_TRUE(old.connection().ended());
}

TEST_F(ConnectionTest, ReasonStringsAreLeftOutWhenTheClientOrTheOperatorSaysSo) {
    use_policy(policy_of(allow("Publish", "topic/*")));
    std::array<std::uint8_t, 8> buffer{};
    Talk quiet(host, 1, Version::v5);
    quiet.connect(
        [&](mqtt::Connect& packet) { packet.properties = connect_properties(buffer, PropertyId::request_problem_information, 0); });
    EXPECT_FALSE(mqtt::decode_connack(quiet.heard().at(0), Version::v5)->properties.has(PropertyId::reason_string));
    host.configuration.explain_refusals = false;
    Talk like_aws(host, 2, Version::v5);
    like_aws.connect();
    EXPECT_FALSE(mqtt::decode_connack(like_aws.heard().at(0), Version::v5)->properties.has(PropertyId::reason_string));
}

TEST_F(ConnectionTest, ThingVariableNeedsTheThingsNameAsClientId) {  // spec 2.7
    use_policy(policy_of(allow("Connect", "client/${iot:Connection.Thing.ThingName}")));
    Talk right(host, 1, Version::v5);
    right.connect();
    EXPECT_EQ(right.connack(), 0);
    Talk wrong(host, 2, Version::v5);
    wrong.connect([](mqtt::Connect& packet) { packet.client_id = "other"; });
    EXPECT_EQ(wrong.connack(), 0x87);
}

TEST_F(ConnectionTest, PersistentConnectMayBeDeniedByCondition) {  // spec 2.5
    use_policy(policy_of(
        R"({"Effect":"Allow","Action":"iot:Connect","Resource":"*","Condition":{"ForAllValues:StringEquals":{"iot:ConnectAttributes":[]}}})"));
    Talk clean(host, 1, Version::v3_1_1);
    clean.connect();
    EXPECT_EQ(clean.connack(), 0);
    Talk persistent(host, 2, Version::v3_1_1);
    persistent.connect([](mqtt::Connect& packet) { packet.clean_start = false; });
    EXPECT_EQ(persistent.connack(), 5);
}

TEST_F(ConnectionTest, StatusesThatAreNotActiveAreRefused) {
    for (const char* status : {"INACTIVE", "REVOKED", "PENDING_TRANSFER", "PENDING_ACTIVATION"}) {
        use_policy(allow_all, status);
        Talk talk(host, 1, Version::v5);
        talk.connect();
        EXPECT_EQ(talk.connack(), 0x87) << status;
    }
}

TEST_F(ConnectionTest, NothingIsReadWhileTheRegistryIsAsked) {
    host.hold_admissions = true;
    Talk talk(host, 1, Version::v5);
    talk.connect();
    talk.bytes({0xc0, 0});
    EXPECT_FALSE(talk.connection().wants_input());
    EXPECT_TRUE(talk.heard().empty());
    host.finish_calls();
    talk.go_on();
    const auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[1].type, PacketType::pingresp);
}

TEST_F(ConnectionTest, NoConnectInTimeEndsTheConnection) {
    Talk talk(host, 1, Version::v5);
    host.clock += std::chrono::seconds(30);
    talk.connection().check_deadline();
    EXPECT_TRUE(talk.connection().ended());
}

TEST_F(ConnectionTest, KeepAliveCountsOneAndAHalfTimes) {
    auto talk = open(Version::v5, 1, [](mqtt::Connect& packet) { packet.keep_alive = 40; });
    host.clock += std::chrono::seconds(59);
    talk.connection().check_deadline();
    EXPECT_FALSE(talk.connection().ended());
    talk.bytes({0xc0, 0});
    host.clock += std::chrono::seconds(59);
    talk.connection().check_deadline();
    EXPECT_FALSE(talk.connection().ended());
    host.clock += std::chrono::seconds(1);
    talk.connection().check_deadline();
    EXPECT_EQ(talk.goodbye().code, ReasonCode::keep_alive_timeout);
}

}  // namespace
}  // namespace otabahn::gateway::conversation
