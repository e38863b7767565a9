// SPDX-License-Identifier: Apache-2.0
// RFC 4648 section 10's vectors, what strict refuses and lenient takes, and pieces of any size.
#include "encoding/base64_string.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace otabahn::encoding {
namespace {

struct Vector {
    std::string plain, base64, hex;
};
const std::vector<Vector> vectors = {
    {"", "", ""},
    {"f", "Zg==", "66"},
    {"fo", "Zm8=", "666f"},
    {"foo", "Zm9v", "666f6f"},
    {"foob", "Zm9vYg==", "666f6f62"},
    {"fooba", "Zm9vYmE=", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "666f6f626172"},
};

TEST(Base64, EncodesAndDecodesTheVectorsOfTheRfc) {
    for (const Vector& v : vectors) {
        EXPECT_EQ(to_base64(v.plain), v.base64);
        EXPECT_EQ(from_base64(v.base64), v.plain);
        EXPECT_EQ(base64_decoded_size(v.base64), v.plain.size());
    }
}

TEST(Base64, RoundTripsEveryByteValue) {
    std::string all;
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
    for (std::size_t drop = 0; drop < 4; ++drop) {
        const std::string bytes = all.substr(drop);
        EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    }
}

TEST(Base64, StrictRefusesMissingSurplusAndMisplacedPadding) {
    for (const char* text : {"Zg", "Zg=", "Zm8", "Z", "Z===", "=", "====", "Zg===", "Zm9v=", "Zm9v====", "Z=g=", "Zg==Zg==", "Zm8=Z"})
        EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Base64, StrictRefusesBitsLeftOver) {
    EXPECT_FALSE(from_base64("Zh=="));
    EXPECT_FALSE(from_base64("Zm9="));
    EXPECT_EQ(from_base64("Zh==", Base64Padding::lenient), "f");
    EXPECT_EQ(from_base64("Zm9=", Base64Padding::lenient), "fo");
}

TEST(Base64, LenientTakesMissingPaddingButNoBrokenGroup) {
    EXPECT_EQ(from_base64("Zg", Base64Padding::lenient), "f");
    EXPECT_EQ(from_base64("Zg=", Base64Padding::lenient), "f");
    EXPECT_EQ(from_base64("Zm8", Base64Padding::lenient), "fo");
    for (const char* text : {"Z", "Zm9vY", "Zg===", "=", "Zm9v=", "Zg=Z"}) EXPECT_FALSE(from_base64(text, Base64Padding::lenient)) << text;
}

TEST(Base64, RefusesWhatIsNotOfTheStandardAlphabet) {
    for (const char* text : {"Zm9-", "Zm9_", "Zm 9v", "Zm9v\n", "Zm9v\r\nZm9v", "Zm9!", "\xc3\xa4==", "Zm9\x80"})
        EXPECT_FALSE(from_base64(text, Base64Padding::lenient)) << text;
    EXPECT_FALSE(from_base64(std::string_view("Zm9\0", 4)));
}

TEST(Base64, NeverWritesPastTheCallersMemory) {
    std::array<char, 7> small{};
    EXPECT_FALSE(encode_base64(as_bytes("foob"), small));
    std::array<std::uint8_t, 2> two{};
    EXPECT_FALSE(decode_base64("Zm9v", two));
    EXPECT_EQ(decode_base64("Zm8=", two), 2U);
    EXPECT_FALSE(decode_base64("Zg==", {}));
}

TEST(Base64, PiecesOfAnySizeGiveWhatTheWholeGives) {
    std::string bytes;
    for (int i = 0; i < 200; ++i) bytes.push_back(static_cast<char>(i * 7));
    const std::string whole = to_base64(bytes);
    for (std::size_t piece = 1; piece < 12; ++piece) {
        Base64Encoder encoder;
        std::string text;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            const std::string part = bytes.substr(at, piece);
            std::string room(Base64Encoder::room_for(part.size()) + 4, '\0');
            const auto written = encoder.append(as_bytes(part), room);
            ASSERT_TRUE(written);
            text += room.substr(0, *written);
        }
        std::array<char, 4> tail{};
        const auto written = encoder.finish(tail);
        ASSERT_TRUE(written);
        text.append(tail.data(), *written);
        EXPECT_EQ(text, whole);

        Base64Decoder decoder;
        std::string back;
        for (std::size_t at = 0; at < whole.size(); at += piece) {
            std::array<std::uint8_t, 16> room{};
            const auto size = decoder.append(whole.substr(at, piece), room);
            ASSERT_TRUE(size);
            back.append(reinterpret_cast<const char*>(room.data()), *size);
        }
        EXPECT_TRUE(decoder.finish());
        EXPECT_EQ(back, bytes);
    }
}

TEST(Base64, ADecoderThatRefusedStaysRefused) {
    Base64Decoder decoder;
    std::array<std::uint8_t, 16> room{};
    EXPECT_FALSE(decoder.append("Zm9*", room));
    EXPECT_FALSE(decoder.append("Zm9v", room));
    EXPECT_FALSE(decoder.finish());
}

TEST(Base64, RoomForAPieceIsNeverTooSmall) {
    for (std::size_t carried = 0; carried < 3; ++carried)
        for (std::size_t size = 0; size < 20; ++size) {
            Base64Encoder encoder;
            std::array<char, 64> room{};
            ASSERT_TRUE(encoder.append(as_bytes(std::string(carried, 'a')), room));
            EXPECT_TRUE(encoder.append(as_bytes(std::string(size, 'b')), std::span(room).first(Base64Encoder::room_for(size)))) << size;
        }
}

TEST(Hex, WritesLowerCaseAndReadsEither) {
    for (const Vector& v : vectors) EXPECT_EQ(to_hex(v.plain), v.hex);
    EXPECT_EQ(from_hex("00fFAb"), std::string("\x00\xff\xab", 3));
}

TEST(Hex, RefusesOddLengthsOtherCharactersAndTooLittleRoom) {
    for (const char* text : {"0", "0g", "0x", " 0", "00 "}) EXPECT_FALSE(from_hex(text)) << text;
    std::array<char, 3> small{};
    EXPECT_FALSE(encode_hex(as_bytes("ab"), small));
    std::array<std::uint8_t, 1> one{};
    EXPECT_FALSE(decode_hex("0011", one));
}

}  // namespace
}  // namespace otabahn::encoding
