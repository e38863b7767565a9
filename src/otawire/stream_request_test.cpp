// SPDX-License-Identifier: Apache-2.0
// Requests as they stand in spec gateway 4.7 to 4.9, byte for byte, and what is refused with which code.
#include "encoding/base64_string.hpp"
#include "otawire/stream_request.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::otawire {
namespace {

std::string bytes(std::string_view hex) {
    std::string digits;
    for (const char c : hex)
        if (c != ' ') digits.push_back(c);
    return encoding::from_hex(digits).value();
}

// Keeps the payload and the scratch memory that a request's bitmap may lie in.
struct Decoded {
    std::string payload;
    std::vector<std::uint8_t> scratch;
    Result<GetStreamRequest, StreamRefusal> result;
    Decoded(std::string text, Format format, const StreamLimits& limits = aws_limits)
        : payload(std::move(text)), scratch(bitmap_scratch(limits)), result(decode_get(as_bytes(payload), format, scratch, limits)) {}
    const GetStreamRequest& request() const { return result.value(); }
    std::string bitmap() const { return result && request().bitmap ? encoding::to_hex(*request().bitmap) : "(none)"; }
};
Decoded json(std::string text, const StreamLimits& limits = aws_limits) { return {std::move(text), Format::json, limits}; }
Decoded cbor(std::string_view hex, const StreamLimits& limits = aws_limits) { return {bytes(hex), Format::cbor, limits}; }

std::string code(const Decoded& decoded) { return decoded.result ? "(accepted)" : std::string(name_of(decoded.result.error().error)); }
std::string message(const Decoded& decoded) { return decoded.result ? "(accepted)" : std::string(decoded.result.error().message()); }

std::string encoded(const GetStreamRequest& request, Format format) {
    std::array<std::uint8_t, 512> room{};
    const auto out = encode_get(request, format, room);
    return out ? std::string(as_text(*out)) : "(too small)";
}

TEST(StreamRequest, TheLastBlockOfTheWorkedExample) {
    const std::string hex = "a6 6163 627431 6173 01 6166 00 616c 190100 616f 02 616e 01",
                      text = R"({"c":"t1","s":1,"f":0,"l":256,"o":2,"n":1})";
    for (const Decoded& in : {cbor(hex), json(text)}) {
        ASSERT_TRUE(in.result);
        EXPECT_EQ(in.request().token.text(), "t1");
        EXPECT_EQ(in.request().version, 1U);
        EXPECT_EQ(in.request().file, 0U);
        EXPECT_EQ(in.request().block_size, 256U);
        EXPECT_EQ(in.request().offset, 2U);
        EXPECT_EQ(in.request().count, 1U);
        EXPECT_FALSE(in.request().bitmap);
        EXPECT_EQ(encoded(in.request(), Format::cbor), bytes(hex));
        EXPECT_EQ(encoded(in.request(), Format::json), text);
    }
    EXPECT_EQ(bytes(hex).size(), 23U);
}

TEST(StreamRequest, BlocksByBitmapOfTheWorkedExample) {
    const std::string hex = "a6 6163 627431 6166 00 616c 190100 616f 00 6162 4105 616e 02",
                      text = R"({"c":"t1","f":0,"l":256,"o":0,"b":"BQ==","n":2})";
    for (const Decoded& in : {cbor(hex), json(text)}) {
        ASSERT_TRUE(in.result);
        EXPECT_EQ(in.bitmap(), "05");
        EXPECT_EQ(in.request().count, 2U);
        EXPECT_FALSE(in.request().version);
        EXPECT_EQ(encoded(in.request(), Format::cbor), bytes(hex));
        EXPECT_EQ(encoded(in.request(), Format::json), text);
    }
}

TEST(StreamRequest, WhatTheFileStreamLibrarySends) {
    const Decoded text = json(R"({"s": 1,"f": 0,"l": 4096,"o": 3,"n": 1})");
    ASSERT_TRUE(text.result);
    EXPECT_FALSE(text.request().token.given());
    EXPECT_EQ(text.request().offset, 3U);
    // Its bitmap is the text MQ==, never decoded: four bytes like any others.
    const Decoded binary = cbor("a6 6163 63726479 6166 00 616c 191000 616f 03 6162 444d513d3d 616e 01");
    ASSERT_TRUE(binary.result);
    EXPECT_EQ(binary.request().token.text(), "rdy");
    EXPECT_EQ(binary.bitmap(), "4d513d3d");
}

TEST(StreamRequest, WhatTheOtaLibrarySends) {
    EXPECT_EQ(cbor("a6 6163 63726479 6166 00 616c 191000 616f 00 6162 44ffffffff 616e 01").bitmap(), "ffffffff");
    EXPECT_EQ(cbor("a6 6163 63726479 6166 00 616c 191000 616f 00 6162 4118 616e 01").bitmap(), "18");
    const Decoded eight = cbor("a6 6163 63726479 6166 00 616c 190800 616f 00 6162 48ffffffffffffff7f 616e 08");
    EXPECT_EQ(eight.bitmap(), "ffffffffffffff7f");
    EXPECT_EQ(eight.request().count, 8U);
}

TEST(StreamRequest, IndefiniteContainersWideIntegersChunksAndUnknownKeysAreTaken) {
    const Decoded in =
        cbor("bf 6166 1800 616c 1b0000000000000100 7f6162ff 5f41054106ff 6163 7f6174 6131ff 617a 9fa0ff 01 f97e00 616f 1a00000002 ff");
    ASSERT_TRUE(in.result) << message(in);
    EXPECT_EQ(in.request().block_size, 256U);
    EXPECT_EQ(in.bitmap(), "0506");
    EXPECT_EQ(in.request().token.text(), "t1");
    EXPECT_EQ(in.request().offset, 2U);
    EXPECT_FALSE(in.request().count);
    const Decoded text = json(" {\n\t\"x\":[1,{}] , \"f\" : 1 ,\r\n\"l\":131072,\"\\u006f\":98304,\"ll\":0} ");
    ASSERT_TRUE(text.result) << message(text);
    EXPECT_EQ(text.request().file, 1U);
    EXPECT_EQ(text.request().offset, 0U) << "an escaped key is none of ours";
}

TEST(StreamRequest, JsonBitmapsAreBase64OrHexBehind0x) {
    const auto bitmap = [](const std::string& b) { return json(R"({"f":0,"l":256,"b":")" + b + R"("})").bitmap(); };
    EXPECT_EQ(bitmap("EwCA"), "130080");
    EXPECT_EQ(bitmap("0x130080"), "130080");
    EXPECT_EQ(bitmap("0X130080"), "130080");
    EXPECT_EQ(bitmap("BQ"), "05");
    EXPECT_EQ(bitmap("BQ=="), "05");
    EXPECT_EQ(bitmap("ffffffffffffff7f"), "7df7df7df7df7df7df7dfedf") << "hex digits without 0x are base64, as on the real service";
    EXPECT_EQ(bitmap("__8"), "(none)");
    EXPECT_EQ(bitmap("\\/\\/8="), "ffff");
    EXPECT_EQ(bitmap(""), "");
}

TEST(StreamRequest, ADescribeRequestIsReadAndWritten) {
    std::array<std::uint8_t, 64> room{};
    DescribeStreamRequest request;
    EXPECT_EQ(as_text(encode_describe(request, Format::json, room).value()), "{}");
    EXPECT_EQ(encoding::to_hex(encode_describe(request, Format::cbor, room).value()), "a0");
    request.token.assign("t1");
    EXPECT_EQ(as_text(encode_describe(request, Format::json, room).value()), R"({"c":"t1"})");
    EXPECT_EQ(as_text(encode_describe(request, Format::cbor, room).value()), bytes("a1 6163 627431"));
    EXPECT_EQ(decode_describe(as_bytes(R"({"c":"t1","l":"ignored here"})"), Format::json).value().token.text(), "t1");
    EXPECT_EQ(decode_describe(as_bytes(bytes("a1 6163 627431")), Format::cbor).value().token.text(), "t1");
    EXPECT_FALSE(decode_describe({}, Format::json).value().token.given());
    EXPECT_FALSE(decode_describe({}, Format::cbor).value().token.given());
    EXPECT_FALSE(encode_describe(request, Format::json, std::span(room).first(9)));
}

TEST(StreamRequest, RefusesWhatCannotBeDecodedWithoutATokenInTheAnswer) {
    for (const char* text : {"", "x", "{", R"({"c":"t1","f":0,"l":256,})", R"({"c":"t1"} x)", "\xff", R"({"c":"t1","f":01})"}) {
        const Decoded in = json(text);
        EXPECT_EQ(code(in), "InvalidJson") << text;
        EXPECT_FALSE(in.result.error().token.given());
    }
    for (const char* hex : {"", "ff", "a6", "a1 6163 627431 00", "a2 6163 627431 6166", "bf 6163 627431", "80", "00", "61 7b", "f6"}) {
        const Decoded in = cbor(hex);
        EXPECT_EQ(code(in), "InvalidCbor") << hex;
        EXPECT_FALSE(in.result.error().token.given());
        EXPECT_EQ(in.result.error().message(), "Invalid CBOR message");
    }
}

TEST(StreamRequest, WrongTypesAreInvalidCborThereAndInvalidRequestInJson) {
    for (const char* hex : {
             "a3 6163 427431 6166 00 616c 190100",                  // token as bytes
             "a2 6166 6130 616c 190100",                            // file as text
             "a2 6166 00 616c f95c00",                              // size as a float
             "a3 6166 00 616c 190100 6162 6a30784646464646467f46",  // bitmap as text, seen on the real service
             "a3 6166 00 616c 190100 616e f6",                      // count null
             "a3 6166 00 616c 190100 6173 f5",
         })
        EXPECT_EQ(code(cbor(hex)), "InvalidCbor") << hex;
    for (const char* text :
         {R"({"c":1,"f":0,"l":256})", R"({"c":null,"f":0,"l":256})", R"({"f":"0","l":256})", R"({"f":0,"l":"256"})", R"({"f":0,"l":256.0})",
          R"({"f":0,"l":2.56e2})", R"({"f":0,"l":256,"o":true})", R"({"f":0,"l":256,"n":[]})", R"({"f":0,"l":256,"s":null})",
          R"({"f":0,"l":256,"b":5})", R"({"f":0,"l":256,"b":"*"})", R"({"f":0,"l":256,"b":"0x1"})", R"({"f":0,"l":256,"b":"0xzz"})",
          R"({"f":0,"l":256,"n":99999999999999999999999})", "[]", "1", "\"\"", "null"})
        EXPECT_EQ(code(json(text)), "InvalidRequest") << text;
}

TEST(StreamRequest, MissingFieldsAreNamed) {
    EXPECT_EQ(code(json(R"({"l":256})")), "InvalidRequest");
    EXPECT_EQ(message(json(R"({"c":"t","l":256})")), "The field f (file ID) is missing.");
    EXPECT_EQ(message(json(R"({"f":0})")), "The field l (block size) is missing.");
    EXPECT_EQ(code(cbor("a1 6166 00")), "InvalidRequest");
    EXPECT_EQ(code(cbor("a0")), "InvalidRequest");
    EXPECT_EQ(json(R"({"c":"t","l":256})").result.error().token.text(), "t");
}

TEST(StreamRequest, ATokenHas64BytesAtMost) {
    const std::string fits(64, 'x'), over(65, 'x');
    EXPECT_EQ(json(R"({"f":0,"l":256,"c":")" + fits + "\"}").request().token.text(), fits);
    EXPECT_EQ(json(R"({"f":0,"l":256,"c":""})").request().token.given(), true);
    const Decoded long_json = json(R"({"f":0,"l":256,"c":")" + over + "\"}");
    EXPECT_EQ(code(long_json), "InvalidRequest");
    EXPECT_FALSE(long_json.result.error().token.given());
    EXPECT_EQ(message(long_json), "The client token c has 65 bytes; at most 64 are taken.");
    EXPECT_EQ(code(cbor("a3 6166 00 616c 190100 6163 7841" + encoding::to_hex(over))), "InvalidRequest");
    // Bytes count, not characters, and escapes count as what they stand for.
    std::string umlauts, escapes;
    for (int i = 0; i < 33; ++i) umlauts += "\xc3\xa4";
    for (int i = 0; i < 64; ++i) escapes += "\\u0061";
    EXPECT_EQ(code(json(R"({"f":0,"l":256,"c":")" + umlauts + "\"}")), "InvalidRequest");
    EXPECT_EQ(json(R"({"f":0,"l":256,"c":")" + escapes + "\"}").request().token.text(), std::string(64, 'a'));
}

