// SPDX-License-Identifier: Apache-2.0
// How conversations end and what they leave: wills, sessions, changed admissions, bytes that are no packets (spec gateway 1.6, 1.8, 6.2).
#include "gateway/connection.hpp"

#include "gateway/conversation_test.hpp"

namespace otabahn::gateway::conversation {
namespace {

TEST_F(ConnectionTest, WillIsPublishedUnlessTheClientSaysGoodbye) {  // spec 1.8, 6.2
    auto reader = open(Version::v5, 9, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    reader.subscribe({{"w", 1}});
    reader.heard();
    const auto with_will = [](mqtt::Connect& packet) { packet.will = mqtt::Will{"w", {}, 1, false, {}}; };
    auto polite = open(Version::v5, 1, with_will);
    polite.bytes({0xe0, 0});
    EXPECT_TRUE(reader.heard().empty());
    auto lost = open(Version::v5, 2, with_will);
    lost.connection().connection_lost("gone");
    EXPECT_EQ(reader.messages().size(), 1U);
    auto asking = open(Version::v5, 3, with_will);
    asking.bytes({0xe0, 1, 4});
    EXPECT_EQ(reader.messages().size(), 1U);
    auto replaced = open(Version::v5, 4, with_will);
    auto newcomer = open(Version::v5, 5);
    EXPECT_EQ(replaced.goodbye().code, ReasonCode::session_taken_over);
    EXPECT_EQ(reader.messages().size(), 1U);
}

TEST_F(ConnectionTest, WillIsJudgedAgainWhenItGoesOut) {
    auto reader = open(Version::v5, 9, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    reader.subscribe({{"w", 1}});
    reader.heard();
    const auto with_will = [](mqtt::Connect& packet) { packet.will = mqtt::Will{"w", {}, 1, false, {}}; };
    auto denied = open(Version::v5, 1, with_will);
    use_policy(policy_of(allow("Connect", "*")));
    denied.connection().admission_renewed(host.admit("cert", "T"));
    denied.connection().connection_lost("gone");
    use_policy(allow_all);
    auto revoked = open(Version::v5, 2, with_will);
    use_policy(allow_all, "REVOKED");
    revoked.connection().admission_renewed(host.admit("cert", "T"));
    use_policy(allow_all);
    auto deleted = open(Version::v5, 3, with_will);
    deleted.connection().admission_renewed(fail(ErrorCode::not_found, "The certificate is not registered."));
    EXPECT_TRUE(deleted.connection().ended());
    EXPECT_TRUE(reader.messages().empty());
    EXPECT_EQ(host.tally().refusals[static_cast<std::size_t>(Refusal::will)], 3U);
}

TEST_F(ConnectionTest, NothingFollowsTheDisconnectNotEvenOnesOwnWill) {
    auto talk = open(Version::v5, 1, [](mqtt::Connect& packet) { packet.will = mqtt::Will{"w", {}, 1, false, {}}; });
    talk.subscribe({{"w", 1}});
    talk.heard();
    talk.bytes({0x00, 0x00});
    EXPECT_EQ(talk.goodbye().code, ReasonCode::malformed_packet);
}

TEST_F(ConnectionTest, DisconnectMayLowerTheSessionsExpiryButNotRaiseItFromZero) {  // MQTT 5, 3.14.2.2.2
    auto talk = open(Version::v5);
    talk.bytes({0xe0, 7, 0, 5, 0x11, 0, 0, 0, 9});
    EXPECT_EQ(talk.goodbye().code, ReasonCode::protocol_error);
    std::array<std::uint8_t, 8> buffer{};
    auto persistent = open(Version::v5, 2, [&](mqtt::Connect& packet) {
        packet.properties = connect_properties(buffer, PropertyId::session_expiry_interval, 100);
    });
    EXPECT_NE(host.find_session({scope, "T"}), nullptr);
    persistent.bytes({0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0});
    EXPECT_EQ(host.find_session({scope, "T"}), nullptr);
}

TEST_F(ConnectionTest, SessionOfTheOtherVersionIsNotResumed) {  // spec 1.5
    std::array<std::uint8_t, 8> buffer{};
    auto talk = open(Version::v5, 1, [&](mqtt::Connect& packet) {
        packet.properties = connect_properties(buffer, PropertyId::session_expiry_interval, 100);
    });
    talk.connection().connection_lost("gone");
    Talk old(host, 2, Version::v3_1_1);
    old.connect([](mqtt::Connect& packet) { packet.clean_start = false; });
    EXPECT_FALSE(mqtt::decode_connack(old.heard().at(0), Version::v3_1_1)->session_present);
}

TEST_F(ConnectionTest, RenewedAdmissionCutsOffOrChangesTheRules) {
    auto talk = open(Version::v5);
    use_policy(policy_of(allow("Connect", "*")));
    talk.connection().admission_renewed(host.admit("cert", "T"));
    talk.publish("a", "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::not_authorized);
    talk.connection().admission_renewed(fail(ErrorCode::unavailable, "The store is away."));
    EXPECT_FALSE(talk.connection().ended());
    use_policy(allow_all, "REVOKED");
    talk.connection().admission_renewed(host.admit("cert", "T"));
    EXPECT_EQ(talk.goodbye().code, ReasonCode::not_authorized);
}

TEST_F(ConnectionTest, MalformedPacketsEndTheConnectionWithTheirCode) {
    struct Row {
        std::vector<std::uint8_t> bytes;
        ReasonCode code;
    };
    const Row rows[] = {
        {{0x00, 0}, ReasonCode::malformed_packet},
        {{0x36, 6, 0, 1, 'a', 0, 1, 0}, ReasonCode::malformed_packet},
        {{0x30, 4, 0, 1, '#', 0}, ReasonCode::topic_name_invalid},
        {{0x82, 2, 0, 1}, ReasonCode::malformed_packet},
        {{0x82, 3, 0, 1, 0}, ReasonCode::protocol_error},
        {{0x50, 2, 0, 1}, ReasonCode::protocol_error},
        {{0x20, 3, 0, 0, 0}, ReasonCode::protocol_error},
        {{0xf0, 0}, ReasonCode::protocol_error},
        {{0xc0, 1, 0}, ReasonCode::malformed_packet},
    };
    for (const auto& row : rows) {
        auto talk = open(Version::v5);
        talk.bytes(row.bytes);
        EXPECT_EQ(talk.goodbye().code, row.code) << static_cast<int>(row.bytes[0]);
        EXPECT_TRUE(talk.connection().ended());
    }
}

TEST_F(ConnectionTest, BytesMayComeOneByOne) {
    Talk talk(host, 1, Version::v3_1_1);
    for (const std::uint8_t byte : std::vector<std::uint8_t>{0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, 'T', 0xc0, 0})
        talk.bytes({byte});
    const auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[1].type, PacketType::pingresp);
}

}  // namespace
}  // namespace otabahn::gateway::conversation
