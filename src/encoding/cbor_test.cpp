// SPDX-License-Identifier: Apache-2.0
// RFC 8949 appendix A's examples and appendix F's malformed encodings, as far as our subset speaks of them.
#include "encoding/base64_string.hpp"
#include "encoding/cbor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace otabahn::encoding {
namespace {

// Reads hex digits, blanks left out.
std::string bytes(std::string_view hex) {
    std::string digits;
    for (const char c : hex)
        if (c != ' ') digits.push_back(c);
    return from_hex(digits).value();
}

std::string copy(const CborString& string) {
    std::string out(string.size(), '\0');
    EXPECT_TRUE(string.copy_to({reinterpret_cast<std::uint8_t*>(out.data()), out.size()}));
    return out;
}

TEST(CborReader, ReadsUnsignedIntegersOfAnyWidth) {
    const std::pair<const char*, std::uint64_t> rows[] = {
        {"00", 0},
        {"01", 1},
        {"17", 23},
        {"1818", 24},
        {"1903e8", 1000},
        {"1a000f4240", 1000000},
        {"1b000000e8d4a51000", 1000000000000},
        {"1bffffffffffffffff", UINT64_MAX},
        {"1800", 0},  // longer than need be: well-formed all the same
        {"1b0000000000000001", 1},
    };
    for (const auto& [hex, expected] : rows) {
        const std::string input = bytes(hex);
        CborReader in(as_bytes(input));
        std::uint64_t value = 1234;
        EXPECT_TRUE(in.read_unsigned(value)) << hex;
        EXPECT_EQ(value, expected) << hex;
        EXPECT_TRUE(in.at_end());
    }
}

TEST(CborReader, ReadsNegativeIntegersAndLeavesWhatDoesNotFit) {
    const std::pair<const char*, std::int64_t> rows[] = {
        {"20", -1}, {"29", -10}, {"3863", -100}, {"3903e7", -1000}, {"3b7fffffffffffffff", INT64_MIN}};
    for (const auto& [hex, expected] : rows) {
        const std::string input = bytes(hex);
        CborReader in(as_bytes(input));
        std::int64_t value = 0;
        EXPECT_TRUE(in.read_integer(value)) << hex;
        EXPECT_EQ(value, expected) << hex;
    }
    for (const char* hex : {"3bffffffffffffffff", "1bffffffffffffffff", "f90000", "60"}) {
        const std::string input = bytes(hex);
        CborReader in(as_bytes(input));
        std::int64_t value = 7;
        EXPECT_FALSE(in.read_integer(value)) << hex;
        EXPECT_EQ(value, 7) << hex;
        EXPECT_FALSE(in.failed());
        EXPECT_TRUE(in.skip());
        EXPECT_TRUE(in.at_end());
    }
}

TEST(CborReader, KnowsTheKindsAndStepsOverTags) {
    const std::pair<const char*, CborKind> rows[] = {
        {"f4", CborKind::boolean},
        {"f5", CborKind::boolean},
        {"f6", CborKind::null},
        {"f7", CborKind::undefined},
        {"f0", CborKind::simple},
        {"f8ff", CborKind::simple},
        {"f93c00", CborKind::floating},
        {"fa47c35000", CborKind::floating},
        {"fb3ff199999999999a", CborKind::floating},
        {"c11a514b67b0", CborKind::unsigned_integer},
        {"d74401020304", CborKind::bytes},
        {"d9d9f7a0", CborKind::map},
        {"c2c380", CborKind::array},
        {"60", CborKind::text},
        {"5fff", CborKind::bytes},
    };
    for (const auto& [hex, kind] : rows) {
        const std::string input = bytes(hex);
        CborReader in(as_bytes(input));
        EXPECT_EQ(in.kind(), kind) << hex;
        EXPECT_TRUE(in.skip()) << hex;
        EXPECT_TRUE(in.at_end()) << hex;
    }
}

TEST(CborReader, ReadsDefiniteAndChunkedStrings) {
    for (const char* hex : {"6449455446", "7f62494562544660ff", "7f6149614561546146ff", "780449455446", "7b000000000000000449455446"}) {
        const std::string input = bytes(hex);
        CborReader in(as_bytes(input));
        CborString text;
        ASSERT_TRUE(in.read_text(text)) << hex;
        EXPECT_TRUE(text.equals("IETF")) << hex;
        EXPECT_FALSE(text.equals("IETf")) << hex;
        EXPECT_FALSE(text.equals("IET")) << hex;
        EXPECT_EQ(copy(text), "IETF");
    }
    const std::string input = bytes("5f42010243030405ff");
    CborReader in(as_bytes(input));
    CborString string;
    ASSERT_TRUE(in.read_bytes(string));
    EXPECT_TRUE(string.chunked());
    EXPECT_EQ(string.size(), 5U);
    EXPECT_TRUE(string.view().empty());
    EXPECT_EQ(copy(string), bytes("0102030405"));
    std::array<std::uint8_t, 4> small{};
    EXPECT_FALSE(string.copy_to(small));
}

TEST(CborReader, WalksNestedContainersOfBothForms) {
    for (const char* hex : {"a26161016162820203", "bf61610161629f0203ffff", "bf6161016162820203ff", "a261610161629f0203ff"}) {
        const std::string input = bytes(hex);
        CborReader in(as_bytes(input));
        ASSERT_TRUE(in.enter_map());
        CborString key;
        std::uint64_t value = 0;
        ASSERT_TRUE(in.next_member(key));
        EXPECT_TRUE(key.equals("a"));
        ASSERT_TRUE(in.read_unsigned(value));
        EXPECT_EQ(value, 1U);
        ASSERT_TRUE(in.next_member(key));
        EXPECT_TRUE(key.equals("b"));
        ASSERT_TRUE(in.enter_array());
        ASSERT_TRUE(in.next_element());
        ASSERT_TRUE(in.next_element());  // the first is stepped over
        ASSERT_TRUE(in.read_unsigned(value));
        EXPECT_EQ(value, 3U);
        EXPECT_FALSE(in.next_element());
        EXPECT_FALSE(in.next_member(key));
        EXPECT_TRUE(in.at_end()) << hex;
    }
}

TEST(CborReader, StepsOverValuesAndKeysThatNobodyReads) {
    // {1: [1, {"x": h''}], [2]: 3, "k": 4}
    const std::string input = bytes("a3 01 82 01 a1 6178 40 8102 03 616b 04");
    CborReader in(as_bytes(input));
    ASSERT_TRUE(in.enter_map());
    int members = 0;
    std::uint64_t found = 0;
    for (CborString key; in.next_member(key); ++members)
        if (key.equals("k")) {
            EXPECT_TRUE(in.read_unsigned(found));
        } else {
            EXPECT_EQ(key.kind(), CborKind::invalid);
        }
    EXPECT_EQ(members, 3);
    EXPECT_EQ(found, 4U);
    EXPECT_TRUE(in.at_end());
}

TEST(CborReader, AReadThatDoesNotFitLeavesTheItem) {
    const std::string input = bytes("a1616161 62");
    CborReader in(as_bytes(input));
    std::uint64_t number = 0;
    bool flag = false;
    CborString string;
    EXPECT_FALSE(in.read_unsigned(number));
    EXPECT_FALSE(in.enter_array());
    EXPECT_FALSE(in.read_bytes(string));
    ASSERT_TRUE(in.enter_map());
    EXPECT_FALSE(in.read_text(string)) << "a key is taken by next_member alone";
    ASSERT_TRUE(in.next_member(string));
    EXPECT_FALSE(in.read_unsigned(number));
    EXPECT_FALSE(in.read_boolean(flag));
    EXPECT_FALSE(in.read_null());
    EXPECT_TRUE(in.read_text(string));
    EXPECT_FALSE(in.read_text(string)) << "taken already";
    EXPECT_FALSE(in.failed());
}

TEST(CborReader, RefusesWhatIsNotWellFormed) {
    for (const char* hex : {
             "",  // nothing
             "18",
             "19",
             "1a",
             "1b",
             "1901",
             "1a0102",
             "1b01020304050607",  // heads cut off
             "38",
             "58",
             "78",
             "98",
             "9a01ff00",
             "b8",
             "d8",
             "f8",
             "f900",
             "fa0000",
             "fb000000",
             "41",
             "61",
             "5affffffff00",
             "5bffffffffffffffff010203",
             "7affffffff00",
             "7b7fffffffffffffff010203",  // strings cut off
             "81",
             "818181818181818181",
             "8200",
             "a1",
             "a20102",
             "a100",
             "a2000000",  // containers cut off
             "9a80000000 00",
             "bb8000000000000000 00",
             "bbffffffffffffffff 00",  // counts that lie
             "5f4100",
             "7f6100",
             "9f",
             "9f0102",
             "bf",
             "bf01020102",
             "819f",
             "9f80",
             "9f9f9f9f9fffffffff",  // no break
             "1c",
             "1d",
             "1e",
             "3c",
             "5c",
             "7d",
             "9e",
             "bc",
             "dd",
             "fc",
             "fd",
             "fe",  // reserved
             "f800",
             "f801",
             "f818",
             "f81f",  // simple values that have a shorter form
             "5f00ff",
             "5f21ff",
             "5f6100ff",
             "5f80ff",
             "5fa0ff",
             "5fc000ff",
             "5fe0ff",
             "7f4100ff",  // chunks of another kind
             "5f5f4100ffff",
             "7f7f6100ffff",  // chunks in chunks
             "ff",
             "81ff",
             "8200ff",
             "a1ff",
             "a1ff00",
             "a100ff",
             "a20000ff",
             "9f81ff",
             "9f829f819f9fffffffff",  // a break where none may be
             "bf00ff",
             "bf000000ff",  // a key without a value
             "1f",
             "3f",
             "df",  // no indefinite integers and tags
             "61ff",
             "62c328",
             "63eda080",
             "7f61c361a4ff",  // no UTF-8
         }) {
        const std::string input = bytes(hex);
        CborReader in(as_bytes(input));
        EXPECT_FALSE(in.skip() && in.at_end()) << hex;
    }
}

TEST(CborReader, RefusesNestingPastItsBound) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '\x81') + '\x00'; };
    const std::string deepest = nested(CborReader::max_depth), deeper = nested(CborReader::max_depth + 1), abyss = nested(100000);
    EXPECT_TRUE(CborReader(as_bytes(deepest)).skip());
    for (const std::string* input : {&deeper, &abyss}) {
        CborReader in(as_bytes(*input));
        EXPECT_FALSE(in.skip());
        EXPECT_TRUE(in.failed());
    }
    // Keys nest too.
    std::string keys;
    for (int i = 0; i < 100; ++i) keys += '\xa1';
    CborReader in(as_bytes(keys));
    EXPECT_FALSE(in.skip());
}

