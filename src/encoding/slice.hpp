// SPDX-License-Identifier: Apache-2.0
// Pieces of text without std::string_view::substr, starts_with and the like, which pull in libstdc++'s throwing helpers.
#pragma once

#include <cstddef>
#include <string_view>

namespace otabahn::encoding {

// At most `count` characters from `from` on; what lies past the end is left out.
constexpr std::string_view slice(std::string_view text, std::size_t from, std::size_t count = std::string_view::npos) {
    if (from >= text.size()) return {};
    const std::size_t rest = text.size() - from;
    return {text.data() + from, count < rest ? count : rest};
}

constexpr bool begins_with(std::string_view text, std::string_view start) {
    return text.size() >= start.size() && slice(text, 0, start.size()) == start;
}

constexpr bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && slice(text, text.size() - end.size()) == end;
}

}  // namespace otabahn::encoding
