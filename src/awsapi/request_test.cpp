// SPDX-License-Identifier: Apache-2.0
#include "awsapi/request.hpp"

#include "awsapi/text_values.hpp"

#include <gtest/gtest.h>

namespace otabahn::awsapi {
namespace {

TEST(Headers, NamesCompareWithoutRegardToCase) {
    Headers headers{{"Content-Type", "a"}, {"X", "1"}, {"x", "2"}};
    EXPECT_EQ(headers.value("content-type"), "a");
    EXPECT_EQ(headers.value("x"), "1");
    headers.set("X", "3");
    EXPECT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers.value("x"), "3");
    EXPECT_FALSE(headers.contains("Content-Typ"));
    EXPECT_EQ(headers.value("absent"), "");
}

TEST(Target, IsTakenApartWithoutDecodingThePath) {
    Request request;
    set_target(request, "/b/a%2Fb+c?prefix=p%2F&delimiter=%2F&uploads&x=a+b&=v&&y==");
    EXPECT_EQ(request.path, "/b/a%2Fb+c");
    EXPECT_EQ(request.raw_query, "prefix=p%2F&delimiter=%2F&uploads&x=a+b&=v&&y==");
    EXPECT_EQ(request.query, (QueryPairs{{"prefix", "p/"}, {"delimiter", "/"}, {"uploads", ""}, {"x", "a b"}, {"", "v"}, {"y", "="}}));
    EXPECT_EQ(request.target(), "/b/a%2Fb+c?prefix=p%2F&delimiter=%2F&uploads&x=a+b&=v&&y==");
}

TEST(Target, AnAbsoluteFormLosesItsHost) {
    Request request;
    set_target(request, "http://host:4566/b/k?x=1");
    EXPECT_EQ(request.path, "/b/k");
    set_target(request, "http://host:4566");
    EXPECT_EQ(request.path, "/");
    set_target(request, "/b/http://x");  // a key may look like one
    EXPECT_EQ(request.path, "/b/http://x");
    set_target(request, "");
    EXPECT_EQ(request.path, "/");
}

TEST(Percent, WhatIsNoEscapeStandsForItself) {
    EXPECT_EQ(percent_decode("a%20b"), "a b");
    EXPECT_EQ(percent_decode("a+b"), "a+b");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("100%"), "100%");
    EXPECT_EQ(percent_decode("%4"), "%4");
    EXPECT_EQ(percent_decode("%zz"), "%zz");
    EXPECT_EQ(percent_decode("%25zz"), "%zz");
    EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
}

TEST(Percent, EncodesWhatRfc3986DoesNotCallUnreserved) {
    EXPECT_EQ(percent_encode("a/b c+~-._ü"), "a%2Fb%20c%2B~-._%C3%BC");
    EXPECT_EQ(percent_encode("a/b", true), "a/b");
}

const Timestamp noon = from_millis(1751112000000);  // 2025-06-28T12:00:00Z

TEST(Time, IsWrittenInEachForm) {
    EXPECT_EQ(format_timestamp(noon, TimestampForm::iso8601), "2025-06-28T12:00:00.000Z");
    EXPECT_EQ(format_timestamp(noon, TimestampForm::iso8601_seconds), "2025-06-28T12:00:00Z");
    EXPECT_EQ(format_timestamp(noon, TimestampForm::rfc822), "Sat, 28 Jun 2025 12:00:00 GMT");
    EXPECT_EQ(format_timestamp(noon, TimestampForm::epoch_seconds), "1751112000");
    EXPECT_EQ(format_timestamp(from_millis(1486687079743), TimestampForm::epoch_seconds), "1486687079.743");
    EXPECT_EQ(format_timestamp(from_millis(1486687079007), TimestampForm::epoch_seconds), "1486687079.007");
    EXPECT_EQ(format_timestamp(from_millis(1486687079007), TimestampForm::iso8601), "2017-02-10T00:37:59.007Z");
}

TEST(Time, IsReadInEachForm) {
    for (const auto text : {"2025-06-28T12:00:00Z", "2025-06-28T12:00:00.000Z", "2025-06-28T14:00:00+02:00", "2025-06-28T07:00:00-0500",
                            "2025-06-28 12:00:00Z", "Sat, 28 Jun 2025 12:00:00 GMT", "1751112000", "1751112000.0", "1.751112E9"})
        EXPECT_EQ(parse_timestamp(text), noon) << text;
    EXPECT_EQ(parse_timestamp("2025-06-28T12:00:00.1234567Z"), noon + std::chrono::milliseconds(123));
}

TEST(Time, WhatIsNoPointInTimeIsNotRead) {
    for (const auto text :
         {"", "now", "2025-06-28", "2025-06-28T12:00:00", "2025-13-28T12:00:00Z", "2025-02-30T12:00:00Z", "2025-06-28T24:00:00Z",
          "2025-06-28T12:60:00Z", "2025-06-28T12:00:00.Z", "2025-06-28T12:00:00Zx", "Sat, 28 Jux 2025 12:00:00 GMT",
          "Sat 28 Jun 2025 12:00:00 GMT", "Sat, 28 Jun 2025 12:00:00 CET", "nan", "inf", "1e300", "-1e300", "17511120000000"})
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

TEST(TextValues, ANumberThatDoesNotFitIsNoNumber) {
    const ShapeRow integer{.name = "I", .kind = Kind::integer}, whole{.name = "L", .kind = Kind::long_integer},
        decimal{.name = "D", .kind = Kind::decimal}, flag{.name = "B", .kind = Kind::boolean}, blob{.name = "X", .kind = Kind::blob};
    std::int32_t i = 0;
    std::int64_t l = 0;
    double d = 0;
    bool b = false;
    std::string x;
    EXPECT_TRUE(assign_text(integer, "-5", &i) && i == -5);
    EXPECT_FALSE(assign_text(integer, "2147483648", &i));
    EXPECT_FALSE(assign_text(integer, "5.0", &i) || assign_text(integer, "", &i) || assign_text(integer, "5x", &i) ||
                 assign_text(integer, " 5", &i));
    EXPECT_TRUE(assign_text(whole, "9223372036854775807", &l) && l == INT64_MAX);
    EXPECT_FALSE(assign_text(whole, "9223372036854775808", &l));
    EXPECT_TRUE(assign_text(decimal, "1.1", &d) && d == 1.1);
    EXPECT_FALSE(assign_text(decimal, "inf", &d) || assign_text(decimal, "nan", &d));
    EXPECT_FALSE(assign_text(flag, "True", &b) || assign_text(flag, "1", &b) || assign_text(flag, "", &b));
    EXPECT_FALSE(assign_text(blob, "a*b=", &x));
    EXPECT_EQ(to_text(decimal, &d, TimestampForm::by_place), "1.1");
}

}  // namespace
}  // namespace otabahn::awsapi