TEST(StreamRequest, NumbersOutsideTheirRangesHaveCodesOfTheirOwn) {
    const auto with = [](const std::string& fields) { return code(json(R"({"f":0,)" + fields + "}")); };
    EXPECT_EQ(with(R"("l":255)"), "BlockSizeOutOfBounds");
    EXPECT_EQ(with(R"("l":256)"), "(accepted)");
    EXPECT_EQ(with(R"("l":131072)"), "(accepted)");
    EXPECT_EQ(with(R"("l":131073)"), "BlockSizeOutOfBounds");
    EXPECT_EQ(with(R"("l":0)"), "BlockSizeOutOfBounds");
    EXPECT_EQ(with(R"("l":-1)"), "BlockSizeOutOfBounds");
    EXPECT_EQ(with(R"("l":4294967552)"), "BlockSizeOutOfBounds") << "256 once its upper half is lost";
    EXPECT_EQ(with(R"("l":1000)"), "(accepted)") << "no power of two is asked for";
    EXPECT_EQ(with(R"("l":256,"o":98304)"), "(accepted)");
    EXPECT_EQ(with(R"("l":256,"o":98305)"), "OffsetOutOfBounds");
    EXPECT_EQ(with(R"("l":256,"o":-1)"), "OffsetOutOfBounds");
    EXPECT_EQ(with(R"("l":256,"n":98304)"), "(accepted)");
    EXPECT_EQ(with(R"("l":256,"n":98305)"), "BlockCountLimitExceeded");
    EXPECT_EQ(with(R"("l":256,"n":0)"), "(accepted)") << "refused later, as an empty selection";
    EXPECT_EQ(with(R"("l":256,"f":256)"), "(accepted)") << "no stream has it: that is said where the stream is looked at";
    EXPECT_EQ(code(cbor("a3 6166 00 616c 190100 616f 20")), "OffsetOutOfBounds");
    EXPECT_EQ(message(json(R"({"f":0,"l":128})")), "The block size is out of bounds: l is 128, 256 to 131072 are served.");
    EXPECT_EQ(message(json(R"({"f":0,"l":256,"n":-7})")), "The number of blocks is out of bounds: n is negative, 0 to 98304 are served.");
}

