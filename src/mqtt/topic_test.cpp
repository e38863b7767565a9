// SPDX-License-Identifier: Apache-2.0
#include "mqtt/topic.hpp"

#include <gtest/gtest.h>

namespace otabahn::mqtt {
namespace {

TEST(TopicFilter, FormsOfClause471) {
    for (const char* good :
         {"a", "/", "a/b", "#", "+", "a/#", "+/+", "/+", "+/a/#", "a//b", "$aws/things/T/#", "$share/g/a/#", "$share/g//", "a b"})
        EXPECT_TRUE(is_topic_filter(good)) << good;
    for (const char* bad : {"", "a#", "a/#/b", "#/a", "a+", "a/b+", "+a", "##", "a/##", "$share/", "$share/g", "$share/g/", "$share/+/a",
                            "$share//a", "$share/g/a#"})
        EXPECT_FALSE(is_topic_filter(bad)) << bad;
    EXPECT_FALSE(is_topic_filter(std::string_view("a\0", 2)));
}

TEST(TopicName, HasNoWildcard) {
    EXPECT_TRUE(is_topic_name("/"));
    EXPECT_FALSE(is_topic_name(""));
    EXPECT_FALSE(is_topic_name("a/+"));
    EXPECT_FALSE(is_topic_name("a#"));
}

TEST(Matches, LevelByLevel) {
    for (const auto& [filter, topic] :
         std::initializer_list<std::pair<const char*, const char*>>{{"a/b", "a/b"},
                                                                    {"a/+", "a/b"},
                                                                    {"a/+", "a/"},
                                                                    {"+/+", "/x"},
                                                                    {"a/#", "a/b/c"},
                                                                    {"#", "a/b"},
                                                                    {"#", "/"},
                                                                    {"+", "a"},
                                                                    {"/+", "/a"},
                                                                    {"a/+/c", "a/b/c"},
                                                                    {"sensor/#", "sensor/"},
                                                                    {"sensor/#", "sensor/a/b"},
                                                                    {"$aws/things/+/jobs/#", "$aws/things/T/jobs/notify"}})
        EXPECT_TRUE(matches(filter, topic)) << filter << " " << topic;
    for (const auto& [filter, topic] : std::initializer_list<std::pair<const char*, const char*>>{{"a/b", "a/c"},
                                                                                                  {"a/b", "a"},
                                                                                                  {"a", "a/b"},
                                                                                                  {"a/+", "a"},
                                                                                                  {"a/+", "a/b/c"},
                                                                                                  {"+", "/a"},
                                                                                                  {"A", "a"},
                                                                                                  {"+/b", "$x/b"},
                                                                                                  {"#", "$aws/things"},
                                                                                                  {"a/", "a"}})
        EXPECT_FALSE(matches(filter, topic)) << filter << " " << topic;
}

TEST(Matches, HashDoesNotMatchItsParentAsAwsHasIt) {  // spec gateway 1.5
    EXPECT_FALSE(matches("sensor/#", "sensor"));
    EXPECT_FALSE(matches("a/b/#", "a/b"));
}

TEST(SharedFilter, SplitsNameAndFilter) {
    const auto shared = split_shared("$share/group/a/#");
    ASSERT_TRUE(shared.has_value());
    EXPECT_EQ(shared->name, "group");
    EXPECT_EQ(shared->filter, "a/#");
    EXPECT_FALSE(split_shared("a/$share/b").has_value());
}

TEST(Slashes, AreCounted) {
    EXPECT_EQ(count_slashes("a"), 0U);
    EXPECT_EQ(count_slashes("a/b//"), 3U);
}

}  // namespace
}  // namespace otabahn::mqtt
