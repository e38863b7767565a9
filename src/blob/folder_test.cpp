// SPDX-License-Identifier: Apache-2.0
#include "blob/folder.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace otabahn::blob {
namespace {

namespace fs = std::filesystem;

class FolderTest : public ::testing::Test {
  protected:
    FolderTest() {
        std::string pattern = fs::temp_directory_path() / "otabahn-blob-XXXXXX";
        folder_ = mkdtemp(pattern.data());
        open();
    }
    ~FolderTest() override { fs::remove_all(folder_); }

    void open() {
        auto opened = open_folder(folder_ / "blobs");
        ASSERT_TRUE(opened) << opened.error().message;
        blobs_ = std::move(opened).value();
    }

    std::string keep(std::string_view bytes) {
        auto writer = blobs_->create();
        EXPECT_TRUE(writer);
        EXPECT_TRUE((*writer)->append(as_bytes(bytes)));
        auto id = (*writer)->commit();
        EXPECT_TRUE(id);
        return *id;
    }

    std::string read(const std::string& id, std::uint64_t offset, std::size_t size) {
        const auto reader = blobs_->open(id);
        EXPECT_TRUE(reader);
        std::vector<std::uint8_t> out(size);
        const auto got = (*reader)->read_at(offset, out);
        EXPECT_TRUE(got);
        return std::string(as_text(ByteView(out).first(*got)));
    }

    std::size_t files() {
        std::size_t count = 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder_))
            if (entry.is_regular_file()) ++count;
        return count;
    }

    fs::path folder_;
    std::unique_ptr<runtime::BlobStore> blobs_;
};

TEST_F(FolderTest, ACommittedBlobIsReadWholeAndFromAnyOffset) {
    const auto id = keep("firmware");
    EXPECT_EQ(read(id, 0, 100), "firmware");
    EXPECT_EQ(read(id, 4, 3), "war");
    EXPECT_EQ(read(id, 8, 3), "");
    EXPECT_EQ(read(id, 1'000'000, 3), "");
}

TEST_F(FolderTest, ACommittedBlobIsThereAfterTheFolderIsOpenedAgain) {
    const auto id = keep("firmware");
    open();
    EXPECT_EQ(read(id, 0, 100), "firmware");
}

TEST_F(FolderTest, AnEmptyBlobIsABlob) { EXPECT_EQ(read(keep(""), 0, 10), ""); }

TEST_F(FolderTest, EqualBytesAreTwoBlobs) { EXPECT_NE(keep("same"), keep("same")); }

TEST_F(FolderTest, WithoutCommitNothingRemains) {
    {
        auto writer = blobs_->create();
        ASSERT_TRUE(writer);
        ASSERT_TRUE((*writer)->append(as_bytes("half")));
        EXPECT_EQ(files(), 1u);
    }
    EXPECT_EQ(files(), 0u);
}

TEST_F(FolderTest, WhatACrashLeftHalfWrittenIsRemovedWhenTheFolderIsOpened) {
    const auto id = keep("whole");
    std::ofstream(folder_ / "blobs" / "new" / "0123456789abcdef0123456789abcdef") << "half";
    ASSERT_EQ(files(), 2u);
    open();
    EXPECT_EQ(files(), 1u);
    EXPECT_EQ(read(id, 0, 100), "whole");
}

TEST_F(FolderTest, ASecondCommitIsRefused) {
    auto writer = blobs_->create();
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->commit());
    EXPECT_FALSE((*writer)->commit());
}

TEST_F(FolderTest, ARemovedBlobIsGoneButAnOpenReaderKeepsReading) {
    const auto id = keep("firmware");
    const auto reader = blobs_->open(id);
    ASSERT_TRUE(reader);
    ASSERT_TRUE(blobs_->remove(id));
    const auto again = blobs_->open(id);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::not_found);
    std::uint8_t first[1];
    EXPECT_EQ((*reader)->read_at(0, first).value(), 1u);
    EXPECT_EQ(blobs_->remove(id).error().code, ErrorCode::not_found);
}

TEST_F(FolderTest, AnIdThatIsNoIdNeverBecomesAPath) {
    keep("firmware");
    for (const char* id : {"", "new", "../blobs", "..", "/etc/passwd", "0123456789ABCDEF0123456789ABCDEF",
                           "0123456789abcdef0123456789abcde", "../456789abcdef0123456789abcdef0", "0123456789abcdef0123456789abcdef0"}) {
        const auto opened = blobs_->open(id);
        ASSERT_FALSE(opened) << id;
        EXPECT_EQ(opened.error().code, ErrorCode::not_found) << id;
        EXPECT_EQ(blobs_->remove(id).error().code, ErrorCode::not_found) << id;
    }
}

TEST_F(FolderTest, AVisitSeesWhatIsCommittedAndNothingElse) {
    std::set<std::string> kept{keep("a"), keep("b"), keep("c")}, seen;
    const auto gone = keep("d");
    ASSERT_TRUE(blobs_->remove(gone));
    const auto unfinished = blobs_->create();
    std::ofstream(folder_ / "blobs" / kept.begin()->substr(0, 2) / "README") << "not a blob";
    const auto now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    ASSERT_TRUE(blobs_->visit([&](const std::string& id, Timestamp written_at) {
        seen.insert(id);
        EXPECT_LT(std::chrono::abs(now - written_at), std::chrono::minutes(5));
    }));
    EXPECT_EQ(seen, kept);
}

TEST_F(FolderTest, AFolderThatCannotBeMadeIsNamed) {
    std::ofstream(folder_ / "file") << "in the way";
    const auto opened = open_folder(folder_ / "file");
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find((folder_ / "file").string()), std::string::npos) << opened.error().message;
}

}  // namespace
}  // namespace otabahn::blob
