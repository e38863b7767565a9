// SPDX-License-Identifier: Apache-2.0
// Answers of spec gateway 4.7 byte for byte, and what the device makes of them.
#include "encoding/base64_string.hpp"
#include "otawire/stream_answer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::otawire {
namespace {

std::string bytes(std::string_view hex) { return encoding::from_hex(hex).value(); }

std::string file_of_the_example() {
    std::string out;
    while (out.size() < 600) out += "0123456789ABCDEF";
    return out.substr(0, 600);
}

DataHead last_block() {
    DataHead head;
    head.token.assign("t1");
    head.block = 2;
    head.size = 88;
    return head;
}

std::string cbor_data(const DataHead& head, std::string_view data, CborForm form) {
    std::array<std::uint8_t, longest_data_head> room{};
    const auto start = encode_data_head(head, room, form);
    return start ? std::string(as_text(*start)) + std::string(data) + std::string(data_tail(form)) : "(too small)";
}

std::string json_data(const DataHead& head, std::string_view data) {
    std::vector<std::uint8_t> room(json_data_room(head.size));
    const auto out = encode_data_json(head, as_bytes(data), room);
    return out ? std::string(as_text(*out)) : "(too small)";
}

const std::string last_hex =
    "6163627431616600616c18586169026170585830313233343536373839414243444546303132333435363738394142434445463031323334353637383941424344"
    "454630313233343536373839414243444546303132333435363738394142434445463031323334353637";

TEST(StreamAnswer, DataOfTheWorkedExample) {
    const std::string data = file_of_the_example().substr(512);
    EXPECT_EQ(cbor_data(last_block(), data, CborForm::definite), bytes("a5" + last_hex));
    EXPECT_EQ(cbor_data(last_block(), data, CborForm::indefinite), bytes("bf" + last_hex + "ff"));
    EXPECT_EQ(cbor_data(last_block(), data, CborForm::indefinite).size(), 109U);
    EXPECT_EQ(
        json_data(last_block(), data),
        R"({"c":"t1","f":0,"l":88,"i":2,"p":"MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUYwMTIzNDU2Nzg5QUJDREVGMDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUYwMTIzNDU2Nw=="})");
}

TEST(StreamAnswer, DataWithoutATokenReadsAsOnTheRealService) {
    DataHead head;
    head.size = 12;
    EXPECT_EQ(json_data(head, "hello world\n"), R"({"f":0,"i":0,"l":12,"p":"aGVsbG8gd29ybGQK"})");
    EXPECT_EQ(encoding::to_hex(cbor_data(head, "hello world\n", CborForm::indefinite)),
              "bf616600616c0c61690061704c68656c6c6f20776f726c640aff");
}

TEST(StreamAnswer, ABlockOf4096BytesIsAsLongAsTheRealServices) {
    DataHead head;
    head.token.assign("rdy");
    head.block = 256;
    head.size = 4096;
    EXPECT_EQ(cbor_data(head, std::string(4096, 'x'), CborForm::indefinite).size(), 4122U);
    EXPECT_EQ(cbor_data(head, std::string(4096, 'x'), CborForm::definite).size(), 4121U);
}

TEST(StreamAnswer, SlashesInBase64StayRaw) {
    DataHead head;
    head.size = 3;
    EXPECT_EQ(json_data(head, "\xff\xff\xff"), R"({"f":0,"i":0,"l":3,"p":"////"})");
}

TEST(StreamAnswer, TheLongestHeadAndTheLargestBlockFit) {
    DataHead head;
    head.token.assign(std::string(64, '\x01'));
    head.file = UINT64_MAX;
    head.block = UINT64_MAX;
    head.size = 131072;
    EXPECT_NE(cbor_data(head, "", CborForm::indefinite), "(too small)\xff");
    EXPECT_NE(json_data(head, std::string(131072, 'x')), "(too small)");
}

TEST(StreamAnswer, DescriptionOfTheWorkedExample) {
    const DescribedFile file{0, 600};
    Description description{{}, 1, "demo", {&file, 1}};
    description.token.assign("t1");
    std::array<std::uint8_t, 128> room{};
    EXPECT_EQ(as_text(encode_description(description, Format::json, room).value()), R"({"c":"t1","s":1,"d":"demo","r":[{"f":0,"z":600}]})");
    EXPECT_EQ(encoding::to_hex(encode_description(description, Format::cbor, room, CborForm::definite).value()),
              "a4616362743161730161646464656d6f617281a2616600617a190258");
    EXPECT_EQ(encoding::to_hex(encode_description(description, Format::cbor, room).value()),
              "bf616362743161730161646464656d6f61729fbf616600617a190258ffffff");
    EXPECT_FALSE(encode_description(description, Format::cbor, std::span(room).first(30)));
}

TEST(StreamAnswer, RejectionOfTheWorkedExample) {
    ClientToken token;
    token.assign("t1");
    std::array<std::uint8_t, longest_rejection> room{};
    const StreamRefusal refusal = refuse(StreamError::version_mismatch, token);
    EXPECT_EQ(
        as_text(encode_rejection(refusal, Format::json, room).value()),
        R"({"clientToken":"t1","c":"t1","code":"VersionMismatch","o":"VersionMismatch","message":"Version mismatch","m":"Version mismatch"})");
    EXPECT_EQ(
        encoding::to_hex(encode_rejection(refusal, Format::cbor, room).value()),
        "bf6b636c69656e74546f6b656e627431616362743164636f64656f56657273696f6e4d69736d61746368616f6f56657273696f6e4d69736d61746368676d6573"
        "736167657056657273696f6e206d69736d61746368616d7056657273696f6e206d69736d61746368ff");
}

TEST(StreamAnswer, RejectionOfUndecodableCborIsThatOfTheRealService) {
    std::array<std::uint8_t, longest_rejection> room{};
    EXPECT_EQ(
        encoding::to_hex(encode_rejection(refuse(StreamError::invalid_cbor, {}), Format::cbor, room).value()),
        "bf64636f64656b496e76616c696443626f72616f6b496e76616c696443626f72676d65737361676574496e76616c69642043424f52206d657373616765616d74"
        "496e76616c69642043424f52206d657373616765ff");
}

TEST(StreamAnswer, EveryErrorHasANameThatIsFoundAgain) {
    for (int i = 0; i <= static_cast<int>(StreamError::internal_error); ++i) {
        const auto error = static_cast<StreamError>(i);
        EXPECT_EQ(find_stream_error(name_of(error)), error);
        EXPECT_FALSE(message_of(error).empty());
    }
    EXPECT_FALSE(find_stream_error("invalidrequest"));
    EXPECT_FALSE(find_stream_error(""));
}

TEST(StreamAnswer, TheDeviceReadsDataInAnyFormAndOrder) {
    std::array<std::uint8_t, 128> scratch{};
    const std::string data = file_of_the_example().substr(512);
    for (const std::string& hex : {"a5" + last_hex, "bf" + last_hex + "ff"}) {
        const std::string payload = bytes(hex);
        const auto block = decode_data(as_bytes(payload), Format::cbor, {});
        ASSERT_TRUE(block);
        EXPECT_EQ(block->block, 2U);
        EXPECT_EQ(as_text(block->bytes), data);
    }
    const std::string chunked = bytes(
        "bf61705f4161416241"
        "63ff616901617a80616c1b0000000000000003616600ff");
    const auto chunks = decode_data(as_bytes(chunked), Format::cbor, scratch);
    ASSERT_TRUE(chunks);
    EXPECT_EQ(as_text(chunks->bytes), "abc");
    EXPECT_FALSE(decode_data(as_bytes(chunked), Format::cbor, std::span(scratch).first(2)));
    for (const char* text :
         {R"({"f":0,"i":4,"l":2,"p":"//8="})", R"({ "p" : "\/\/8=", "l":2, "x":{}, "i":4, "f":0 })", R"({"f":0,"i":4,"l":2,"p":"//8"})"}) {
        const auto block = decode_data(as_bytes(text), Format::json, scratch);
        ASSERT_TRUE(block) << text;
        EXPECT_EQ(as_text(block->bytes), "\xff\xff");
        EXPECT_EQ(block->block, 4U);
    }
}

TEST(StreamAnswer, TheDeviceDropsDataThatIsNotWhole) {
    std::array<std::uint8_t, 16> scratch{};
    for (const char* text :
         {"", "{}", "[]", R"({"f":0,"i":0,"l":3,"p":"//8="})", R"({"f":0,"i":0,"l":1,"p":"//8="})", R"({"i":0,"l":2,"p":"//8="})",
          R"({"f":0,"l":2,"p":"//8="})", R"({"f":0,"i":0,"p":"//8="})", R"({"f":0,"i":0,"l":2})", R"({"f":0,"i":0,"l":2,"p":"*"})",
          R"({"f":0,"i":0,"l":2,"p":7})", R"({"f":0,"i":-1,"l":2,"p":"//8="})", R"({"f":"0","i":0,"l":2,"p":"//8="})",
          R"({"f":0,"i":0,"l":2,"p":"//8="})"
          "x",
          R"({"f":0,"i":0,"l":18,"p":"AAAAAAAAAAAAAAAAAAAAAAAA"})"})
        EXPECT_FALSE(decode_data(as_bytes(text), Format::json, scratch)) << text;
    for (const char* hex : {"", "a0", "80", "a4616600616c0361690061704161", "a4616600616c0161690061706161", "a4616600616c01616900617041",
                            "a3616600616c01617041ff"}) {
        const std::string payload = bytes(hex);
        EXPECT_FALSE(decode_data(as_bytes(payload), Format::cbor, scratch)) << hex;
    }
}

TEST(StreamAnswer, TheDeviceReadsDescriptions) {
    for (const char* hex :
         {"a4616362743161730161646464656d6f617281a2616600617a190258", "bf616362743161730161646464656d6f61729fbf616600617a190258ffffff"}) {
        const std::string payload = bytes(hex);
        const auto stream = decode_description(as_bytes(payload), Format::cbor);
        ASSERT_TRUE(stream);
        EXPECT_EQ(stream->version, 1U);
        EXPECT_EQ(stream->file_count, 1U);
        EXPECT_EQ(stream->size_of(0), 600U);
        EXPECT_FALSE(stream->size_of(1));
    }
    const auto stream = decode_description(as_bytes(R"({"r":[{"z":1,"f":7},{"f":255,"z":2,"x":[]}],"s":65535})"), Format::json);
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->size_of(7), 1U);
    EXPECT_EQ(stream->size_of(255), 2U);
    for (const char* text : {"", "{}", R"({"s":1})", R"({"r":[]})", R"({"s":1,"r":{}})", R"({"s":1,"r":[{"f":0}]})",
                             R"({"s":1,"r":[{"z":0}]})", R"({"s":1,"r":[7]})", R"({"s":"1","r":[]})", R"({"s":1,"r":[{"f":0,"z":-1}]})"})
        EXPECT_FALSE(decode_description(as_bytes(text), Format::json)) << text;
}

TEST(StreamAnswer, TheDeviceReadsRejectionsByEitherKey) {
    std::array<std::uint8_t, longest_rejection> room{};
    for (const Format format : {Format::json, Format::cbor}) {
        const auto payload = encode_rejection(refuse(StreamError::etag_mismatch, {}, "It \"changed\"."), format, room);
        const auto rejection = decode_rejection(*payload, format);
        ASSERT_TRUE(rejection);
        EXPECT_EQ(rejection->error, StreamError::etag_mismatch);
        EXPECT_EQ(rejection->message(), "It \"changed\".");
    }
    EXPECT_EQ(decode_rejection(as_bytes(R"({"o":"Unauthorized","m":"no"})"), Format::json)->error, StreamError::unauthorized);
    const auto strange = decode_rejection(as_bytes(R"({"code":"Tired"})"), Format::json);
    ASSERT_TRUE(strange);
    EXPECT_FALSE(strange->error);
    EXPECT_EQ(strange->code(), "Tired");
    const std::string endless = R"({"code":"InternalError","message":")" + std::string(1000, 'x') + "\"}";
    EXPECT_EQ(decode_rejection(as_bytes(endless), Format::json)->message().size(), 200U);
    for (const char* text : {"", "{}", "[]", R"({"m":"no code"})", R"({"o":2})"})
        EXPECT_FALSE(decode_rejection(as_bytes(text), Format::json)) << text;
}

TEST(StreamAnswer, AMessageIsCutAtItsBound) {
    EXPECT_EQ(refuse(StreamError::internal_error, {}, std::string(300, 'x')).message().size(), 200U);
}

}  // namespace
}  // namespace otabahn::otawire
