// SPDX-License-Identifier: Apache-2.0
// Keyset pages: a token is the last key of the page before, in hex (which fits nextToken and marker alike), so a page
// costs what it holds and no cursor is kept.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::registry {

inline constexpr std::int64_t default_page = 25;  // AWS's own for markers; spec control-plane 6.1

struct Page {
    std::string after;   // keys greater than this; "" is the start
    std::int64_t count;  // rows asked for
};

std::string format_token(const std::string& last_key);
Result<Page> parse_page(const std::optional<std::string>& token, const std::optional<std::int32_t>& count);

// Rows are fetched one more than asked for: if that one is there, it goes and the page before it gets a token.
template <class T, class Key>
std::optional<std::string> cut(std::vector<T>& rows, const Page& page, Key key) {
    if (static_cast<std::int64_t>(rows.size()) <= page.count) return std::nullopt;
    rows.resize(static_cast<std::size_t>(page.count), rows.front());
    return format_token(key(rows.back()));
}

}  // namespace otabahn::registry
