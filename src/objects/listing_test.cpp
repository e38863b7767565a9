// SPDX-License-Identifier: Apache-2.0
// Listings (spec control-plane 2.6): order, prefixes, delimiters and pages, on both engines; and what a page costs.
#include "objects/listing.hpp"
#include "objects/s3_fixture_test.hpp"

#include <algorithm>
#include <map>

namespace otabahn::objects {
namespace {

class ListingTest : public S3Test {
  protected:
    template <class Output>
    static std::vector<std::string> keys_of(const Output& out) {
        std::vector<std::string> keys;
        for (const auto& object : out.contents.value_or(std::vector<s3::Object>{})) keys.push_back(*object.key);
        for (const auto& prefix : out.common_prefixes.value_or(std::vector<s3::CommonPrefix>{})) keys.push_back(*prefix.prefix);
        return keys;
    }
    // Every page of a listing, put together.
    std::vector<std::string> list_all(s3::ListObjectsV2Request in) {
        std::vector<std::string> out;
        for (int pages = 0; pages < 100; ++pages) {
            const auto page = call<s3::ListObjectsV2>(in);
            if (!page) throw std::runtime_error(page.error().message);
            const auto keys = keys_of(*page);
            EXPECT_EQ(page->key_count, static_cast<std::int32_t>(keys.size()));
            out.insert(out.end(), keys.begin(), keys.end());
            if (!*page->is_truncated) return out;
            in.continuation_token = page->next_continuation_token;
        }
        throw std::runtime_error("the listing never ends");
    }
};
using Keys = std::vector<std::string>;

TEST_P(ListingTest, KeysComeInByteOrderOnEveryEngine) {
    make_bucket("fwb");
    const Keys sorted = {"!", "A", "B/x", "_", "a", "a b", "a-", "a/", "b", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80"};
    for (auto at = sorted.rbegin(); at != sorted.rend(); ++at) put("fwb", *at, "x");
    for (const std::int32_t most : {1, 2, 5, 1000}) EXPECT_EQ(list_all({.bucket = "fwb", .max_keys = most}), sorted) << most;
}

TEST_P(ListingTest, ADelimiterFoldsAndEveryPageSizeGivesTheSame) {
    make_bucket("fwb");
    for (const auto* key : {"a", "photos/1", "photos/2", "photos/2024/x", "photos0", "videos/1", "z"}) put("fwb", key, "x");
    for (const std::int32_t most : {1, 2, 3, 1000}) {
        auto keys = list_all({.bucket = "fwb", .delimiter = "/", .max_keys = most});
        std::sort(keys.begin(), keys.end());
        EXPECT_EQ(keys, (Keys{"a", "photos/", "photos0", "videos/", "z"})) << most;
        keys = list_all({.bucket = "fwb", .delimiter = "/", .max_keys = most, .prefix = "photos/"});
        std::sort(keys.begin(), keys.end());
        EXPECT_EQ(keys, (Keys{"photos/1", "photos/2", "photos/2024/"})) << most;
    }
    EXPECT_EQ(list_all({.bucket = "fwb", .prefix = "photos"}), (Keys{"photos/1", "photos/2", "photos/2024/x", "photos0"}));
    EXPECT_TRUE(list_all({.bucket = "fwb", .prefix = "none"}).empty());
}

TEST_P(ListingTest, StartAfterAndMarkersSkipWhatStandsBefore) {
    make_bucket("fwb");
    for (const auto* key : {"a", "b/1", "b/2", "c"}) put("fwb", key, "x");
    EXPECT_EQ(list_all({.bucket = "fwb", .start_after = "a"}), (Keys{"b/1", "b/2", "c"}));
    EXPECT_EQ(list_all({.bucket = "fwb", .delimiter = "/", .start_after = "b/"}), (Keys{"c"}));
    EXPECT_EQ(list_all({.bucket = "fwb", .prefix = "b/", .start_after = "a"}), (Keys{"b/1", "b/2"}));
    const auto page = call<s3::ListObjects>({.bucket = "fwb", .delimiter = "/", .max_keys = 2});
    EXPECT_EQ(page->next_marker, "b/");
    EXPECT_EQ(keys_of(*call<s3::ListObjects>({.bucket = "fwb", .delimiter = "/", .marker = page->next_marker})), (Keys{"c"}));
    EXPECT_EQ(call<s3::ListObjects>({.bucket = "fwb", .max_keys = 2})->next_marker, std::nullopt);
}

TEST_P(ListingTest, MaxKeysIsCappedAndZeroIsAnEmptyPage) {
    make_bucket("fwb");
    put("fwb", "a", "x");
    const auto none = call<s3::ListObjectsV2>({.bucket = "fwb", .max_keys = 0});
    EXPECT_EQ(none->is_truncated, false);
    EXPECT_EQ(none->key_count, 0);
    EXPECT_EQ(call<s3::ListObjectsV2>({.bucket = "fwb", .max_keys = 5000})->max_keys, 1000);
    EXPECT_REFUSED(call<s3::ListObjectsV2>({.bucket = "fwb", .max_keys = -1}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::ListObjectsV2>({.bucket = "fwb", .continuation_token = "no token"}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::ListObjectsV2>({.bucket = "fwb", .encoding_type = "base64"}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::ListObjectsV2>({.bucket = "fwb", .prefix = "\xff"}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::ListObjectsV2>({.bucket = "fwb", .start_after = "\xff"}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::ListObjectsV2>({.bucket = "none"}), "NoSuchBucket", 404);
    EXPECT_REFUSED(call<s3::ListObjectsV2>({.bucket = "fwb"}, make_nobody()), "AccessDenied", 403);
}

TEST_P(ListingTest, EncodingTypeUrlEscapesEveryName) {
    make_bucket("fwb");
    put("fwb", "a+b/c d", "x");
    const auto page = call<s3::ListObjectsV2>({.bucket = "fwb", .delimiter = "+", .encoding_type = "url", .start_after = "a "});
    EXPECT_EQ(page->encoding_type, "url");
    EXPECT_EQ(page->delimiter, "%2B");
    EXPECT_EQ(page->start_after, "a%20");
    EXPECT_EQ(page->common_prefixes->at(0).prefix, "a%2B");
    EXPECT_EQ(call<s3::ListObjectsV2>({.bucket = "fwb", .encoding_type = "url", .prefix = "a+"})->contents->at(0).key, "a%2Bb/c%20d");
}

TEST_P(ListingTest, ContentsCarryWhatClientsNeed) {
    make_bucket("fwb");
    put("fwb", "a", "hello");
    const auto page = call<s3::ListObjectsV2>({.bucket = "fwb"});
    const auto object = page->contents->at(0);
    EXPECT_EQ(object.etag, "\"5d41402abc4b2a76b9719d911017c592\"");
    EXPECT_EQ(object.size, 5);
    EXPECT_EQ(object.storage_class, "STANDARD");
    EXPECT_EQ(object.last_modified, clock_.now());
    EXPECT_FALSE(object.owner);
    EXPECT_TRUE(call<s3::ListObjectsV2>({.bucket = "fwb", .fetch_owner = true})->contents->at(0).owner);
}

TEST_P(ListingTest, DeletedKeysAreNotListedAndOldVersionsNeither) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    put("fwb", "a", "1");
    put("fwb", "a", "2");
    put("fwb", "b", "1");
    remove("fwb", "b");
    EXPECT_EQ(list_all({.bucket = "fwb"}), (Keys{"a"}));
}

TEST_P(ListingTest, VersionsComeByKeyNewestFirstThroughEveryPageSize) {
    make_bucket("fwb");
    put("fwb", "a", "null");
    set_versioning("fwb", "Enabled");
    Keys expected;
    const auto a1 = *put("fwb", "a", "1").version_id, a2 = *remove("fwb", "a").version_id, a3 = *put("fwb", "a", "3").version_id;
    const auto b1 = *put("fwb", "b", "1").version_id;
    expected = {a3, a2, a1, "null", b1};
    for (const std::int32_t most : {1, 2, 3, 1000}) {
        std::vector<std::pair<std::string, std::string>> seen;
        s3::ListObjectVersionsRequest in{.bucket = "fwb", .max_keys = most};
        for (int pages = 0; pages < 20; ++pages) {
            const auto page = call<s3::ListObjectVersions>(in);
            ASSERT_TRUE(page) << page.error().message;
            for (const auto& version : page->versions.value_or(std::vector<s3::ObjectVersion>{}))
                seen.emplace_back(*version.key, *version.version_id);
            for (const auto& marker : page->delete_markers.value_or(std::vector<s3::DeleteMarkerEntry>{}))
                seen.emplace_back(*marker.key, *marker.version_id);
            if (!*page->is_truncated) break;
            in.key_marker = page->next_key_marker;
            in.version_id_marker = page->next_version_id_marker;
        }
        ASSERT_EQ(seen.size(), expected.size()) << most;
        for (const auto& id : expected)
            EXPECT_EQ(std::count_if(seen.begin(), seen.end(), [&](const auto& one) { return one.second == id; }), 1);
    }
    const auto all = call<s3::ListObjectVersions>({.bucket = "fwb"});
    EXPECT_EQ(all->versions->at(0).version_id, a3);
    EXPECT_EQ(all->versions->at(0).is_latest, true);
    EXPECT_EQ(all->versions->at(1).version_id, a1);
    EXPECT_EQ(all->versions->at(1).is_latest, false);
    EXPECT_EQ(all->delete_markers->at(0).is_latest, false);
}

TEST_P(ListingTest, AListingGoesOnBehindAVersionThatWasDeletedMeanwhile) {
    make_bucket("fwb");
    set_versioning("fwb", "Enabled");
    for (int i = 0; i < 5; ++i) put("fwb", "k", "x");
    s3::ListObjectVersionsRequest in{.bucket = "fwb", .max_keys = 2};
    int removed = 0;
    for (int pages = 0; pages < 10; ++pages) {
        const auto page = call<s3::ListObjectVersions>(in);
        for (const auto& version : *page->versions) {
            remove("fwb", "k", version.version_id);
            ++removed;
        }
        if (!*page->is_truncated) break;
        in.key_marker = page->next_key_marker;
        in.version_id_marker = page->next_version_id_marker;
    }
    EXPECT_EQ(removed, 5);
    EXPECT_EQ(count_blobs(), 0U);
}

TEST_P(ListingTest, AVersionMarkerNeedsAKeyMarkerAndAGrammar) {
    make_bucket("fwb");
    EXPECT_REFUSED(call<s3::ListObjectVersions>({.bucket = "fwb", .version_id_marker = "null"}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::ListObjectVersions>({.bucket = "fwb", .key_marker = "k", .version_id_marker = "bad"}), "InvalidArgument", 400);
    EXPECT_REFUSED(call<s3::ListObjectVersions>({.bucket = "none"}), "NoSuchBucket", 404);
}

INSTANTIATE_TEST_SUITE_P(Engines, ListingTest, testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

// A bucket in memory that counts the rows it is asked for.
class CountedRows {
  public:
    explicit CountedRows(std::vector<std::string> keys) : keys_(std::move(keys)) { std::sort(keys_.begin(), keys_.end()); }
    std::vector<StoredVersion> operator()(const Position& after, std::size_t count) {
        std::vector<StoredVersion> out;
        for (const auto& key : keys_) {
            if (after.newness == INT64_MIN ? key < after.key : key <= after.key) continue;
            if (out.size() == count) break;
            StoredVersion row;
            row.key = key;
            out.push_back(row);
        }
        rows += out.size();
        return out;
    }
    std::size_t rows = 0;

  private:
    std::vector<std::string> keys_;
};

TEST(ListPageCost, GrowsWithThePageAndNotWithTheBucket) {
    std::vector<std::string> keys;
    for (int folder = 0; folder < 10; ++folder)
        for (int i = 0; i < 1000; ++i) keys.push_back(std::string(1, static_cast<char>('a' + folder)) + "/" + std::to_string(i));
    CountedRows rows(keys);
    const auto page = list_page({.delimiter = "/"}, Position::before(""), std::ref(rows));
    EXPECT_EQ(page.common_prefixes.size(), 10U);
    EXPECT_LE(rows.rows, 10U * 64U);
    rows.rows = 0;
    EXPECT_EQ(list_page({.most = 7}, Position::before(""), std::ref(rows)).rows.size(), 7U);
    EXPECT_EQ(rows.rows, 8U);
}

TEST(ListPageCost, APageThatEndsInAFoldSeesThatThereIsMore) {
    CountedRows rows({"a/1", "a/2", "b"});
    const auto page = list_page({.delimiter = "/", .most = 1}, Position::before(""), std::ref(rows));
    EXPECT_TRUE(page.truncated);
    EXPECT_EQ(page.next, Position::before("a0"));
    const auto rest = list_page({.delimiter = "/", .most = 1}, page.next, std::ref(rows));
    EXPECT_FALSE(rest.truncated);
    EXPECT_EQ(rest.rows.at(0).key, "b");
}

TEST(Token, IsReadBackAndOtherTextIsNone) {
    for (const auto& position : {Position::before("a/"), Position::after("k\xc3\xbc")})
        EXPECT_EQ(parse_token(format_token(position)), position);
    for (const auto* text : {"", "xyz", "MWM=", "MWL/"}) EXPECT_FALSE(parse_token(text)) << text;
}

}  // namespace
}  // namespace otabahn::objects
