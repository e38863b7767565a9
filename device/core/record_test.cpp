// SPDX-License-Identifier: Apache-2.0
#include "device/core/record.hpp"

#include "base/error.hpp"
#include "device/core/transfer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace otabahn::device {
namespace {

Record sample() {
    Record record;
    record.active = 1;
    record.slots[1].present = true;
    record.slots[1].version_signed = true;
    record.slots[1].size = 123'456;
    record.slots[1].sha256.fill(0xAB);
    record.slots[1].version.assign("1.0.0");
    record.slots[0].version.assign("1.1.0");
    record.slots[0].identity.fill(0xCD);
    record.floor_version.assign("1.0.0");
    record.counter = 0xC0C1C2C3;
    record.slots[0].counter = 0xC4C5C6C7;
    record.stage = Stage::downloading;
    record.job.id.assign("J-1");
    record.job.execution = 7;
    record.block_size = 4'096;
    record.blocks = 20;
    record.message.assign("a message");
    return record;
}

struct Stored {
    std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(2'048);
    explicit Stored(std::uint32_t sequence, std::uint8_t first = 0b1010) {
        const std::vector<std::uint8_t> bitmap = {first, 0, 1};
        bytes.resize(encode_record(sample(), bitmap, sequence, bytes).size());
    }
};

TEST(Record, ComesBackAsItWasWritten) {
    const Stored stored(9);
    std::vector<std::uint8_t> bitmap(64);
    const auto loaded = decode_record(stored.bytes, bitmap);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->sequence, 9U);
    const Record& record = loaded->record;
    EXPECT_EQ(record.active, 1);
    EXPECT_EQ(record.target(), 0);
    EXPECT_TRUE(record.slots[1].present && record.slots[1].version_signed && !record.slots[0].present);
    EXPECT_EQ(record.slots[1].version.view(), "1.0.0");
    EXPECT_EQ(record.slots[0].identity, sample().slots[0].identity);
    EXPECT_EQ(record.counter, 0xC0C1C2C3U);
    EXPECT_EQ(record.slots[0].counter, 0xC4C5C6C7U);
    EXPECT_EQ(record.job, sample().job);
    EXPECT_EQ(record.stage, Stage::downloading);
    EXPECT_EQ(record.message.view(), "a message");
    EXPECT_EQ(bitmap[0], 0b1010);
    EXPECT_EQ(bitmap[2], 1);
}

// Devices are in the field with it.
TEST(Record, AFormatOnePageWithoutCountersIsRead) {
    std::vector<std::uint8_t> old = Stored(9).bytes;
    // The counters, from behind: of the record, of slot b, of slot a.
    const std::size_t slot_fixed = 1 + 1 + 8 + 32 + 32 + 1 + 5;
    const std::size_t slot_a = 15 + slot_fixed, slot_b = slot_a + 4 + slot_fixed, own = slot_b + 4 + 1 + 5 + 32;
    for (std::size_t at : {own, slot_b, slot_a})
        old.erase(old.begin() + static_cast<std::ptrdiff_t>(at), old.begin() + static_cast<std::ptrdiff_t>(at) + 4);
    old[4] = 1;
    old[6] = static_cast<std::uint8_t>(old.size());
    old[7] = static_cast<std::uint8_t>(old.size() >> 8);
    const std::uint32_t crc = crc32({old.data(), old.size() - 4});
    for (std::size_t i = 0; i < 4; ++i) old[old.size() - 4 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
    std::vector<std::uint8_t> bitmap(64);
    const auto loaded = decode_record(old, bitmap);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->record.counter, 0U);
    EXPECT_EQ(loaded->record.slots[0].counter, 0U);
    EXPECT_EQ(loaded->record.slots[1].version.view(), "1.0.0");
    EXPECT_EQ(loaded->record.message.view(), "a message");
    EXPECT_EQ(bitmap[0], 0b1010);
    old[4] = 3;
    EXPECT_FALSE(decode_record(old, bitmap)) << "of a later agent";
}

TEST(Record, EveryBitThatFlipsIsSeen) {
    const Stored stored(9);
    std::vector<std::uint8_t> bitmap(64);
    for (std::size_t bit = 0; bit < stored.bytes.size() * 8; ++bit) {
        auto damaged = stored.bytes;
        damaged[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        EXPECT_FALSE(decode_record(damaged, bitmap)) << bit;
    }
}

TEST(Record, EveryTruncationIsSeen) {
    const Stored stored(9);
    std::vector<std::uint8_t> bitmap(64);
    for (std::size_t size = 0; size < stored.bytes.size(); ++size) EXPECT_FALSE(decode_record({stored.bytes.data(), size}, bitmap)) << size;
}

TEST(Record, WhatLiesBehindItInThePageIsNotItsOwn) {
    Stored stored(9);
    stored.bytes.resize(stored.bytes.size() + 100, 0x5A);
    std::vector<std::uint8_t> bitmap(64);
    EXPECT_TRUE(decode_record(stored.bytes, bitmap));
}

TEST(Record, TheNewerPageWinsWhicheverItIs) {
    const Stored older(9, 1), newer(10, 2);
    std::vector<std::uint8_t> bitmap(64);
    auto loaded = decode_newest(older.bytes, newer.bytes, bitmap);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->page, 1);
    EXPECT_EQ(bitmap[0], 2);
    loaded = decode_newest(newer.bytes, older.bytes, bitmap);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->page, 0);
    EXPECT_EQ(bitmap[0], 2) << "the blocks are those of the page that won";
}

