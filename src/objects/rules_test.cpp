// SPDX-License-Identifier: Apache-2.0
// The rules of S3 that need no store: names, ranges, conditions, checksums, copy sources.
#include "encoding/base64_string.hpp"
#include "objects/checksums.hpp"
#include "objects/conditions.hpp"
#include "objects/copy_source.hpp"
#include "objects/names.hpp"
#include "objects/range.hpp"

#include <gtest/gtest.h>

#include <set>

namespace otabahn::objects {
namespace {

TEST(BucketName, OrdinaryNamesAreFine) {
    for (const auto* name : {"abc", "otabahn-000000000000-us-east-1", "a.b.c", "1bucket2"})
        EXPECT_FALSE(find_bucket_name_fault(name)) << name;
}

TEST(BucketName, WhatAwsRefusesIsRefused) {
    for (const auto* name : {"", "ab", "Bucket", "a_b", "-abc", "abc-", ".abc", "a..b", "192.168.1.1", "xn--abc", "sthree-abc",
                             "amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "abc.mrap", "abc--x-s3", "a/b/c", "abc\n"})
        EXPECT_TRUE(find_bucket_name_fault(name)) << name;
    EXPECT_TRUE(find_bucket_name_fault(std::string(64, 'a')));
    EXPECT_FALSE(find_bucket_name_fault(std::string(63, 'a')));
}

TEST(VersionId, CarriesItsPlaceAndIsUrlSafe) {
    for (std::int64_t place : {std::int64_t{1}, std::int64_t{61}, std::int64_t{62}, std::int64_t{123456789}, INT64_MAX}) {
        const auto id = format_version_id(place, make_random_id(version_random_characters));
        EXPECT_EQ(id.size(), 32U);
        EXPECT_TRUE(is_version_id(id));
        EXPECT_EQ(parse_version_sequence(id), place);
    }
}

TEST(VersionId, OtherTextIsNone) {
    EXPECT_TRUE(is_version_id("null"));
    for (const auto* text :
         {"", "Null", "abc", "0123456789012345678901234567890", "012345678901234567890123456789ab-", "zzzzzzzzzzz012345678901234567890"})
        EXPECT_FALSE(is_version_id(text)) << text;
}

TEST(PrefixEnd, ComesAfterEveryTextWithThePrefix) {
    EXPECT_EQ(find_prefix_end("a/"), "a0");
    EXPECT_EQ(find_prefix_end("a\x7f"), "a\xc2\x80");            // the next code point, still UTF-8
    EXPECT_EQ(find_prefix_end("\xed\x9f\xbf"), "\xee\x80\x80");  // surrogates are stepped over
    EXPECT_EQ(find_prefix_end("a\xf4\x8f\xbf\xbf"), "b");        // nothing after U+10FFFF but the next of what stands before
    EXPECT_EQ(find_prefix_end("\xf4\x8f\xbf\xbf"), std::nullopt);
    EXPECT_EQ(find_prefix_end(""), std::nullopt);
}

TEST(StorableText, NeitherNulNorBrokenUtf8) {
    EXPECT_TRUE(
        is_storable_text("f\xc3\xbc"
                         "r/x"));
    EXPECT_FALSE(is_storable_text(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_storable_text("a\xff"));
}

TEST(UrlEncoding, APlusIsEscapedAndASlashStays) { EXPECT_EQ(encode_url("a/b+c d\xc3\xbc"), "a/b%2Bc%20d%C3%BC"); }

TEST(Fields, SurviveStorage) {
    const Fields fields = {{"a&b", "c=d"}, {"x", "100% \n\xff"}, {"empty", ""}};
    EXPECT_EQ(parse_fields(format_fields(fields)), fields);
    EXPECT_TRUE(parse_fields("").empty());
}

constexpr auto whole = RangeChoice{};
constexpr RangeChoice part(std::uint64_t first, std::uint64_t length) { return {RangeChoice::Kind::part, {first, length}}; }
constexpr auto unsatisfiable = RangeChoice{RangeChoice::Kind::unsatisfiable, {}};

TEST(Range, OneRangeIsCutToTheObject) {
    EXPECT_EQ(choose_range("bytes=0-9", 100), part(0, 10));
    EXPECT_EQ(choose_range("bytes=90-", 100), part(90, 10));
    EXPECT_EQ(choose_range("bytes=90-1000", 100), part(90, 10));
    EXPECT_EQ(choose_range("bytes=-10", 100), part(90, 10));
    EXPECT_EQ(choose_range("bytes=-1000", 100), part(0, 100));
    EXPECT_EQ(choose_range(" bytes= 1 - 2 ", 100), part(1, 2));
    EXPECT_EQ(choose_range("bytes=0-99999999999999999999999", 100), part(0, 100));
}

TEST(Range, BeyondTheEndIsUnsatisfiable) {
    EXPECT_EQ(choose_range("bytes=100-", 100), unsatisfiable);
    EXPECT_EQ(choose_range("bytes=100-200", 100), unsatisfiable);
    EXPECT_EQ(choose_range("bytes=-0", 100), unsatisfiable);
    EXPECT_EQ(choose_range("bytes=0-", 0), unsatisfiable);
    EXPECT_EQ(choose_range("bytes=-5", 0), unsatisfiable);
    EXPECT_EQ(choose_range("bytes=99999999999999999999999-", 100), unsatisfiable);
}

TEST(Range, SeveralRangesOrBadGrammarMeanTheWholeObject) {
    for (const auto* header : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,5-6", "items=0-1", "bytes=1",
                               "bytes=-1-2", "bytes=+1-2", "bytes=0x1-2"})
        EXPECT_EQ(choose_range(header, 100), whole) << header;
}

TEST(Range, OfACopyHasBothEndsInsideTheSource) {
    EXPECT_EQ(parse_copy_range("bytes=0-99", 100), (ByteRange{0, 100}));
    for (const auto* header : {"bytes=0-100", "bytes=0-", "bytes=-5", "0-5", "bytes=9-8", "bytes=0-5,7-8"})
        EXPECT_FALSE(parse_copy_range(header, 100)) << header;
}

TEST(Range, ContentRangeNamesFirstLastAndTotal) { EXPECT_EQ(format_content_range({10, 5}, 100), "bytes 10-14/100"); }

constexpr Timestamp stored = from_millis(1'700'000'000'500);
using Kind = Judgement::Kind;

TEST(Conditions, IfMatchFalseFails) {
    EXPECT_EQ(judge_read({.if_match = "\"other\""}, "etag", stored).kind, Kind::failed);
    EXPECT_EQ(judge_read({.if_match = "\"etag\""}, "etag", stored).kind, Kind::go_on);
    EXPECT_EQ(judge_read({.if_match = "etag"}, "etag", stored).kind, Kind::go_on);
    EXPECT_EQ(judge_read({.if_match = "*"}, "etag", stored).kind, Kind::go_on);
    EXPECT_EQ(judge_read({.if_match = "\"a\", \"etag\""}, "etag", stored).kind, Kind::go_on);
}

TEST(Conditions, IfNoneMatchThatMatchesIsNotModified) {
    EXPECT_EQ(judge_read({.if_none_match = "\"etag\""}, "etag", stored).kind, Kind::not_modified);
    EXPECT_EQ(judge_read({.if_none_match = "\"other\""}, "etag", stored).kind, Kind::go_on);
}

TEST(Conditions, DatesHaveWholeSeconds) {
    const auto same_second = from_millis(1'700'000'000'000);
    EXPECT_EQ(judge_read({.if_modified_since = same_second}, "e", stored).kind, Kind::not_modified);
    EXPECT_EQ(judge_read({.if_unmodified_since = same_second}, "e", stored).kind, Kind::go_on);
    EXPECT_EQ(judge_read({.if_unmodified_since = from_millis(1'699'999'999'000)}, "e", stored).kind, Kind::failed);
    EXPECT_EQ(judge_read({.if_modified_since = from_millis(1'699'999'999'000)}, "e", stored).kind, Kind::go_on);
}

TEST(Conditions, EtagsOutrankDates) {
    EXPECT_EQ(judge_read({.if_match = "e", .if_unmodified_since = from_millis(0)}, "e", stored).kind, Kind::go_on);
    EXPECT_EQ(judge_read({.if_none_match = "x", .if_modified_since = stored}, "e", stored).kind, Kind::go_on);
}

TEST(Conditions, OfACopyFailWhereAReadIsNotModified) {
    EXPECT_EQ(judge_copy({.if_none_match = "e"}, "e", stored).kind, Kind::failed);
    EXPECT_EQ(judge_copy({.if_none_match = "e"}, "e", stored).condition, "If-None-Match");
}

TEST(CopySource, BucketKeyAndVersion) {
    EXPECT_EQ(parse_copy_source("b/k"), (CopySource{"b", "k", std::nullopt}));
    EXPECT_EQ(parse_copy_source("/b/a/k%20%3F+?versionId=v1"), (CopySource{"b", "a/k ?+", "v1"}));
    EXPECT_EQ(parse_copy_source("b%2Fk"), (CopySource{"b", "k", std::nullopt}));
}

TEST(CopySource, WithoutBucketOrKeyIsNone) {
    for (const auto* header : {"", "/", "b", "b/", "/b/", "//k", "?versionId=1"}) EXPECT_FALSE(parse_copy_source(header)) << header;
}

std::string checksum_of(ChecksumKind kind, std::string_view text) {
    sigv4::Checksum checksum(kind);
    checksum.update(as_bytes(text));
    return checksum.finish_base64();
}

PartSummary part_of(ChecksumKind kind, std::string_view text) {
    sigv4::Digest md5(sigv4::DigestKind::md5);
    md5.update(as_bytes(text));
    return {text.size(), md5.finish(), checksum_of(kind, text)};
}

class Crc : public testing::TestWithParam<ChecksumKind> {};

TEST_P(Crc, OfTheWholeComesFromThePartsOnes) {
    const std::string a(100'003, 'a'), b = "short", c(1 << 20, 'c');
    const std::vector parts = {part_of(GetParam(), a), part_of(GetParam(), b), part_of(GetParam(), c)};
    EXPECT_EQ(make_multipart_checksum(GetParam(), ChecksumScope::full_object, parts), checksum_of(GetParam(), a + b + c));
    EXPECT_EQ(make_multipart_checksum(GetParam(), ChecksumScope::full_object, {parts[0]}), checksum_of(GetParam(), a));
}

INSTANTIATE_TEST_SUITE_P(EveryKind, Crc, testing::Values(ChecksumKind::crc32, ChecksumKind::crc32c, ChecksumKind::crc64nvme));

TEST(MultipartChecksum, ACompositeOneIsOverThePartsChecksums) {
    const std::vector parts = {part_of(ChecksumKind::sha256, "a"), part_of(ChecksumKind::sha256, "b")};
    const auto joined = *encoding::from_base64(parts[0].checksum) + *encoding::from_base64(parts[1].checksum);
    EXPECT_EQ(make_multipart_checksum(ChecksumKind::sha256, ChecksumScope::composite, parts),
              checksum_of(ChecksumKind::sha256, joined) + "-2");
}

TEST(MultipartChecksum, ThereIsNoneWhenAPartHasNoneOrItCannotBeMerged) {
    auto parts = std::vector{part_of(ChecksumKind::sha256, "a")};
    EXPECT_FALSE(make_multipart_checksum(ChecksumKind::sha256, ChecksumScope::full_object, parts));
    parts[0].checksum.clear();
    EXPECT_FALSE(make_multipart_checksum(ChecksumKind::sha256, ChecksumScope::composite, parts));
}

TEST(MultipartEtag, IsTheMd5OfTheMd5sAndTheirNumber) {
    // md5(md5("a") + md5("b")), computed by another program.
    EXPECT_EQ(make_multipart_etag({part_of(ChecksumKind::crc32, "a"), part_of(ChecksumKind::crc32, "b")}),
              "96e024ba2074fe77e8e965ba43a704be-2");
}

TEST(GivenChecksum, TwoOrAMalformedOneAreRefused) {
    EXPECT_EQ(judge_checksums({{ChecksumKind::crc32, "NjowIA=="}, {ChecksumKind::sha1, "x"}}, "").error().code, "InvalidRequest");
    EXPECT_EQ(judge_checksums({{ChecksumKind::crc32, "NjowIA"}}, "").error().code, "InvalidRequest");
    EXPECT_EQ(judge_checksums({{ChecksumKind::sha256, "NjowIA=="}}, "").error().code, "InvalidRequest");
    EXPECT_EQ(judge_checksums({}, "XXHASH3").error().code, "InvalidRequest");
    EXPECT_TRUE(judge_checksums({{ChecksumKind::crc32, "NjowIA=="}}, "").value().has_value());
    EXPECT_FALSE(judge_checksums({}, "").value().has_value());
}

TEST(RandomIds, DifferAndAreAlphanumeric) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(make_random_id(21));
    EXPECT_EQ(seen.size(), 100U);
    EXPECT_EQ(make_random_id(200).size(), 200U);
}

}  // namespace
}  // namespace otabahn::objects
