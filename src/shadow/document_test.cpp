// SPDX-License-Identifier: Apache-2.0
// Merge, null, delta and timestamps without a store (spec gateway 5.3).
#include "shadow/document.hpp"
#include "shadow/messages.hpp"
#include "shadow/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace otabahn::shadow {
namespace {

constexpr Timestamp second(std::int64_t at) { return from_millis(at * 1000); }

class DocumentTest : public ::testing::Test {
  protected:
    // Applies {"state":STATE} and gives the state that it leaves.
    std::string update(const std::string& state, Timestamp now = second(100)) {
        const auto request = parse_update("{\"state\":" + state + "}", limits);
        if (!request) return request.error().refusal.message;
        const auto updated = apply(stored, *request, now, limits);
        if (!updated) return updated.error().message;
        stored = Stored{updated->after, std::nullopt};
        return format_state(stored->document.sections);
    }
    std::string desired(const std::string& value) { return update("{\"desired\":" + value + "}"); }
    std::string delta() const {
        const auto out = delta_of(stored->document.sections);
        std::string text;
        if (out) append_state(text, *out);
        return text;
    }
    std::string metadata() const { return format_metadata(stored->document.sections); }

    Limits limits = aws_limits;
    std::optional<Stored> stored;
};

TEST_F(DocumentTest, ObjectsAreMergedAndEverythingElseReplaces) {
    EXPECT_EQ(desired(R"({"a":{"b":1,"c":[1,2]},"d":"x"})"), R"({"desired":{"a":{"b":1,"c":[1,2]},"d":"x"}})");
    EXPECT_EQ(desired(R"({"a":{"c":[3]}})"), R"({"desired":{"a":{"b":1,"c":[3]},"d":"x"}})");
    EXPECT_EQ(desired(R"({"d":{"e":true}})"), R"({"desired":{"a":{"b":1,"c":[3]},"d":{"e":true}}})");
    EXPECT_EQ(desired(R"({"a":5})"), R"({"desired":{"a":5,"d":{"e":true}}})");
    EXPECT_EQ(update(R"({"reported":{"z":0,"a":0,"m":0}})"), R"({"desired":{"a":5,"d":{"e":true}},"reported":{"a":0,"m":0,"z":0}})");
}

TEST_F(DocumentTest, NullRemovesAnAttributeOrASection) {
    desired(R"({"a":{"b":1,"c":2},"d":3})");
    EXPECT_EQ(desired(R"({"a":{"b":null},"unknown":null})"), R"({"desired":{"a":{"c":2},"d":3}})");
    EXPECT_EQ(desired(R"({"a":null,"e":{"f":null,"g":{"h":null}}})"), R"({"desired":{"d":3,"e":{"g":{}}}})");
    EXPECT_EQ(update(R"({"desired":null,"reported":{"r":1}})"), R"({"reported":{"r":1}})");
    EXPECT_EQ(update(R"({"reported":{"r":null}})"), "{}");
}

TEST_F(DocumentTest, EmptyObjectsStayAsAttributesAndEmptySectionsGo) {
    EXPECT_EQ(desired(R"({"a":{}})"), R"({"desired":{"a":{}}})");
    EXPECT_EQ(desired("{}"), R"({"desired":{"a":{}}})");
    EXPECT_EQ(desired(R"({"a":null})"), "{}");
    EXPECT_EQ(update(R"({"desired":{},"reported":{}})"), "{}");
}

TEST_F(DocumentTest, StateNullEmptiesBothSections) {
    update(R"({"desired":{"a":1},"reported":{"a":2}})");
    EXPECT_EQ(update("null"), "{}");
    EXPECT_EQ(metadata(), "{}");
    EXPECT_EQ(stored->document.version, 2);
}

TEST_F(DocumentTest, NumbersKeepTheirTextAndStringsAreOneSpelling) {
    EXPECT_EQ(desired(R"({"f":21.50,"big":123456789012345678901234567890,"e":1E5,"s":"\u0041\/","\u0041":"é"})"),
              R"({"desired":{"A":"é","big":123456789012345678901234567890,"e":1E5,"f":21.50,"s":"A/"}})");
    EXPECT_EQ(desired(R"({"A":null})"), R"({"desired":{"big":123456789012345678901234567890,"e":1E5,"f":21.50,"s":"A/"}})");
}

TEST_F(DocumentTest, OfMembersNamedTwiceTheLastCounts) {
    EXPECT_EQ(desired(R"({"a":1,"b":2,"a":3,"a":{"c":4}})"), R"({"desired":{"a":{"c":4},"b":2}})");
}

TEST_F(DocumentTest, EachLeafHasTheSecondOfItsLastUpdate) {
    update(R"({"desired":{"a":1,"b":{"c":[1,{"d":2}]},"e":{}}})", second(100));
    EXPECT_EQ(metadata(), R"({"desired":{"a":{"timestamp":100},"b":{"c":[{"timestamp":100},{"d":{"timestamp":100}}]},"e":{}}})");
    update(R"({"desired":{"a":1},"reported":{"x":"y"}})", second(200));  // the same value again is an update too
    EXPECT_EQ(
        metadata(),
        R"({"desired":{"a":{"timestamp":200},"b":{"c":[{"timestamp":100},{"d":{"timestamp":100}}]},"e":{}},"reported":{"x":{"timestamp":200}}})");
}

TEST_F(DocumentTest, DeltaIsWhatDesiredHasAndReportedHasNotOrOtherwise) {
    struct Row {
        const char *desired, *reported, *delta;
    };
    const Row rows[] = {
        // Those of the specification.
        {R"({"a":1})", "{}", R"({"a":1})"},
        {R"({"on":true})", R"({"on":false})", R"({"on":true})"},
        {R"({"on":true})", R"({"on":true,"x":1})", ""},
        {R"({"l":["v1"]})", R"({"l":["v1","v2"]})", R"({"l":["v1"]})"},
        {R"({"a":{"b":{"c":"d2"}}})", R"({"a":{"b":{"c":"d","e":"f"}}})", R"({"a":{"b":{"c":"d2"}}})"},
        {R"({"a":{"b1":{"c":"d"},"b2":"s"}})", R"({"a":{"b1":{"c":"d"}}})", R"({"a":{"b2":"s"}})"},
        // Kinds that differ, and numbers that do not.
        {R"({"a":{"b":1}})", R"({"a":1})", R"({"a":{"b":1}})"},
        {R"({"a":1})", R"({"a":{"b":1}})", R"({"a":1})"},
        {R"({"a":1})", R"({"a":"1"})", R"({"a":1})"},
        {R"({"a":21,"b":1.50,"c":1e2})", R"({"a":21.0,"b":1.5,"c":100})", ""},
        {R"({"a":9007199254740993})", R"({"a":9007199254740992})", R"({"a":9007199254740993})"},
        {R"({"l":[1,{"a":2}]})", R"({"l":[1.0,{"a":2}]})", ""},
        {R"({"l":[1,2]})", R"({"l":[2,1]})", R"({"l":[1,2]})"},
        {R"({"a":{}})", R"({"b":1})", R"({"a":{}})"},
        {"{}", R"({"b":1})", ""},
    };
    for (const auto& row : rows) {
        stored.reset();
        update(std::string("{\"desired\":") + row.desired + ",\"reported\":" + row.reported + "}");
        EXPECT_EQ(delta(), row.delta) << row.desired << " against " << row.reported;
    }
}

TEST_F(DocumentTest, TheStateThatAnUpdateLeavesIsLimitedToo) {
    const auto half = R"({"a":")" + std::string(5000, 'x') + R"("})";
    EXPECT_EQ(desired(half).size(), 5020U);
    const auto before = format_state(stored->document.sections);
    EXPECT_EQ(update("{\"reported\":" + half + "}"), "Json document too large.  Size is 10040, max allowed: 8192");
    EXPECT_EQ(format_state(stored->document.sections), before);
    limits = extended_limits;
    EXPECT_EQ(update("{\"reported\":" + half + "}").size(), 10040U);
}

TEST_F(DocumentTest, WhatIsStoredIsReadBackLeafByLeaf) {
    update(R"({"desired":{"b":{"c":[1,{"d":"\u0000"}]},"e":{},"a":false}})", second(100));
    update(R"({"reported":{"a":"\"","n":-0.5}})", second(200));
    const auto& sections = stored->document.sections;
    const auto again = parse_stored(format_state(sections), format_timestamps(sections));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(format_state(*again), format_state(sections));
    EXPECT_EQ(format_metadata(*again), format_metadata(sections));
    EXPECT_FALSE(parse_stored(format_state(sections), "[100]"));
    EXPECT_FALSE(parse_stored(format_state(sections), "100"));
    EXPECT_FALSE(parse_stored("[]", "[]"));
    EXPECT_FALSE(parse_stored("", "[]"));
}

