// SPDX-License-Identifier: Apache-2.0
#include "operator/bundle.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace otabahn::operator_tool {
namespace {

namespace fs = std::filesystem;

class Bundles : public testing::Test {
  protected:
    void SetUp() override { fs::remove_all(root); }
    void TearDown() override { fs::remove_all(root); }
    const fs::path root = fs::path(testing::TempDir()) / ("bundle-" + std::to_string(::getpid()));
    const fs::path folder = root / "lamp";
    static constexpr auto secret = fs::perms::owner_read | fs::perms::owner_write;
};

TEST_F(Bundles, AFolderThatHoldsSomethingIsRefused) {
    EXPECT_TRUE(check_free(folder)) << "absent";
    fs::create_directories(folder);
    EXPECT_TRUE(check_free(folder)) << "empty";
    std::ofstream(folder / "file") << "x";
    EXPECT_FALSE(check_free(folder));
    EXPECT_FALSE(check_free(folder / "file")) << "no folder at all";
}

TEST_F(Bundles, TheKeyIsItsOwnersAloneAndTheBundleIsWhole) {
    {
        BundleFolder bundle(folder);
        ASSERT_TRUE(bundle.reserve("KEY"));
        EXPECT_EQ(fs::status(folder / "private.key").permissions(), secret);
        ASSERT_TRUE(bundle.write({"lamp", "localhost:8883", "CERTIFICATE", "ROOT", {{"release.pem", "PEM"}}}));
        bundle.keep();
    }
    for (const char* file : {"device.toml", "certificate.pem", "private.key", "root-ca.pem", "trust/release.pem"})
        EXPECT_TRUE(fs::is_regular_file(folder / file)) << file;
}

TEST_F(Bundles, WhatIsNotKeptLeavesNothingBehind) {
    {
        BundleFolder bundle(folder);
        ASSERT_TRUE(bundle.reserve("KEY"));
        ASSERT_TRUE(bundle.write({"lamp", "localhost:8883", "CERTIFICATE", "ROOT", {{"release.pem", "PEM"}}}));
    }
    EXPECT_FALSE(fs::exists(folder));
}

TEST_F(Bundles, AFolderThatWasThereStaysAndSoDoesWhatOthersPutThere) {
    fs::create_directories(folder);
    {
        BundleFolder bundle(folder);
        ASSERT_TRUE(bundle.reserve("KEY"));
        std::ofstream(folder / "notes.txt") << "mine";
    }
    EXPECT_TRUE(fs::exists(folder / "notes.txt"));
    EXPECT_FALSE(fs::exists(folder / "private.key"));
}

TEST_F(Bundles, AFolderThatCannotBeMadeIsSaidBeforeAThingIsMade) {
    fs::create_directories(root);
    std::ofstream(root / "file") << "x";
    BundleFolder bundle(root / "file" / "lamp");
    const auto reserved = bundle.reserve("KEY");
    ASSERT_FALSE(reserved);
    EXPECT_THAT(reserved.error().message, testing::HasSubstr("no thing was made"));
}

}  // namespace
}  // namespace otabahn::operator_tool