TEST(Record, SequenceNumbersMayWrapAround) {
    const Stored older(0xFFFFFFFF), newer(0);
    std::vector<std::uint8_t> bitmap(64);
    const auto loaded = decode_newest(older.bytes, newer.bytes, bitmap);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->sequence, 0U);
}

TEST(Record, ADamagedPageLeavesTheOtherAndIsTold) {
    const Stored good(9);
    Stored bad(10);
    bad.bytes[30] ^= 1;
    std::vector<std::uint8_t> bitmap(64);
    const auto loaded = decode_newest(good.bytes, bad.bytes, bitmap);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->sequence, 9U);
    EXPECT_TRUE(loaded->other_damaged);
    EXPECT_FALSE(decode_newest(bad.bytes, {}, bitmap));
    EXPECT_FALSE(decode_newest({}, {}, bitmap));
}

TEST(Record, ABitmapThatThisBuildCannotHoldDropsTheDownloadAlone) {
    const Stored stored(9);
    std::vector<std::uint8_t> bitmap(2);
    const auto loaded = decode_record(stored.bytes, bitmap);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->record.blocks, 0U);
    EXPECT_EQ(loaded->record.slots[1].version.view(), "1.0.0");
}

TEST(Record, FitsIntoWhatItSaysAtMost) {
    Record record = sample();
    const std::string longest(64, 'x');
    for (SlotImage& slot : record.slots) slot.version.assign(longest);
    record.floor_version.assign(longest);
    record.job.id.assign(longest);
    record.message.assign(std::string(160, 'm'));
    record.blocks = 0;
    std::vector<std::uint8_t> out(Record::fixed_bytes_at_most);
    EXPECT_FALSE(encode_record(record, {}, 1, out).empty());
    std::vector<std::uint8_t> tight(200);
    EXPECT_TRUE(encode_record(record, {}, 1, tight).empty());
}

TEST(FixedText, KeepsWholeCharactersWhenItCutsAndNothingWhenItMustNot) {
    FixedText<4> text;
    EXPECT_FALSE(text.assign("abcde"));
    EXPECT_TRUE(text.empty());
    text.append("abcü");
    EXPECT_EQ(text.view(), "abc");
    text.clear();
    text.append(std::uint64_t{70});
    EXPECT_EQ(text.view(), "70");
}

TEST(Crc32, IsTheOneOfIeee) { EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926U); }

}  // namespace
}  // namespace otabahn::device
