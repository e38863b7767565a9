// SPDX-License-Identifier: Apache-2.0
// Judges text by a pattern of the models. codegen/patterns.py has turned each into one character class repeated, or into a
// program whose states run side by side: time grows with the text alone, no stack, never std::regex (style: it overflows on
// long values and misreads \p{C}). A match is of the whole text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace otabahn::awsapi {

struct CodePointRange {
    std::uint32_t first, last;
};

struct CharacterClass {
    std::uint64_t low[4];                  // code points 0 to 255
    std::span<const CodePointRange> high;  // the others, ascending

    bool contains(std::uint32_t code_point) const;
};

struct Step {
    enum class Kind : std::uint8_t { character, split, jump, not_ahead, match };
    Kind kind;
    std::uint16_t a, b;  // character: class; split: both ways on; jump: target; not_ahead: literal
};

struct PatternRow {
    static constexpr std::uint32_t no_bound = UINT32_MAX;

    std::string_view text;      // as the model writes it, for messages
    const CharacterClass* run;  // the whole pattern is this class, `least` to `most` times; null: a program
    std::uint32_t least, most;
    std::span<const Step> program;
    std::span<const CharacterClass* const> classes;
    std::span<const std::string_view> literals;
};

// False also for text that is not UTF-8.
bool matches(const PatternRow& pattern, std::string_view text);

// Length as the models count it: code points; a byte that is no UTF-8 counts one.
std::size_t count_code_points(std::string_view text);

// The character at `at`, which moves past it; false, and `at` stays, when none that is well-formed starts there.
bool next_code_point(std::string_view text, std::size_t& at, std::uint32_t& code_point);

}  // namespace otabahn::awsapi
