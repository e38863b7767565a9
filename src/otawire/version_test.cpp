// SPDX-License-Identifier: Apache-2.0
// Design 4's row "versions": SemVer 2.0 order, other texts field by field at dots, numbers by value, a leading v dropped.
#include "otawire/version.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::otawire {
namespace {

void expect_ascending(const std::vector<std::string>& versions) {
    for (std::size_t i = 0; i < versions.size(); ++i)
        for (std::size_t j = 0; j < versions.size(); ++j)
            EXPECT_TRUE(compare_versions(versions[i], versions[j]) == (i <=> j)) << versions[i] << " and " << versions[j];
}

bool equal(std::string_view left, std::string_view right) {
    return compare_versions(left, right) == 0 && compare_versions(right, left) == 0;
}

bool older(std::string_view left, std::string_view right) { return compare_versions(left, right) < 0 && compare_versions(right, left) > 0; }

TEST(Versions, SemanticVersionsStandInTheOrderOfTheirSpecification) {
    expect_ascending({"0.0.0-0",     "0.0.0",         "0.0.1",
                      "0.1.0",       "0.9.10",        "0.10.0",
                      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                      "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
                      "1.0.0-rc.1",  "1.0.0",         "1.0.1",
                      "1.1.0",       "1.2.0",         "1.10.0",
                      "2.0.0",       "2.1.0",         "2.1.1",
                      "10.0.0"});
}

TEST(Versions, PreReleaseFieldsCompareByTheirKind) {
    expect_ascending({"1.0.0-0", "1.0.0-1", "1.0.0-9", "1.0.0-10", "1.0.0--", "1.0.0-1a", "1.0.0-A", "1.0.0-Z", "1.0.0-a", "1.0.0-a.0",
                      "1.0.0-a.b", "1.0.0-a-b", "1.0.0-b", "1.0.0"});
}

TEST(Versions, BuildMetadataDoesNotCount) {
    EXPECT_TRUE(equal("1.0.0+1", "1.0.0+2"));
    EXPECT_TRUE(equal("1.0.0+1", "1.0.0"));
    EXPECT_TRUE(equal("1.0.0-rc.1+exp.sha.5114f85", "1.0.0-rc.1"));
    EXPECT_TRUE(older("1.0.0-rc.1+9", "1.0.0+1"));
}

TEST(Versions, NumbersAreAsLongAsTheyLike) {
    expect_ascending({"1.0.18446744073709551615", "1.0.18446744073709551616", "1.0.99999999999999999999999999"});
}

TEST(Versions, ALeadingVIsDropped) {
    EXPECT_TRUE(equal("v1.2.3", "1.2.3"));
    EXPECT_TRUE(equal("V1.2.3", "v1.2.3"));
    EXPECT_TRUE(older("v1.9.0", "1.10.0"));
    EXPECT_TRUE(equal("v7", "7"));
    EXPECT_FALSE(equal("version", "ersion"));
}

TEST(Versions, OtherTextsCompareFieldByField) {
    expect_ascending({"1", "1.0", "1.0.0.0", "1.0.0.1", "1.0.0.10", "1.2", "1.10", "2", "10"});
    expect_ascending({"2024.1", "2024.1.5", "2024.10", "2025.1"});
    expect_ascending({"1.a", "1.b", "1.b.1"});
    EXPECT_TRUE(equal("1.02", "1.2"));
    EXPECT_TRUE(equal("001", "1"));
    EXPECT_TRUE(older("1.9", "1.a")) << "a number before a word";
    EXPECT_TRUE(older("build.10", "build-9"));
}

TEST(Versions, OneThatIsNotSemanticTakesBothToTheFields) {
    EXPECT_TRUE(older("1.2", "1.2.0"));
    EXPECT_TRUE(older("1.9.0", "1.10"));
    EXPECT_TRUE(older("1.0", "1.0.0-rc.1"));
    EXPECT_TRUE(older("01.0.0", "1.0.1"));
}

TEST(Versions, EmptyAndOddTextsHaveAnOrderToo) {
    EXPECT_TRUE(equal("", ""));
    EXPECT_FALSE(equal("", "1"));
    EXPECT_TRUE(older("1", "1."));
    EXPECT_TRUE(older("1", "")) << "an empty field is a word";
    EXPECT_TRUE(equal("gr\xc3\xbcn", "gr\xc3\xbcn"));
    EXPECT_TRUE(older("a", "\xc3\xa4")) << "bytes, not signed characters";
    EXPECT_TRUE(equal("sha256:0123456789ab", "sha256:0123456789ab"));
}

TEST(Versions, KnowsWhatIsSemantic) {
    for (const char* text :
         {"0.0.4", "1.2.3", "10.20.30", "1.1.2-prerelease+meta", "1.1.2+meta", "1.0.0-alpha0.valid", "1.0.0-rc.1+build.1",
          "1.2.3----RC-SNAPSHOT.12.9.1--.12", "1.0.0+0.build.1-rc.10000aaa-kk-0.1", "1.0.0-0A.is.legal", "v1.2.3"})
        EXPECT_TRUE(is_semantic_version(text)) << text;
    for (const char* text : {"",
                             "1",
                             "1.2",
                             "1.2.3-0123",
                             "1.2.3-0123.0123",
                             "1.1.2+.123",
                             "+invalid",
                             "-invalid",
                             "alpha",
                             "1.0.0-alpha_beta",
                             "1.0.0-alpha..",
                             "1.0.0-",
                             "1.0.0+",
                             "01.1.1",
                             "1.01.1",
                             "1.1.01",
                             "1.2.3.DEV",
                             "1.2-SNAPSHOT",
                             "1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788",
                             "-1.0.3-gamma+b7718",
                             "+justmeta",
                             "9.8.7+meta+meta",
                             "1.2.3 ",
                             " 1.2.3",
                             "vv1.2.3",
                             "1..3",
                             "1.2.",
                             "1.0.0-\xc3\xa4"})
        EXPECT_FALSE(is_semantic_version(text)) << text;
}

}  // namespace
}  // namespace otabahn::otawire