TEST(CborReader, AFailureStays) {
    const std::string input = bytes("82 1c 00");
    CborReader in(as_bytes(input));
    ASSERT_TRUE(in.enter_array());
    ASSERT_TRUE(in.next_element());
    std::uint64_t value = 0;
    EXPECT_FALSE(in.read_unsigned(value));
    EXPECT_TRUE(in.failed());
    EXPECT_FALSE(in.next_element());
    EXPECT_FALSE(in.skip());
    EXPECT_EQ(in.kind(), CborKind::invalid);
    EXPECT_FALSE(in.at_end());
}

TEST(CborReader, NamesWhereAnItemEndedAndWhatIsLeft) {
    const std::string input = bytes("a0 00");
    CborReader in(as_bytes(input));
    ASSERT_TRUE(in.skip());
    EXPECT_EQ(in.position(), 1U);
    EXPECT_FALSE(in.at_end());
}

TEST(CborWriter, WritesTheShortestHeads) {
    std::array<std::uint8_t, 128> room{};
    CborWriter out(room);
    for (const std::uint64_t value : {0ULL, 23ULL, 24ULL, 255ULL, 256ULL, 65535ULL, 65536ULL, 4294967295ULL, 4294967296ULL})
        out.unsigned_integer(value);
    out.integer(-1);
    out.integer(-1000);
    out.integer(INT64_MIN);
    out.boolean(false);
    out.boolean(true);
    out.null();
    EXPECT_EQ(to_hex(out.written()),
              "00171818"
              "18ff190100"
              "19ffff1a00010000"
              "1affffffff1b0000000100000000"
              "203903e73b7fffffffffffffff"
              "f4f5f6");
}

TEST(CborWriter, WritesContainersAndStrings) {
    std::array<std::uint8_t, 64> room{};
    CborWriter out(room);
    out.begin_map();
    out.text("Fun");
    out.boolean(true);
    out.text("Amt");
    out.integer(-2);
    out.end();
    EXPECT_EQ(to_hex(out.written()), "bf6346756ef563416d7421ff");
    CborWriter other(room);
    other.array(2);
    other.bytes(as_bytes("\x01\x02"));
    other.map(0);
    EXPECT_EQ(to_hex(other.written()), "82420102a0");
}

TEST(CborWriter, SaysWhenTheMemoryIsTooSmall) {
    std::array<std::uint8_t, 3> room{};
    CborWriter out(room);
    out.text("ab");
    EXPECT_TRUE(out.fits());
    out.text("");
    EXPECT_FALSE(out.fits());
    CborWriter other(room);
    other.text("abc");
    EXPECT_FALSE(other.fits());
    CborWriter none({});
    none.map(0);
    EXPECT_FALSE(none.fits());
}

}  // namespace
}  // namespace otabahn::encoding
