// SPDX-License-Identifier: Apache-2.0
#include "objects/range.hpp"

#include <algorithm>
#include <charconv>

namespace otabahn::objects {
namespace {

// Digits alone; a number too large for 64 bits is as good as the largest.
std::optional<std::uint64_t> parse_number(std::string_view text) {
    if (text.empty()) return std::nullopt;
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (end != text.data() + text.size()) return std::nullopt;
    if (error == std::errc::result_out_of_range) return UINT64_MAX;
    if (error != std::errc()) return std::nullopt;
    return out;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

RangeChoice choose_range(std::string_view header, std::uint64_t size) {
    using Kind = RangeChoice::Kind;
    header = trim(header);
    if (!header.starts_with("bytes=")) return {};
    const auto spec = trim(header.substr(6));
    const auto dash = spec.find('-');
    if (dash == std::string_view::npos) return {};
    const auto first_text = trim(spec.substr(0, dash)), last_text = trim(spec.substr(dash + 1));

    if (first_text.empty()) {
        const auto suffix = parse_number(last_text);
        if (!suffix) return {};
        if (*suffix == 0 || size == 0) return {Kind::unsatisfiable, {}};
        const auto length = std::min(*suffix, size);
        return {Kind::part, {size - length, length}};
    }
    const auto first = parse_number(first_text);
    if (!first) return {};
    auto last = UINT64_MAX;
    if (!last_text.empty()) {
        const auto given = parse_number(last_text);
        if (!given || *given < *first) return {};
        last = *given;
    }
    if (*first >= size) return {Kind::unsatisfiable, {}};
    last = std::min(last, size - 1);
    return {Kind::part, {*first, last - *first + 1}};
}

std::optional<ByteRange> parse_copy_range(std::string_view header, std::uint64_t size) {
    if (!header.starts_with("bytes=")) return std::nullopt;
    const auto spec = header.substr(6);
    const auto dash = spec.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = parse_number(spec.substr(0, dash)), last = parse_number(spec.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= size) return std::nullopt;
    return ByteRange{*first, *last - *first + 1};
}

std::string format_content_range(const ByteRange& range, std::uint64_t size) {
    return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.first + range.length - 1) + "/" + std::to_string(size);
}

}  // namespace otabahn::objects
