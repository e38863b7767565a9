// SPDX-License-Identifier: Apache-2.0
// URLs as signatures see them: RFC 3986 percent encoding, and a target taken apart without losing a byte. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otabahn::sigv4 {

enum class Slash { keep, encode };
// Everything but A-Z a-z 0-9 - . _ ~ becomes %XX, upper case; '/' as told.
std::string percent_encode(std::string_view text, Slash slash);
// A '%' that two hex digits do not follow stays as it is; '+' stays '+' (it is no blank in AWS's URLs).
std::string percent_decode(std::string_view text);

struct QueryPair {
    std::string name, value;  // decoded
    bool operator==(const QueryPair&) const = default;
};
std::vector<QueryPair> parse_query(std::string_view raw);

struct Target {
    std::string_view path, query;  // raw; the query without its '?'
};
Target split_target(std::string_view target);

bool is_lower_hex(std::string_view text, std::size_t digits);

}  // namespace otabahn::sigv4
