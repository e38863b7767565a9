// SPDX-License-Identifier: Apache-2.0
// Literal bytes by clause of MQTT 3.1.1 (v3) and MQTT 5.0 (v5).
#include "mqtt/decode.hpp"

#include "mqtt/topic.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace otabahn::mqtt {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes operator""_hex(const char* text, std::size_t size) {
    Bytes out;
    std::string digits;
    for (std::size_t i = 0; i < size; ++i) {
        if (text[i] == ' ') continue;
        if (text[i] == '\'') {  // 'MQTT' stands for its letters
            for (++i; text[i] != '\''; ++i) out.push_back(static_cast<std::uint8_t>(text[i]));
            continue;
        }
        digits.push_back(text[i]);
        if (digits.size() == 2) {
            out.push_back(static_cast<std::uint8_t>(std::stoi(digits, nullptr, 16)));
            digits.clear();
        }
    }
    return out;
}

// Packets are views: the bytes stay until the program ends.
Frame frame_of(Bytes bytes) {
    static std::deque<Bytes> kept;
    const FrameScan scan = scan_frame(kept.emplace_back(std::move(bytes)), 1 << 20);
    EXPECT_EQ(scan.state, FrameScan::State::complete);
    return scan.frame;
}

template <class T>
DecodeError error_of(const Decoded<T>& decoded) {
    EXPECT_FALSE(decoded.has_value());
    return decoded ? DecodeError::reserved_packet_type : decoded.error();
}

TEST(Frame, AsksForMoreUntilThePacketIsWhole) {
    const Bytes whole = "30 05 0001 'a' 'hi'"_hex;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const FrameScan scan = scan_frame(ByteView(whole.data(), size), 100);
        EXPECT_EQ(scan.state, FrameScan::State::incomplete) << size;
        EXPECT_GT(scan.needed, size);
    }
    const FrameScan scan = scan_frame(whole, 100);
    ASSERT_EQ(scan.state, FrameScan::State::complete);
    EXPECT_EQ(scan.frame.size, 7U);
    EXPECT_EQ(scan.frame.body.size(), 5U);
}

TEST(Frame, KnowsThePacketsSizeFromItsHeader) {
    const FrameScan scan = scan_frame("30 80 01"_hex, 1000);
    EXPECT_EQ(scan.state, FrameScan::State::incomplete);
    EXPECT_EQ(scan.needed, 131U);
}

TEST(Frame, ReservedPacketTypeIsRefusedAtTheFirstByte) { EXPECT_EQ(scan_frame("00"_hex, 100).error, DecodeError::reserved_packet_type); }

TEST(Frame, ReservedFlagsAreRefusedForEachType) {  // v5 2.1.3
    for (const char* first : {"11", "21", "41", "61", "80", "a0", "b1", "c1", "d1", "e1", "f1", "82", "62", "a2"}) {
        const Bytes bytes = operator""_hex(first, 2);
        const FrameScan scan = scan_frame(bytes, 100);
        const bool fits = std::string(first) == "82" || std::string(first) == "62" || std::string(first) == "a2";
        EXPECT_EQ(scan.state == FrameScan::State::failed, !fits) << first;
    }
}

TEST(Frame, FiveByteLengthIsRefused) {  // v5 1.5.5
    EXPECT_EQ(scan_frame("30 ff ff ff ff"_hex, 1U << 30).error, DecodeError::remaining_length);
    EXPECT_EQ(scan_frame("30 80 80 80 80"_hex, 1U << 30).error, DecodeError::remaining_length);
}

