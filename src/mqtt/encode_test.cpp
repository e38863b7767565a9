// SPDX-License-Identifier: Apache-2.0
#include "mqtt/encode.hpp"

#include "mqtt/decode.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace otabahn::mqtt {
namespace {

using Bytes = std::vector<std::uint8_t>;

template <class F>
Bytes written(F encode_into) {
    Bytes out(encode_into(Out{}));
    EXPECT_EQ(encode_into(Out(out)), out.size());
    return out;
}

TEST(Encode, ConnackOfBothVersions) {
    const Connack connack{true, 0, {}};
    EXPECT_EQ(written([&](Out out) { return encode(connack, Version::v3_1_1, out); }), (Bytes{0x20, 2, 1, 0}));
    EXPECT_EQ(written([&](Out out) { return encode(connack, Version::v5, out); }), (Bytes{0x20, 3, 1, 0, 0}));
}

TEST(Encode, PubackIsShortOnSuccess) {  // v5 3.4.2.1
    EXPECT_EQ(written([&](Out out) { return encode_puback({7, ReasonCode::success, {}}, Version::v5, out); }), (Bytes{0x40, 2, 0, 7}));
    EXPECT_EQ(written([&](Out out) {
                  return encode_puback({7, ReasonCode::not_authorized, {}}, Version::v5, out);
              }),
              (Bytes{0x40, 3, 0, 7, 0x87}));
    EXPECT_EQ(written([&](Out out) {
                  return encode_puback({7, ReasonCode::not_authorized, {}}, Version::v3_1_1, out);
              }),
              (Bytes{0x40, 2, 0, 7}));
}

TEST(Encode, DisconnectWithReasonString) {
    std::array<std::uint8_t, 64> buffer;
    PropertyBuilder builder(buffer);
    builder.text(PropertyId::reason_string, "no");
    const auto properties = Properties::parse(builder.encoded(), packet_bit(PacketType::disconnect));
    ASSERT_TRUE(properties.has_value());
    EXPECT_EQ(written([&](Out out) {
                  return encode(Disconnect{ReasonCode::not_authorized, *properties}, Version::v5, out);
              }),
              (Bytes{0xe0, 7, 0x87, 5, 0x1f, 0, 2, 'n', 'o'}));
    EXPECT_EQ(written([&](Out out) { return encode(Disconnect{}, Version::v5, out); }), (Bytes{0xe0, 0}));
}

TEST(Encode, PublishHeadAnnouncesAPayloadThatItDoesNotWrite) {
    Publish publish;
    publish.topic = "t";
    publish.qos = 1;
    publish.packet_id = 0x0102;
    const Bytes head = written([&](Out out) { return encode_publish_head(publish, 200, Version::v5, out); });
    EXPECT_EQ(head, (Bytes{0x32, 0xce, 0x01, 0, 1, 't', 1, 2, 0}));
}

TEST(Encode, NothingIsWrittenIntoASpanThatIsTooShort) {
    Publish publish;
    publish.topic = "topic";
    std::array<std::uint8_t, 4> out{1, 2, 3, 4};
    EXPECT_GT(encode(publish, Version::v5, out), out.size());
    EXPECT_EQ(out, (std::array<std::uint8_t, 4>{1, 2, 3, 4}));
}

TEST(Encode, RefusesWhatNoPacketCanHold) {
    const std::string long_topic(65'536, 'a');
    Publish publish;
    publish.topic = long_topic;
    EXPECT_EQ(encode(publish, Version::v5, Out{}), 0U);
    publish.topic = "t";
    EXPECT_EQ(encode_publish_head(publish, largest_variable, Version::v5, Out{}), 0U);
}

TEST(Encode, ConnectComesBackAsItWent) {
    Connect connect;
    connect.version = Version::v5;
    connect.clean_start = false;
    connect.keep_alive = 30;
    connect.client_id = "dev";
    const Bytes payload{1, 2, 3};
    connect.will = Will{"w/t", payload, 1, true, {}};
    connect.user_name = "u";
    connect.password = payload;
    const Bytes bytes = written([&](Out out) { return encode(connect, out); });
    const auto back = decode_connect(scan_frame(bytes, 1000).frame);
    ASSERT_TRUE(back.has_value());
    EXPECT_FALSE(back->clean_start);
    EXPECT_EQ(back->will->topic, "w/t");
    EXPECT_EQ(back->will->payload.size(), 3U);
    EXPECT_TRUE(back->will->retain);
    EXPECT_EQ(back->user_name, "u");
    EXPECT_EQ(back->password->size(), 3U);
}

TEST(Encode, SubscribeAndUnsubscribeComeBackAsTheyWent) {
    const SubscribeEntry entries[] = {{"a/#", 1, true, true, 2}, {"b", 0, false, false, 0}};
    const Bytes bytes = written([&](Out out) { return encode_subscribe(9, entries, {}, Version::v5, out); });
    const auto back = decode_subscribe(scan_frame(bytes, 1000).frame, Version::v5);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->packet_id, 9);
    EXPECT_EQ(back->count(), 2U);
    const std::string_view filters[] = {"a/#", "b"};
    const Bytes unsubscribe = written([&](Out out) { return encode_unsubscribe(10, filters, {}, Version::v3_1_1, out); });
    EXPECT_EQ(decode_unsubscribe(scan_frame(unsubscribe, 1000).frame, Version::v3_1_1)->count(), 2U);
}

TEST(PropertyBuilder, LeavesOutWhatDoesNotFitAndSaysSo) {
    std::array<std::uint8_t, 8> buffer;
    PropertyBuilder builder(buffer);
    builder.number(PropertyId::receive_maximum, 100).text(PropertyId::reason_string, "longer than the rest");
    EXPECT_TRUE(builder.overflow());
    EXPECT_EQ(builder.encoded().size(), 3U);
}

TEST(Variable, SizesAtTheirBoundaries) {  // v5 table 1-1
    for (const auto& [value, size] : std::vector<std::pair<std::uint32_t, std::size_t>>{
             {0, 1}, {127, 1}, {128, 2}, {16'383, 2}, {16'384, 3}, {2'097'151, 3}, {2'097'152, 4}, {largest_variable, 4}}) {
        std::array<std::uint8_t, 4> out;
        Writer writer(out);
        writer.variable(value);
        EXPECT_EQ(writer.size(), size);
        EXPECT_EQ(variable_size(value), size);
        Reader reader(ByteView(out.data(), size));
        EXPECT_EQ(reader.variable(), value);
    }
}

}  // namespace
}  // namespace otabahn::mqtt
