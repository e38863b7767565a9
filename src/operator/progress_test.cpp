// SPDX-License-Identifier: Apache-2.0
#include "operator/progress.hpp"

#include <gmock/gmock.h>

namespace otabahn::operator_tool {
namespace {

using testing::ElementsAre;

TEST(Progress, PercentIsReadInTheFormsThatDevicesWrite) {
    const std::pair<const char*, int> rows[] = {{"0", 0},
                                                {"45", 45},
                                                {"45%", 45},
                                                {"100", 100},
                                                {"450/1000", 45},
                                                {"1/3", 33},
                                                {"1000", 100},
                                                {"3/2", 100},
                                                {"", 0},
                                                {"abc", 0},
                                                {"-5", 0},
                                                {"5/0", 0},
                                                {"5/", 0},
                                                {"/5", 0},
                                                {"5/-1", 0},
                                                {"9223372036854775807", 100},
                                                {"9999999999999999999999/9999999999999999999999", 100}};
    for (const auto& [text, percent] : rows) EXPECT_EQ(percent_of(text), percent) << text;
}

TEST(Progress, AJobThatStillMakesExecutionsHasNotEnded) {
    const std::vector<Execution> done = {{"a", "SUCCEEDED", {}}, {"b", "FAILED", {}}},
                                 running = {{"a", "SUCCEEDED", {}}, {"b", "QUEUED", {}}};
    EXPECT_FALSE(job_has_ended("IN_PROGRESS", done)) << "a slow rollout may add more";
    EXPECT_FALSE(job_has_ended("IN_PROGRESS", {}));
    EXPECT_FALSE(job_has_ended("SCHEDULED", {}));
    EXPECT_FALSE(job_has_ended("CANCELED", running)) << "cancelled without force: the device still works on it";
    EXPECT_TRUE(job_has_ended("COMPLETED", done));
    EXPECT_TRUE(job_has_ended("CANCELED", done));
    EXPECT_TRUE(job_has_ended("DELETION_IN_PROGRESS", {}));
}

TEST(Progress, OnlyAllSucceededIsGood) {
    EXPECT_TRUE(is_good({{"a", "SUCCEEDED", {}}}));
    EXPECT_FALSE(is_good({}));
    for (const char* status : {"FAILED", "REJECTED", "CANCELED", "TIMED_OUT", "REMOVED", "QUEUED"})
        EXPECT_FALSE(is_good({{"a", "SUCCEEDED", {}}, {"b", status, {}}})) << status;
}

TEST(Progress, WhatADeviceWroteCannotCommandTheTerminal) {
    const auto line = line_of({"lamp",
                               "FAILED",
                               {{"reason", "x\x1b[2J"},
                                {"message",
                                 "a\nb\r\x07\xc2\x9b"
                                 "31m\x7f"}}});
    EXPECT_EQ(line, "lamp  FAILED  x [2J: a b    31m ");
    EXPECT_EQ(shown("größer \xe2\x82\xac"), "größer \xe2\x82\xac") << "letters stay";
}

TEST(Progress, ALineSaysWhatMattersInEachStatus) {
    EXPECT_EQ(line_of({"lamp", "QUEUED", {}}), "lamp  QUEUED");
    EXPECT_EQ(line_of({"lamp", "IN_PROGRESS", {{"progress", "50"}, {"reason", "downloading"}, {"message", "32 of 64 blocks"}}}),
              "lamp  IN_PROGRESS  [###############...............] 50 %  downloading");
    EXPECT_EQ(line_of({"lamp", "REJECTED", {{"progress", "0"}, {"reason", "version-lower"}, {"message", "1.0 is lower than 1.1"}}}),
              "lamp  REJECTED  version-lower: 1.0 is lower than 1.1");
}

TEST(Progress, ManyDevicesAreCountedFewAreListed) {
    std::vector<Execution> executions(8, {"a", "QUEUED", {}});
    EXPECT_EQ(lines_of(executions).size(), 8U);
    executions.push_back({"b", "SUCCEEDED", {}});
    EXPECT_THAT(lines_of(executions), ElementsAre("9 devices:  QUEUED 8  SUCCEEDED 1"));
}

TEST(Progress, ALineIsCutBetweenCharacters) {
    EXPECT_EQ(cut_to("abc", 3), "abc");
    EXPECT_EQ(cut_to("abcd", 3), "abc");
    EXPECT_EQ(cut_to("ab\xc3\xa4", 3), "ab");
    EXPECT_EQ(cut_to("ab", 0), "");
}

}  // namespace
}  // namespace otabahn::operator_tool