TEST_F(DocumentTest, VersionGoesOnFor48HoursAfterADeletion) {
    desired(R"({"a":1})");
    desired(R"({"a":1})");
    EXPECT_EQ(stored->document.version, 2);
    const auto deleted = stored = Stored{{{}, 2}, second(100)};
    EXPECT_EQ(update(R"({"desired":{"b":1}})", second(100) + std::chrono::hours(48) - std::chrono::milliseconds(1)),
              R"({"desired":{"b":1}})");
    EXPECT_EQ(stored->document.version, 3);
    stored = deleted;
    update(R"({"desired":{"b":1}})", second(100) + std::chrono::hours(48));
    EXPECT_EQ(stored->document.version, 1);
}

TEST_F(DocumentTest, AnotherVersionThanTheCurrentOneIsRefused) {
    const auto at = [&](const std::string& version) {
        const auto request = parse_update(R"({"state":{"desired":{"a":1}},"version":)" + version + "}", limits);
        EXPECT_TRUE(request);
        const auto updated = apply(stored, *request, second(100), limits);
        if (!updated) return std::to_string(updated.error().code) + " " + updated.error().message;
        stored = Stored{updated->after, std::nullopt};
        return std::to_string(updated->after.version);
    };
    EXPECT_EQ(at("1"), "409 Version conflict");  // of a shadow that is not there
    EXPECT_EQ(at("0"), "1");
    EXPECT_EQ(at("0"), "409 Version conflict");
    EXPECT_EQ(at("2"), "409 Version conflict");
    EXPECT_EQ(at("1"), "2");
    stored = Stored{{{}, 2}, second(50)};
    EXPECT_EQ(at("1"), "409 Version conflict");
    EXPECT_EQ(at("2"), "3");
    stored = Stored{{{}, 2}, second(50)};
    EXPECT_EQ(at("0"), "3");
}

}  // namespace
}  // namespace otabahn::shadow
