// SPDX-License-Identifier: Apache-2.0
// RFC 6455, section 5, clause by clause: what a client may send, and what ends the connection.
#include "websocket/frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::websocket {
namespace {

using testing::HasSubstr;
using Kind = Input::Kind;

// A client's frame, masked.
std::string frame(Opcode opcode, const std::string& payload, bool final = true) {
    std::string out(as_text(make_head(opcode, payload.size()).view()));
    if (!final) out[0] = static_cast<char>(out[0] & 0x7f);
    out[1] = static_cast<char>(out[1] | 0x80);
    const std::string mask = "\x12\x34\x56\x78";
    out += mask;
    for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
    return out;
}

struct Heard {
    std::string data;
    std::vector<std::string> pings, pongs, closes;
    CloseCode code = CloseCode::normal;
    std::string problem;
};

// Gives the bytes in pieces of that size.
Heard hear(const std::string& bytes, std::size_t piece) {
    Receiver receiver;
    Heard out;
    for (std::size_t from = 0; from < bytes.size(); from += piece) {
        std::string part = bytes.substr(from, piece);
        std::span<std::uint8_t> rest(reinterpret_cast<std::uint8_t*>(part.data()), part.size());
        while (!rest.empty()) {
            const Input in = receiver.next(rest);
            EXPECT_LE(in.used, rest.size());
            rest = rest.subspan(in.used);
            const std::string text(as_text(in.bytes));
            if (in.kind == Kind::data) out.data += text;
            if (in.kind == Kind::ping) out.pings.push_back(text);
            if (in.kind == Kind::pong) out.pongs.push_back(text);
            if (in.kind == Kind::close) out.closes.push_back(text);
            if (in.kind == Kind::failed) {
                out.code = in.code;
                out.problem = in.problem;
            }
        }
    }
    return out;
}

TEST(Receiver, ReadsDataHoweverItIsCutAndFragmented) {
    const std::string large(70'000, 'L'), middle(300, 'M');
    const std::string bytes = frame(Opcode::binary, "one ") + frame(Opcode::binary, "two", false) + frame(Opcode::ping, "are you there?") +
                              frame(Opcode::continuation, "", false) + frame(Opcode::continuation, " three ") + frame(Opcode::binary, "") +
                              frame(Opcode::binary, middle) + frame(Opcode::pong, "") + frame(Opcode::binary, large);
    for (const std::size_t piece : {1, 2, 3, 5, 7, 4096, 1'000'000}) {
        const Heard heard = hear(bytes, piece);
        EXPECT_EQ(heard.data, "one two three " + middle + large) << piece;
        EXPECT_THAT(heard.pings, testing::ElementsAre("are you there?"));
        EXPECT_THAT(heard.pongs, testing::ElementsAre(""));
        EXPECT_EQ(heard.problem, "");
    }
}

TEST(Receiver, TakesNothingAfterAClose) {
    const Heard heard = hear(frame(Opcode::close,
                                   "\x03\xe8"
                                   "bye") +
                                 frame(Opcode::binary, "late") + "garbage",
                             3);
    EXPECT_THAT(heard.closes, testing::ElementsAre("\x03\xe8"
                                                   "bye"));
    EXPECT_EQ(heard.data, "");
    EXPECT_EQ(heard.problem, "");
    EXPECT_EQ(hear(frame(Opcode::close, ""), 1).closes.size(), 1U);
}

TEST(Receiver, RefusesWhatTheStandardForbids) {
    using namespace std::string_literals;
    const auto wide = [](std::string length) { return "\x82"s + length + "mask"; };
    struct Row {
        std::string bytes;
        CloseCode code;
        const char* says;
    };
    const std::vector<Row> rows{
        {"\x82\x01x"s, CloseCode::protocol_error, "not masked"},
        {"\xc2\x80mask"s, CloseCode::protocol_error, "reserved bits"},
        {"\xa2\x80mask"s, CloseCode::protocol_error, "reserved bits"},
        {frame(Opcode::text, "hi"), CloseCode::unsupported_data, "binary frames"},
        {frame(static_cast<Opcode>(3), ""), CloseCode::protocol_error, "opcode"},
        {frame(static_cast<Opcode>(11), ""), CloseCode::protocol_error, "opcode"},
        {frame(Opcode::continuation, "x"), CloseCode::protocol_error, "has not begun"},
        {frame(Opcode::binary, "x", false) + frame(Opcode::binary, "y"), CloseCode::protocol_error, "inside another"},
        {frame(Opcode::ping, "x", false), CloseCode::protocol_error, "fragmented"},
        {"\x89\xfe\x00\x7emask"s, CloseCode::protocol_error, "more than 125"},
        {wide("\xfe\x00\x7d"s), CloseCode::protocol_error, "longer than need be"},
        {wide("\xff\x00\x00\x00\x00\x00\x00\xff\xff"s), CloseCode::protocol_error, "longer than need be"},
        {wide("\xff\x80\x00\x00\x00\x00\x00\x00\x01"s), CloseCode::protocol_error, "highest bit"},
        {frame(Opcode::close, "\x03"), CloseCode::protocol_error, "half a status code"},
        {frame(Opcode::close, "\x03\xed"), CloseCode::protocol_error, "may not be sent"},
        {frame(Opcode::close, "\x03\xe7"), CloseCode::protocol_error, "may not be sent"},
        {frame(Opcode::close, "\x03\xe8\xff"), CloseCode::invalid_payload, "UTF-8"},
    };
    for (const auto& row : rows)
        for (const std::size_t piece : {1, 1000}) {
            const Heard heard = hear(row.bytes + frame(Opcode::binary, "after"), piece);
            EXPECT_THAT(heard.problem, HasSubstr(row.says));
            EXPECT_EQ(heard.code, row.code) << row.says;
            EXPECT_TRUE(heard.closes.empty() && heard.data.find("after") == std::string::npos) << row.says;
        }
}

// A length of 2^62 promises nothing that would be kept.
TEST(Receiver, ALongFrameCostsNoMemory) {
    using namespace std::string_literals;
    Receiver receiver;
    std::string head = "\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"s, body(1000, 'b');
    EXPECT_EQ(receiver.next({reinterpret_cast<std::uint8_t*>(head.data()), head.size()}).kind, Kind::nothing);
    for (int i = 0; i < 100; ++i) {
        const Input in = receiver.next({reinterpret_cast<std::uint8_t*>(body.data()), body.size()});
        EXPECT_EQ(in.kind, Kind::data);
        EXPECT_EQ(in.bytes.data(), reinterpret_cast<std::uint8_t*>(body.data()));
    }
}

TEST(Sender, WritesTheShortestHead) {
    EXPECT_EQ(make_head(Opcode::binary, 125).size, 2U);
    EXPECT_EQ(make_head(Opcode::binary, 126).size, 4U);
    EXPECT_EQ(make_head(Opcode::binary, 65'535).size, 4U);
    EXPECT_EQ(make_head(Opcode::binary, 65'536).size, 10U);
    EXPECT_EQ(make_head(Opcode::binary, 65'536).bytes, (std::array<std::uint8_t, 10>{0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(Sender, ACloseFrameHasRoomFor123BytesAndNoHalfCharacter) {
    EXPECT_EQ(make_close(CloseCode::normal, "bye"),
              "\x88\x05\x03\xe8"
              "bye");
    const std::string close = make_close(CloseCode::policy_violation, std::string(122, 'x') + "\xc3\xa4");
    EXPECT_EQ(close.size(), 2U + 2 + 122);
}

}  // namespace
}  // namespace otabahn::websocket
