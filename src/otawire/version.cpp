// SPDX-License-Identifier: Apache-2.0
#include "otawire/version.hpp"

#include "encoding/slice.hpp"

#include <cstddef>

namespace otabahn::otawire {

namespace {

using encoding::slice;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_v(std::string_view text) {
    const bool dropped = text.size() > 1 && (text[0] == 'v' || text[0] == 'V') && is_digit(text[1]);
    return dropped ? slice(text, 1) : text;
}

std::size_t find(std::string_view text, char wanted) {
    std::size_t at = 0;
    while (at < text.size() && text[at] != wanted) ++at;
    return at;
}

bool is_number(std::string_view text) {
    for (const char c : text)
        if (!is_digit(c)) return false;
    return !text.empty();
}

// Cuts the next dotted field off `rest`; false when there is none left.
bool next_field(std::string_view& rest, bool& more, std::string_view& field) {
    if (!more) return false;
    const std::size_t dot = find(rest, '.');
    field = slice(rest, 0, dot);
    more = dot < rest.size();
    rest = slice(rest, dot + 1);
    return true;
}

struct SemanticVersion {
    std::string_view core, pre_release;
    bool sound = false;
};

bool are_identifiers(std::string_view text, bool leading_zeros) {
    std::string_view field;
    for (bool more = true; next_field(text, more, field);) {
        if (field.empty()) return false;
        for (const char c : field)
            if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-') return false;
        if (!leading_zeros && is_number(field) && field.size() > 1 && field[0] == '0') return false;
    }
    return true;
}

SemanticVersion parse_semantic(std::string_view text) {
    SemanticVersion out;
    const std::size_t plus = find(text, '+');
    const std::string_view before = slice(text, 0, plus);
    const std::size_t dash = find(before, '-');
    out.core = slice(before, 0, dash);
    out.pre_release = slice(before, dash + 1);
    if (plus < text.size() && !are_identifiers(slice(text, plus + 1), true)) return out;
    if (dash < before.size() && !are_identifiers(out.pre_release, false)) return out;
    std::string_view rest = out.core, field;
    int fields = 0;
    for (bool more = true; next_field(rest, more, field); ++fields)
        if (!is_number(field) || (field.size() > 1 && field[0] == '0')) return out;
    out.sound = fields == 3;
    return out;
}

std::weak_ordering compare_texts(std::string_view left, std::string_view right) {
    for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
        const auto a = static_cast<unsigned char>(left[i]), b = static_cast<unsigned char>(right[i]);
        if (a != b) return a <=> b;
    }
    return left.size() <=> right.size();
}

// Of any length: firmware is numbered by dates and build counters too.
std::weak_ordering compare_numbers(std::string_view left, std::string_view right) {
    while (left.size() > 1 && left[0] == '0') left = slice(left, 1);
    while (right.size() > 1 && right[0] == '0') right = slice(right, 1);
    if (left.size() != right.size()) return left.size() <=> right.size();
    return compare_texts(left, right);
}

std::weak_ordering compare_fields(std::string_view left, std::string_view right) {
    std::string_view a, b;
    for (bool more_left = true, more_right = true;;) {
        const bool has_left = next_field(left, more_left, a), has_right = next_field(right, more_right, b);
        if (!has_left || !has_right) return has_left <=> has_right;
        const bool left_number = is_number(a), right_number = is_number(b);
        if (left_number != right_number) return left_number ? std::weak_ordering::less : std::weak_ordering::greater;
        const std::weak_ordering order = left_number ? compare_numbers(a, b) : compare_texts(a, b);
        if (order != 0) return order;
    }
}

}  // namespace

bool is_semantic_version(std::string_view text) { return parse_semantic(without_v(text)).sound; }

std::weak_ordering compare_versions(std::string_view left, std::string_view right) {
    left = without_v(left);
    right = without_v(right);
    const SemanticVersion a = parse_semantic(left), b = parse_semantic(right);
    if (!a.sound || !b.sound) return compare_fields(left, right);
    const std::weak_ordering core = compare_fields(a.core, b.core);
    if (core != 0) return core;
    // A release is newer than its own pre-releases.
    if (a.pre_release.empty() || b.pre_release.empty()) return a.pre_release.empty() <=> b.pre_release.empty();
    return compare_fields(a.pre_release, b.pre_release);
}

}  // namespace otabahn::otawire