TEST(StreamRequest, ABitmapHasLessThan12288Bytes) {
    const auto with = [](std::size_t size, bool hex) {
        const std::string map(size, '\x55');
        return code(json(R"({"f":0,"l":256,"b":")" + (hex ? "0x" + encoding::to_hex(map) : encoding::to_base64(map)) + "\"}"));
    };
    for (const bool hex : {false, true}) {
        EXPECT_EQ(with(12287, hex), "(accepted)");
        EXPECT_EQ(with(12288, hex), "BlockBitmapLimitExceeded");
        EXPECT_EQ(with(100000, hex), "BlockBitmapLimitExceeded");
    }
    EXPECT_EQ(code(cbor("a3 6166 00 616c 190100 6162 592fff" + std::string(2 * 12287, '1'))), "(accepted)");
    EXPECT_EQ(code(cbor("a3 6166 00 616c 190100 6162 593000" + std::string(2 * 12288, '1'))), "BlockBitmapLimitExceeded");
    EXPECT_EQ(message(cbor("a3 6166 00 616c 190100 6162 593000" + std::string(2 * 12288, '1'))),
              "The block bitmap b has 12288 bytes; fewer than 12288 are taken.");
}

TEST(StreamRequest, TheFirstFaultInTheOrderOfValidationIsTold) {
    EXPECT_EQ(code(json(R"({"c":"0123456789012345678901234567890123456789012345678901234567890123456789","f":"x","l":1})")),
              "InvalidRequest");
    EXPECT_EQ(message(json(R"({"n":"x","l":1,"f":0})")), "The field n must be an unsigned integer.");
    EXPECT_EQ(code(json(R"({"f":0,"n":98305,"o":98305,"l":1})")), "BlockSizeOutOfBounds");
    EXPECT_EQ(code(json(R"({"f":0,"n":98305,"o":98305,"l":256})")), "OffsetOutOfBounds");
}

TEST(StreamRequest, ExtendedQuotasLiftNumbersAndBitmapsButNotTheBlockSize) {
    EXPECT_EQ(code(json(R"({"f":0,"l":256,"o":4294967295,"n":4294967295})", extended_limits)), "(accepted)");
    EXPECT_EQ(code(json(R"({"f":0,"l":256,"o":4294967296})", extended_limits)), "OffsetOutOfBounds");
    EXPECT_EQ(code(json(R"({"f":0,"l":131073})", extended_limits)), "BlockSizeOutOfBounds");
    EXPECT_EQ(code(json(R"({"f":0,"l":256,"b":")" + encoding::to_base64(std::string(20000, 'x')) + "\"}", extended_limits)), "(accepted)");
}

TEST(StreamRequest, OfKeysThatStandTwiceTheLastCounts) {
    EXPECT_EQ(json(R"({"f":0,"l":256,"o":5,"o":6})").request().offset, 6U);
    EXPECT_EQ(code(json(R"({"f":0,"l":256,"o":5,"o":"x"})")), "InvalidRequest");
    EXPECT_EQ(json(R"({"f":0,"l":256,"o":"x","o":6})").request().offset, 6U);
}

}  // namespace
}  // namespace otabahn::otawire
