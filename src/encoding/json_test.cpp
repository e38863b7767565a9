// SPDX-License-Identifier: Apache-2.0
#include "encoding/json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace otabahn::encoding {
namespace {

bool is_json(std::string_view text) { return JsonReader(text).finish(); }

std::string decoded(std::string_view text) {
    JsonReader in(text);
    JsonString string;
    if (!in.read_string(string) || !in.finish()) return "(no string)";
    std::string out(string.size(), '\0');
    return string.decode(out) ? out : "(too small)";
}

TEST(JsonReader, WalksObjectsAndArrays) {
    JsonReader in(R"( { "a" : [ 1 , {"x":null} , "s" ] , "b":true } )");
    ASSERT_TRUE(in.enter_object());
    JsonString key, string;
    std::uint64_t number = 0;
    bool flag = false;
    ASSERT_TRUE(in.next_member(key));
    EXPECT_TRUE(key.equals("a"));
    EXPECT_EQ(in.kind(), JsonKind::array);
    ASSERT_TRUE(in.enter_array());
    ASSERT_TRUE(in.next_element());
    ASSERT_TRUE(in.read_unsigned(number));
    EXPECT_EQ(number, 1U);
    ASSERT_TRUE(in.next_element());
    ASSERT_TRUE(in.next_element());  // the object is stepped over
    ASSERT_TRUE(in.read_string(string));
    EXPECT_EQ(string.plain(), "s");
    EXPECT_FALSE(in.next_element());
    ASSERT_TRUE(in.next_member(key));
    ASSERT_TRUE(in.read_boolean(flag));
    EXPECT_TRUE(flag);
    EXPECT_FALSE(in.next_member(key));
    EXPECT_TRUE(in.finish());
}

TEST(JsonReader, TakesEveryKindOfValueAlone) {
    for (const char* text : {"{}", "[]", "\"\"", "0", "-0", "1.5e+10", "true", "false", "null", " \t\r\n[ ] ", "[[],{}]", "{\"\":0}",
                             "\"\x7f\"", "[1,2.0,-3e-7,1E5,0.1]", "\"\xf4\x8f\xbf\xbf\""})
        EXPECT_TRUE(is_json(text)) << text;
}

TEST(JsonReader, RefusesWhatBreaksTheGrammar) {
    for (const char* text : {
             "",
             " ",
             "{",
             "}",
             "[",
             "]",
             "{]",
             "[}",
             "[1",
             "[1,",
             "[1,]",
             "[,1]",
             "[1 2]",
             "[1,,2]",
             "{\"a\"}",
             "{\"a\":}",
             "{\"a\":1,}",
             "{,}",
             "{\"a\" 1}",
             "{a:1}",
             "{1:2}",
             "{'a':1}",
             "{\"a\":1 \"b\":2}",
             "{\"a\":1",
             "[1]]",
             "{}{}",
             "1 2",
             "nul",
             "nulll",
             "True",
             "NULL",
             "tru",
             "undefined",
             "NaN",
             "Infinity",
             "-Infinity",
             "//",
             "[1]//",
             "/**/1",
             "\xef\xbb\xbf{}",
             "01",
             "-01",
             "+1",
             "-",
             "1.",
             ".5",
             "1.e5",
             "1e",
             "1e+",
             "0x10",
             "1_000",
             "--1",
             "00",
             "1.2.3",
             "1a",
             "\"",
             "\"a",
             "\"\\",
             "\"\\\"",
             "\"\\x\"",
             "\"\\u12\"",
             "\"\\u12g4\"",
             "\"\\U0041\"",
             "'a'",
             "\"\n\"",
             "\"\t\"",
             "\"\x1f\"",
             "\"\\ud800\"",
             "\"\\ud800x\"",
             "\"\\ud800\\n\"",
             "\"\\udc00\"",
             "\"\\ud800\\ud800\"",
             "\"\\ud83d\\u00e9\"",
             "\"\xff\"",
             "\"\xc3\"",
             "\"\xc3(\"",
             "\"\xc0\x80\"",
             "\"\xed\xa0\x80\"",
             "\"\xf4\x90\x80\x80\"",
             "\"\xe2\x82\"",
             "\"\x80\"",
         })
        EXPECT_FALSE(is_json(text)) << text;
    EXPECT_FALSE(is_json(std::string_view("\"\0\"", 3)));
    EXPECT_FALSE(is_json(std::string_view("1\0", 2)));
}

TEST(JsonReader, DecodesEscapes) {
    EXPECT_EQ(decoded(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(decoded(R"("a\u0041\u00e9\u20AC\ud83d\ude00z")"), "aA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
    EXPECT_EQ(decoded(R"("\u0000")"), std::string("\0", 1));
    EXPECT_EQ(decoded("\"gr\xc3\xbc\xc3\x9f\""), "gr\xc3\xbc\xc3\x9f");
    EXPECT_EQ(decoded("\"\""), "");
}

TEST(JsonReader, ComparesStringsInPlaceEscapedOrNot) {
    const auto equal = [](std::string_view json, std::string_view text) {
        JsonReader in(json);
        JsonString string;
        EXPECT_TRUE(in.read_string(string));
        return string.equals(text);
    };
    EXPECT_TRUE(equal(R"("version")", "version"));
    EXPECT_TRUE(equal(R"("v\u0065rsion")", "version"));
    EXPECT_TRUE(equal(R"("a\/b")", "a/b"));
    EXPECT_FALSE(equal(R"("v\u0065rsion")", "versio"));
    EXPECT_FALSE(equal(R"("v\u0065rsion")", "versions"));
    EXPECT_FALSE(equal(R"("v\u0065rsion")", "vErsion"));
    EXPECT_FALSE(equal(R"("a\/b")", "a\\/b"));
}

TEST(JsonReader, DecodesOnlyIntoEnoughMemory) {
    JsonReader in(R"("\u20ac!")");
    JsonString string;
    ASSERT_TRUE(in.read_string(string));
    EXPECT_FALSE(string.plain());
    EXPECT_EQ(string.size(), 4U);
    std::array<char, 3> small{};
    EXPECT_FALSE(string.decode(small));
    std::array<char, 4> exact{};
    EXPECT_EQ(string.decode(exact), "\xe2\x82\xac!");
}

TEST(JsonReader, TakesIntegersWithinTheirRangeOnly) {
    const auto as_unsigned = [](std::string_view text) {
        JsonReader in(text);
        std::uint64_t value = 77;
        return in.read_unsigned(value) ? std::optional(value) : std::nullopt;
    };
    EXPECT_EQ(as_unsigned("18446744073709551615"), UINT64_MAX);
    for (const char* text : {"18446744073709551616", "99999999999999999999", "-1", "-0", "1.0", "1e2", "\"1\"", "true"})
        EXPECT_FALSE(as_unsigned(text)) << text;
    const auto as_signed = [](std::string_view text) {
        JsonReader in(text);
        std::int64_t value = 77;
        return in.read_integer(value) ? std::optional(value) : std::nullopt;
    };
    EXPECT_EQ(as_signed("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(as_signed("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(as_signed("-0"), 0);
    EXPECT_EQ(as_signed("-12"), -12);
    for (const char* text : {"9223372036854775808", "-9223372036854775809", "-99999999999999999999", "1.0", "-1e1", "null"})
        EXPECT_FALSE(as_signed(text)) << text;
}

TEST(JsonReader, AReadThatDoesNotFitLeavesTheValue) {
    JsonReader in(R"([-5])");
    ASSERT_TRUE(in.enter_array());
    ASSERT_TRUE(in.next_element());
    std::uint64_t number = 0;
    std::int64_t integer = 0;
    JsonString string;
    bool flag = false;
    EXPECT_FALSE(in.read_unsigned(number));
    EXPECT_FALSE(in.read_string(string));
    EXPECT_FALSE(in.read_boolean(flag));
    EXPECT_FALSE(in.read_null());
    EXPECT_FALSE(in.enter_object());
    EXPECT_TRUE(in.read_integer(integer));
    EXPECT_EQ(integer, -5);
    EXPECT_FALSE(in.read_integer(integer)) << "taken already";
    EXPECT_FALSE(in.next_element());
    EXPECT_TRUE(in.finish());
}

TEST(JsonReader, GivesTheTextOfAValue) {
    JsonReader in(R"({"a": {"b": [1, "}"]} , "c":2})");
    JsonString key;
    std::string_view raw;
    ASSERT_TRUE(in.enter_object());
    ASSERT_TRUE(in.next_member(key));
    ASSERT_TRUE(in.read_raw(raw));
    EXPECT_EQ(raw, R"({"b": [1, "}"]})");
    EXPECT_FALSE(in.read_raw(raw)) << "taken already";
    ASSERT_TRUE(in.next_member(key));
    ASSERT_TRUE(in.read_raw(raw));
    EXPECT_EQ(raw, "2");
}

TEST(JsonReader, RefusesNestingPastItsBound) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(is_json(nested(JsonReader::max_depth)));
    EXPECT_FALSE(is_json(nested(JsonReader::max_depth + 1)));
    EXPECT_FALSE(is_json(nested(100000)));
    std::string objects;
    for (int i = 0; i < 1000; ++i) objects += "{\"a\":";
    EXPECT_FALSE(is_json(objects));
}

TEST(JsonReader, NamesWhereItFailed) {
    JsonReader in(R"({"a": tru})");
    EXPECT_FALSE(in.finish());
    EXPECT_EQ(in.position(), 6U);
}

TEST(JsonWriter, WritesCommasAndEscapes) {
    std::array<char, 256> room{};
    JsonWriter out(room);
    out.begin_object();
    out.key("a\"");
    out.string("x/y\\\n\x01\xc3\xa9");
    out.key("n");
    out.begin_array();
    out.integer(-9223372036854775807LL - 1);
    out.unsigned_integer(UINT64_MAX);
    out.boolean(true);
    out.null();
    out.begin_object();
    out.end_object();
    out.base64(as_bytes("fo\xff"));
    out.raw("[1]");
    out.end_array();
    out.end_object();
    ASSERT_TRUE(out.fits());
    EXPECT_EQ(out.written(),
              "{\"a\\\"\":\"x/y\\\\\\u000a\\u0001\xc3\xa9\",\"n\":[-9223372036854775808,18446744073709551615,true,null,{},\"Zm//\",[1]]}");
    EXPECT_TRUE(is_json(out.written()));
}

TEST(JsonWriter, SaysWhenTheMemoryIsTooSmall) {
    std::array<char, 6> room{};
    JsonWriter fits(room);
    fits.string("abcd");
    EXPECT_TRUE(fits.fits());
    JsonWriter text(room);
    text.string("abcde");
    EXPECT_FALSE(text.fits());
    JsonWriter bytes(room);
    bytes.base64(as_bytes("abcd"));
    EXPECT_FALSE(bytes.fits());
    JsonWriter number(room);
    number.integer(-123456);
    EXPECT_FALSE(number.fits());
}

}  // namespace
}  // namespace otabahn::encoding
