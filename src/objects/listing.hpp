// SPDX-License-Identifier: Apache-2.0
// How a listing pages: by key, with prefix and delimiter. It seeks, so its cost grows with the page and not with the bucket:
// what a common prefix folds away is stepped over by looking up the first key behind it. Pure but for the rows it is given.
#pragma once

#include "objects/versions.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::objects {

// Between rows: everything that comes after (key, newness) in the order of the listing.
struct Position {
    std::string key;
    std::int64_t newness = INT64_MIN;
    bool operator==(const Position&) const = default;

    static Position before(std::string key) { return {std::move(key), INT64_MIN}; }  // the key itself comes next
    static Position after(std::string key) { return {std::move(key), INT64_MAX}; }   // no version of the key comes any more
};

struct ListRequest {
    std::string prefix, delimiter;
    std::size_t most = 1000;
};

struct ListPage {
    std::vector<StoredVersion> rows;
    std::vector<std::string> common_prefixes;
    bool truncated = false;
    // When truncated: where the next page starts, and the last item given, by name.
    Position next;
    std::string last_item;
    std::optional<std::string> last_version;  // nothing: the last item is a common prefix
};

// Gives at most `count` rows after the position, in order.
using FetchRows = std::function<std::vector<StoredVersion>(const Position& after, std::size_t count)>;

ListPage list_page(const ListRequest& request, Position start, const FetchRows& fetch);

// A marker that names a common prefix stands behind all that it folds.
Position start_after_marker(const ListRequest& request, const std::string& marker);

// The continuation token of ListObjectsV2, opaque to its user.
std::string format_token(const Position& position);
std::optional<Position> parse_token(std::string_view token);

}  // namespace otabahn::objects
