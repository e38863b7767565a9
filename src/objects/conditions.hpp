// SPDX-License-Identifier: Apache-2.0
// Conditional requests (spec control-plane 2.4): If-Match and its kin, judged against an object. Pure.
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::objects {

struct Conditions {
    std::optional<std::string> if_match, if_none_match;
    std::optional<Timestamp> if_modified_since, if_unmodified_since;
};

struct Judgement {
    enum class Kind { go_on, not_modified, failed } kind = Kind::go_on;
    std::string_view condition;  // the header that decided it
};

std::string_view unquote_etag(std::string_view etag);
std::string quote_etag(std::string_view etag);

// `etags` is a header's list: quotes optional, "*" is any.
bool matches_etag(std::string_view etags, std::string_view etag);

// For GET and HEAD. HTTP's dates have whole seconds, so the object's time counts without its milliseconds.
Judgement judge_read(const Conditions& conditions, std::string_view etag, Timestamp last_modified);
// For the source of a copy, whose every false condition is a failure.
Judgement judge_copy(const Conditions& conditions, std::string_view etag, Timestamp last_modified);

}  // namespace otabahn::objects
