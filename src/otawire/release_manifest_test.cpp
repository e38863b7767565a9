// SPDX-License-Identifier: Apache-2.0
#include "otawire/release_manifest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace otabahn::otawire {
namespace {

const std::string sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string manifest(const std::string& product = "", const std::string& hardware = "[]") {
    return R"({"schema":1,"product":")" + product + R"(","hardware":)" + hardware +
           R"(,"version":"1.1.0","minVersion":"","files":[{"name":"firmware","size":600,"sha256":")" + sha + R"("}]})";
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

std::string verdict(const std::string& text) {
    const auto result = parse_release_manifest(text);
    if (result) return "accepted";
    std::array<char, 200> room{};
    const std::string sentence(describe(result.error(), "It", room)), name(name_of(result.error().fault));
    const auto from = sentence.find("member ");
    return from == std::string::npos ? name : name + " " + sentence.substr(from + 7, sentence.find(' ', from + 7) - from - 7);
}

TEST(ReleaseManifest, ReadsWhatWasSigned) {
    const std::string text = manifest("gateway", R"(["rev1","rev2"])");
    const auto result = parse_release_manifest(text);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->version.equals("1.1.0"));
    EXPECT_EQ(result->min_version.size(), 0U);
    ASSERT_EQ(result->files().size(), 1U);
    EXPECT_TRUE(result->files()[0].name.equals("firmware"));
    EXPECT_FALSE(result->files()[0].index);
    const Sha256 hash = result->files()[0].sha256;
    EXPECT_EQ(result->find_file(hash, 600), &result->files()[0]);
    EXPECT_EQ(result->find_file(hash, 601), nullptr);
    EXPECT_EQ(result->find_file({}, 600), nullptr);
}

TEST(ReleaseManifest, AnEmptyProductOrHardwareFitsAll) {
    const std::string open = manifest(), closed = manifest("gateway", R"(["rev1","r\u0065v2"])");
    EXPECT_TRUE(parse_release_manifest(open)->fits_product("anything"));
    EXPECT_TRUE(parse_release_manifest(open)->fits_hardware("anything"));
    const auto bound = parse_release_manifest(closed);
    EXPECT_TRUE(bound->fits_product("gateway"));
    EXPECT_FALSE(bound->fits_product("gatewa"));
    EXPECT_FALSE(bound->fits_product(""));
    EXPECT_TRUE(bound->fits_hardware("rev2"));
    EXPECT_FALSE(bound->fits_hardware("rev3"));
    EXPECT_FALSE(bound->fits_hardware(""));
}

TEST(ReleaseManifest, RefusesByTheMembersName) {
    EXPECT_EQ(verdict(""), "not-json");
    EXPECT_EQ(verdict("[]"), "not-json");
    EXPECT_EQ(verdict("{}"), "missing-member schema");
    EXPECT_EQ(verdict(replaced(manifest(), "\"schema\":1", "\"schema\":2")), "schema-too-high schema");
    for (const char* member : {"product", "hardware", "version", "files"})
        EXPECT_EQ(verdict(replaced(manifest(), "\"" + std::string(member) + "\"", "\"x\"")), "missing-member " + std::string(member));
    EXPECT_EQ(verdict(replaced(manifest(), "\"minVersion\"", "\"x\"")), "accepted");
    for (const char* member : {"name", "size", "sha256"})
        EXPECT_EQ(verdict(replaced(manifest(), "\"" + std::string(member) + "\"", "\"x\"")),
                  "missing-member files[0]." + std::string(member));
    EXPECT_EQ(verdict(manifest("", "\"rev1\"")), "wrong-type hardware");
    EXPECT_EQ(verdict(manifest("", "[1]")), "wrong-type hardware");
    EXPECT_EQ(verdict(replaced(manifest(), "600", "0")), "out-of-range files[0].size");
    EXPECT_EQ(verdict(replaced(manifest(), sha + "\"", sha + R"(","index":"12")")), "out-of-range files[0].index");
    EXPECT_EQ(verdict(replaced(manifest(), sha + "\"", sha + R"(","index":")" + sha + "\"")), "accepted");
    EXPECT_EQ(verdict(R"({"schema":1,"product":"","hardware":[],"version":"1","files":[]})"), "no-image files");
    EXPECT_EQ(verdict(R"({"schema":1,"product":"","hardware":[],"version":"1","files":{}})"), "wrong-type files");
}

}  // namespace
}  // namespace otabahn::otawire