TEST(Frame, LongerThanTheLimitIsRefusedBeforeItsBodyArrives) {
    const FrameScan scan = scan_frame("30 ff ff ff 7f"_hex, 131'072);
    EXPECT_EQ(scan.state, FrameScan::State::failed);
    EXPECT_EQ(scan.error, DecodeError::packet_too_large);
    EXPECT_EQ(to_reason(scan.error), ReasonCode::packet_too_large);
}

TEST(Frame, PaddedLengthIsTakenFromMqtt3AndRefusedFromMqtt5) {
    const Bytes padded = "40 82 80 80 00 0001"_hex;
    const Frame frame = frame_of(padded);
    EXPECT_TRUE(decode_puback(frame, Version::v3_1_1).has_value());
    EXPECT_EQ(error_of(decode_puback(frame, Version::v5)), DecodeError::remaining_length);
}

TEST(DecodeConnect, Mqtt3WithWillUserAndPassword) {
    const Bytes bytes = "10 25 0004 'MQTT' 04 ee 003c 0003 'dev' 0006 'will/t' 0003 'bye' 0001 'u' 0002 'pw'"_hex;
    Bytes fixed = bytes;
    fixed[1] = static_cast<std::uint8_t>(fixed.size() - 2);
    const auto connect = decode_connect(frame_of(fixed));
    ASSERT_TRUE(connect.has_value());
    EXPECT_EQ(connect->version, Version::v3_1_1);
    EXPECT_TRUE(connect->clean_start);
    EXPECT_EQ(connect->keep_alive, 60);
    EXPECT_EQ(connect->client_id, "dev");
    ASSERT_TRUE(connect->will.has_value());
    EXPECT_EQ(connect->will->topic, "will/t");
    EXPECT_EQ(as_text(connect->will->payload), "bye");
    EXPECT_EQ(connect->will->qos, 1);
    EXPECT_TRUE(connect->will->retain);
    EXPECT_EQ(connect->user_name, "u");
    EXPECT_EQ(as_text(*connect->password), "pw");
}

TEST(DecodeConnect, Mqtt5WithProperties) {
    const auto connect = decode_connect(frame_of("10 18 0004 'MQTT' 05 02 0000 08 11 00000e10 21 0014 0003 'dev'"_hex));
    ASSERT_TRUE(connect.has_value());
    EXPECT_EQ(connect->properties.number(PropertyId::session_expiry_interval), 3600U);
    EXPECT_EQ(connect->properties.number(PropertyId::receive_maximum), 20U);
    EXPECT_EQ(connect->properties.number(PropertyId::topic_alias_maximum), std::nullopt);
}

struct Refusal {
    const char* name;
    const char* bytes;
    DecodeError error;
};

class ConnectRefused : public ::testing::TestWithParam<Refusal> {};

TEST_P(ConnectRefused, WithItsReason) {
    const auto& row = GetParam();
    EXPECT_EQ(error_of(decode_connect(frame_of(operator""_hex(row.bytes, std::string_view(row.bytes).size())))), row.error) << row.name;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ConnectRefused,
    ::testing::Values(
        Refusal{"protocol name MQIsdp", "10 0e 0006 'MQIsdp' 03 02 0000 0000", DecodeError::protocol_name},
        Refusal{"lower-case name", "10 0c 0004 'mqtt' 04 02 0000 0000", DecodeError::protocol_name},
        Refusal{"version 3", "10 0c 0004 'MQTT' 03 02 0000 0000", DecodeError::protocol_version},
        Refusal{"version 6", "10 0c 0004 'MQTT' 06 02 0000 0000", DecodeError::protocol_version},
        Refusal{"reserved flag (3.1.2-3)", "10 0c 0004 'MQTT' 04 03 0000 0000", DecodeError::connect_flags},
        Refusal{"will QoS without will (3.1.2-11)", "10 0c 0004 'MQTT' 04 0a 0000 0000", DecodeError::connect_flags},
        Refusal{"will retain without will (3.1.2-13)", "10 0c 0004 'MQTT' 04 22 0000 0000", DecodeError::connect_flags},
        Refusal{"will QoS 3 (3.1.2-12)", "10 0c 0004 'MQTT' 04 1e 0000 0000", DecodeError::will_qos},
        Refusal{"password without user in 3.1.1 (3.1.2-22)", "10 0c 0004 'MQTT' 04 42 0000 0000", DecodeError::connect_flags},
        Refusal{"no client id", "10 0a 0004 'MQTT' 04 02 0000", DecodeError::truncated},
        Refusal{"client id longer than the packet", "10 0c 0004 'MQTT' 04 02 0000 0001", DecodeError::truncated},
        Refusal{"bytes after the last field", "10 0d 0004 'MQTT' 04 02 0000 0000 00", DecodeError::trailing_bytes},
        Refusal{"client id with U+0000 (1.5.4-2)", "10 0d 0004 'MQTT' 04 02 0000 0001 00", DecodeError::invalid_utf8},
        Refusal{"client id with a surrogate (1.5.4-1)", "10 0f 0004 'MQTT' 04 02 0000 0003 eda080", DecodeError::invalid_utf8},
        Refusal{"will topic with wildcard", "10 11 0004 'MQTT' 04 06 0000 0000 0001 '#' 0000", DecodeError::topic_name},
        Refusal{"flags missing", "10 07 0004 'MQTT' 04", DecodeError::truncated},
        Refusal{"v5 property length past the end", "10 0d 0004 'MQTT' 05 02 0000 09 0000", DecodeError::property_length},
        Refusal{"v5 session expiry twice", "10 17 0004 'MQTT' 05 02 0000 0a 11 00000001 11 00000001 0000", DecodeError::property_duplicate},
        Refusal{"v5 receive maximum 0 (3.1.2.11.3)", "10 10 0004 'MQTT' 05 02 0000 03 21 0000 0000", DecodeError::property_value},
        Refusal{"v5 request problem information 2", "10 0f 0004 'MQTT' 05 02 0000 02 17 02 0000", DecodeError::property_value},
        Refusal{"v5 unknown property", "10 0f 0004 'MQTT' 05 02 0000 02 7e 02 0000", DecodeError::property_unknown},
        Refusal{"v5 topic alias in CONNECT", "10 10 0004 'MQTT' 05 02 0000 03 23 0001 0000", DecodeError::property_misplaced},
        Refusal{"v5 authentication data without method", "10 10 0004 'MQTT' 05 02 0000 03 16 0000 0000",
                DecodeError::auth_data_without_method},
        Refusal{"v5 property ends inside its value", "10 10 0004 'MQTT' 05 02 0000 03 11 0000 0000", DecodeError::property_length}));

TEST(DecodeConnect, Mqtt5TakesAPasswordWithoutAUserName) {
    EXPECT_TRUE(decode_connect(frame_of("10 10 0004 'MQTT' 05 42 0000 00 0000 0001 'p'"_hex)).has_value());
}

TEST(DecodePublish, Qos1CarriesPacketIdAndPayload) {
    const auto publish = decode_publish(frame_of("3b 09 0003 'a/b' 000a 'hi'"_hex), Version::v3_1_1);
    ASSERT_TRUE(publish.has_value());
    EXPECT_TRUE(publish->dup);
    EXPECT_TRUE(publish->retain);
    EXPECT_EQ(publish->qos, 1);
    EXPECT_EQ(publish->packet_id, 10);
    EXPECT_EQ(publish->topic, "a/b");
    EXPECT_EQ(as_text(publish->payload), "hi");
}

TEST(DecodePublish, Mqtt5PropertiesStandBeforeThePayload) {
    const auto publish = decode_publish(frame_of("30 17 0001 'a' 11 02 00000005 26 0001 'k' 0001 'v' 23 0003 01 01 'xy'"_hex), Version::v5);
    ASSERT_TRUE(publish.has_value());
    EXPECT_EQ(publish->properties.number(PropertyId::message_expiry_interval), 5U);
    EXPECT_EQ(publish->properties.user_property_bytes(), 2U);
    EXPECT_EQ(as_text(publish->payload), "xy");
}

TEST(DecodePublish, EmptyTopicNeedsAnAlias) {
    EXPECT_TRUE(decode_publish(frame_of("30 06 0000 03 23 0001"_hex), Version::v5).has_value());
    EXPECT_EQ(error_of(decode_publish(frame_of("30 03 0000 00"_hex), Version::v5)), DecodeError::topic_missing);
    EXPECT_EQ(error_of(decode_publish(frame_of("30 02 0000"_hex), Version::v3_1_1)), DecodeError::topic_name);
}

class PublishRefused : public ::testing::TestWithParam<Refusal> {};

TEST_P(PublishRefused, WithItsReason) {
    const auto& row = GetParam();
    EXPECT_EQ(error_of(decode_publish(frame_of(operator""_hex(row.bytes, std::string_view(row.bytes).size())), Version::v5)), row.error)
        << row.name;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PublishRefused,
    ::testing::Values(Refusal{"QoS 3 (3.3.1-4)", "36 06 0001 'a' 0001 00", DecodeError::qos_3},
                      Refusal{"DUP on QoS 0 (3.3.1-2)", "38 04 0001 'a' 00", DecodeError::dup_without_qos},
                      Refusal{"packet id 0 (2.2.1-3)", "32 06 0001 'a' 0000 00", DecodeError::packet_id_zero},
                      Refusal{"no packet id", "32 03 0001 'a'", DecodeError::truncated},
                      Refusal{"wildcard + (3.3.2-2)", "30 06 0003 'a/+' 00", DecodeError::topic_name},
                      Refusal{"wildcard #", "30 04 0001 '#' 00", DecodeError::topic_name},
                      Refusal{"topic alias 0 (3.3.2-8)", "30 07 0001 'a' 03 23 0000", DecodeError::topic_alias_zero},
                      Refusal{"response topic with wildcard", "30 08 0001 'a' 04 08 0001 '#'", DecodeError::topic_name},
                      Refusal{"format indicator 2", "30 06 0001 'a' 02 01 02", DecodeError::property_value},
                      Refusal{"format indicator twice", "30 08 0001 'a' 04 01 01 01 01", DecodeError::property_duplicate},
                      Refusal{"session expiry in PUBLISH", "30 09 0001 'a' 05 11 00000001", DecodeError::property_misplaced},
                      Refusal{"no properties at all", "30 03 0001 'a'", DecodeError::property_length},
                      Refusal{"topic not UTF-8", "30 05 0002 c328 00", DecodeError::invalid_utf8},
                      Refusal{"overlong UTF-8", "30 05 0002 c0af 00", DecodeError::invalid_utf8},
                      Refusal{"topic longer than packet", "30 03 0005 'a'", DecodeError::truncated}));

TEST(DecodeSubscribe, GivesEachFilterWithItsOptions) {
    const auto subscribe = decode_subscribe(frame_of("82 0f 0001 00 0003 'a/#' 01 0003 '+/b' 2c"_hex), Version::v5);
    ASSERT_TRUE(subscribe.has_value());
    std::vector<SubscribeEntry> entries;
    subscribe->for_each([&](const SubscribeEntry& entry) { entries.push_back(entry); });
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(subscribe->count(), 2U);
    EXPECT_EQ(entries[0].filter, "a/#");
    EXPECT_EQ(entries[0].qos, 1);
    EXPECT_TRUE(entries[1].no_local);
    EXPECT_TRUE(entries[1].retain_as_published);
    EXPECT_EQ(entries[1].retain_handling, 2);
}

TEST(DecodeSubscribe, Refusals) {
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 02 0001"_hex), Version::v3_1_1)), DecodeError::no_filters);  // 3.8.3-3
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 06 0000 0001 'a' 00"_hex), Version::v3_1_1)), DecodeError::packet_id_zero);
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 06 0001 0001 'a' 03"_hex), Version::v3_1_1)), DecodeError::subscription_options);
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 06 0001 0001 'a' 04"_hex), Version::v3_1_1)), DecodeError::subscription_reserved);
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 07 0001 00 0001 'a' 30"_hex), Version::v5)), DecodeError::subscription_options);
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 07 0001 00 0001 'a' 40"_hex), Version::v5)), DecodeError::subscription_reserved);
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 05 0001 0001 'a'"_hex), Version::v3_1_1)), DecodeError::truncated);
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 09 0001 02 0b 00 0001 'a' 00"_hex), Version::v5)), DecodeError::property_value);
    EXPECT_EQ(error_of(decode_subscribe(frame_of("82 0b 0001 04 0b 01 0b 01 0001 'a' 00"_hex), Version::v5)),
              DecodeError::property_duplicate);
}

TEST(DecodeUnsubscribe, GivesFiltersAndRefusesNone) {
    const auto unsubscribe = decode_unsubscribe(frame_of("a2 08 0002 0001 'a' 0001 'b'"_hex), Version::v3_1_1);
    ASSERT_TRUE(unsubscribe.has_value());
    EXPECT_EQ(unsubscribe->count(), 2U);
    EXPECT_EQ(error_of(decode_unsubscribe(frame_of("a2 02 0002"_hex), Version::v3_1_1)), DecodeError::no_filters);
    EXPECT_EQ(error_of(decode_unsubscribe(frame_of("a2 04 0002 0005"_hex), Version::v3_1_1)), DecodeError::truncated);
}

TEST(DecodePuback, ShortFormsMeanSuccess) {  // v5 3.4.2.1
    EXPECT_EQ(decode_puback(frame_of("40 02 0001"_hex), Version::v5)->code, ReasonCode::success);
    EXPECT_EQ(decode_puback(frame_of("40 03 0001 87"_hex), Version::v5)->code, ReasonCode::not_authorized);
    EXPECT_EQ(error_of(decode_puback(frame_of("40 03 0001 8e"_hex), Version::v5)), DecodeError::reason_code);
    EXPECT_EQ(error_of(decode_puback(frame_of("40 03 0001 00"_hex), Version::v3_1_1)), DecodeError::trailing_bytes);
    EXPECT_EQ(error_of(decode_puback(frame_of("40 02 0000"_hex), Version::v5)), DecodeError::packet_id_zero);
    EXPECT_EQ(error_of(decode_puback(frame_of("40 01 00"_hex), Version::v5)), DecodeError::truncated);
}

TEST(DecodeDisconnect, FormsOfBothVersions) {
    EXPECT_TRUE(decode_disconnect(frame_of("e0 00"_hex), Version::v3_1_1).has_value());
    EXPECT_EQ(error_of(decode_disconnect(frame_of("e0 01 00"_hex), Version::v3_1_1)), DecodeError::body_not_empty);
    EXPECT_EQ(decode_disconnect(frame_of("e0 01 04"_hex), Version::v5)->code, ReasonCode::disconnect_with_will);
    EXPECT_EQ(
        decode_disconnect(frame_of("e0 07 00 05 11 00000000"_hex), Version::v5)->properties.number(PropertyId::session_expiry_interval),
        0U);
    EXPECT_EQ(error_of(decode_disconnect(frame_of("e0 01 85"_hex), Version::v5)), DecodeError::reason_code);
    EXPECT_EQ(error_of(decode_disconnect(frame_of("e0 03 00 00 00"_hex), Version::v5)), DecodeError::trailing_bytes);
}

TEST(DecodeEmpty, PingreqHasNoBody) {
    EXPECT_TRUE(decode_empty(frame_of("c0 00"_hex), Version::v5).has_value());
    EXPECT_EQ(decode_empty(frame_of("c0 01 00"_hex), Version::v5).error(), DecodeError::body_not_empty);
    EXPECT_EQ(decode_empty(frame_of("c0 80 00"_hex), Version::v5).error(), DecodeError::remaining_length);
    EXPECT_TRUE(decode_empty(frame_of("c0 80 00"_hex), Version::v3_1_1).has_value());
}

TEST(DecodeAnswers, OfAServer) {
    EXPECT_TRUE(decode_connack(frame_of("20 02 01 00"_hex), Version::v3_1_1)->session_present);
    EXPECT_EQ(decode_connack(frame_of("20 06 00 87 03 21 0064"_hex), Version::v5)->code, 0x87);
    EXPECT_EQ(error_of(decode_connack(frame_of("20 02 02 00"_hex), Version::v3_1_1)), DecodeError::connack_flags);
    EXPECT_EQ(error_of(decode_connack(frame_of("20 02 00 06"_hex), Version::v3_1_1)), DecodeError::reason_code);
    EXPECT_EQ(decode_suback(frame_of("90 04 0001 01 80"_hex), Version::v3_1_1)->codes.size(), 2U);
    EXPECT_EQ(error_of(decode_suback(frame_of("90 03 0001 03"_hex), Version::v3_1_1)), DecodeError::reason_code);
    EXPECT_EQ(error_of(decode_suback(frame_of("90 02 0001"_hex), Version::v3_1_1)), DecodeError::truncated);
    EXPECT_TRUE(decode_unsuback(frame_of("b0 02 0001"_hex), Version::v3_1_1).has_value());
    EXPECT_EQ(decode_unsuback(frame_of("b0 04 0001 00 11"_hex), Version::v5)->codes[0], 0x11);
    EXPECT_EQ(error_of(decode_unsuback(frame_of("b0 03 0001 00"_hex), Version::v5)), DecodeError::truncated);
}

TEST(DecodeErrors, EachHasWordsAndAReasonThatAServerMaySend) {
    for (int value = 0; value <= static_cast<int>(DecodeError::body_not_empty); ++value) {
        const auto error = static_cast<DecodeError>(value);
        EXPECT_FALSE(describe(error).empty());
        const auto code = static_cast<std::uint8_t>(to_reason(error));
        EXPECT_TRUE(reason_fits(PacketType::disconnect, code) || reason_fits(PacketType::connack, code)) << value;
    }
}

TEST(Properties, TableHasEachIdOnceAndKnowsItsPackets) {  // v5 table 2-4: 27 properties
    EXPECT_EQ(property_rows().size(), 27U);
    for (const auto& row : property_rows()) EXPECT_EQ(find_property(static_cast<std::uint8_t>(row.id)), &row);
    EXPECT_EQ(find_property(0x04), nullptr);
}

TEST(Utf8, BoundariesOfWellFormedText) {
    for (const char* good :
         {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8_text(good)) << good;
    for (const char* bad : {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                            "\xf8\x88\x80\x80\x80", "\xc2", "\xe1\x80"})
        EXPECT_FALSE(is_utf8_text(bad));
    EXPECT_FALSE(is_utf8_text(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace otabahn::mqtt
