// SPDX-License-Identifier: Apache-2.0
// What S3 accepts as a name: buckets, keys, version ids; and how names order and are escaped. Pure.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::objects {

inline constexpr std::size_t max_key_bytes = 1024;
inline constexpr std::string_view null_version = "null";

// Nothing: fine. Otherwise the rule that it breaks, as a sentence.
std::optional<std::string> find_bucket_name_fault(std::string_view name);
// Text that both databases store: well-formed UTF-8 without U+0000.
bool is_storable_text(std::string_view text);

// A version id carries its place among the versions of its key, so a listing goes on after a version that is gone by then.
// 32 characters: 11 of the place, 21 random.
std::string format_version_id(std::int64_t sequence, std::string_view random);
inline constexpr std::size_t version_random_characters = 21;
bool is_version_id(std::string_view text);                                        // "null" or one of the above
std::optional<std::int64_t> parse_version_sequence(std::string_view version_id);  // nothing for "null"

// Random characters of 0-9 A-Z a-z, for ids.
std::string make_random_id(std::size_t characters);

// The smallest text that comes after all texts with this prefix, in byte order; nothing: none does.
std::optional<std::string> find_prefix_end(std::string_view prefix);

// encoding-type=url: clients decode "+" to a blank, so a literal one is escaped.
std::string encode_url(std::string_view text);

// "a=1&b=2", percent-encoded: how headers and metadata are stored.
using Fields = std::map<std::string, std::string>;
std::string format_fields(const Fields& fields);
Fields parse_fields(std::string_view text);

std::string bucket_arn(std::string_view bucket);
std::string object_arn(std::string_view bucket, std::string_view key);
// S3 shows an account as 64 hex digits.
std::string canonical_user_id(const AccountId& account);

}  // namespace otabahn::objects
