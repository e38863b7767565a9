// SPDX-License-Identifier: Apache-2.0
#include "otawire/stream_topic.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace otabahn::otawire {
namespace {

TEST(StreamTopic, ReadsAndWritesTheFiveVerbsInBothFormats) {
    std::array<char, longest_stream_topic> room{};
    for (const char* verb : {"describe", "description", "get", "data", "rejected"})
        for (const char* format : {"json", "cbor"}) {
            const std::string text = std::string("$aws/things/T:1/streams/AFR_OTA-5/") + verb + "/" + format;
            const auto topic = parse_stream_topic(text);
            ASSERT_TRUE(topic) << text;
            EXPECT_EQ(topic->thing, "T:1");
            EXPECT_EQ(topic->stream, "AFR_OTA-5");
            EXPECT_EQ(format_stream_topic(*topic, room), text);
            EXPECT_TRUE(is_stream_topic(text));
        }
}

TEST(StreamTopic, RefusesWhatIsNoneOfThem) {
    for (const char* text : {"", "$aws", "$aws/things/", "$aws/things/T/streams/S/get", "$aws/things/T/streams/S/get/",
                             "$aws/things/T/streams/S/get/xml", "$aws/things/T/streams/S/get/JSON", "$aws/things/T/streams/S/create/json",
                             "$aws/things/T/streams/S/get/json/", "$aws/things/T/streams/S/get/json/x", "$aws/things/T/streams//get/json",
                             "$aws/things//streams/S/get/json", "$aws/things/T/streams/S.1/get/json", "$aws/things/T/stream/S/get/json",
                             "aws/things/T/streams/S/get/json", "$aws/things/T/jobs/S/get/json", "/$aws/things/T/streams/S/get/json"})
        EXPECT_FALSE(parse_stream_topic(text)) << text;
    EXPECT_FALSE(parse_stream_topic("$aws/things/T/streams/" + std::string(129, 's') + "/get/json"));
    EXPECT_TRUE(parse_stream_topic("$aws/things/T/streams/" + std::string(128, 's') + "/get/json"));
}

TEST(StreamTopic, KnowsWhichTopicsAreOfStreamsEvenWhenMalformed) {
    for (const char* text :
         {"$aws/things/T/streams", "$aws/things/T/streams/", "$aws/things/T/streams/a/b/c/d/e", "$aws/things/T/streams/S/get/xml"})
        EXPECT_TRUE(is_stream_topic(text)) << text;
    for (const char* text :
         {"$aws/things/T/streamsx/S/get/json", "$aws/things//streams/S/get/json", "$aws/things/T/jobs/get", "$aws/things/streams/S", ""})
        EXPECT_FALSE(is_stream_topic(text)) << text;
}

TEST(StreamTopic, SplitsAMalformedTopicForTheAnswerToIt) {
    const auto parts = split_stream_topic("$aws/things/T/streams/S.1/get/xml/more/levels");
    EXPECT_EQ(parts.thing, "T");
    EXPECT_EQ(parts.stream, "S.1");
    EXPECT_EQ(parts.verb, "get");
    EXPECT_EQ(parts.format, "xml");
    EXPECT_TRUE(parts.trailing);
    EXPECT_TRUE(split_stream_topic("$aws/things/T/streams").stream.empty());
    EXPECT_TRUE(split_stream_topic("other").thing.empty());
}

TEST(StreamTopic, WritesOnlyIntoEnoughMemory) {
    std::array<char, 35> room{};
    const StreamTopic topic{"T", "S", StreamVerb::get, Format::json};
    EXPECT_FALSE(format_stream_topic(topic, std::span(room).first(31)));
    EXPECT_EQ(format_stream_topic(topic, std::span(room).first(32)), "$aws/things/T/streams/S/get/json");
}

}  // namespace
}  // namespace otabahn::otawire
