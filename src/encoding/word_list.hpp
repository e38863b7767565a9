// SPDX-License-Identifier: Apache-2.0
// Numbered words, packed at build time into one run of characters: number, length, text, and so on; a length of 0 ends it. A row
// costs two bytes beside its text and no pointer, and the table that it was made of is not in the program.
//
//   constexpr auto words = pack_words<table, &Row::number, &Row::text>();
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otabahn::encoding {

template <const auto& table, auto number, auto text>
consteval auto pack_words() {
    constexpr std::size_t size = [] {
        std::size_t sum = 2;
        for (const auto& row : table) sum += 2 + (row.*text).size();
        return sum;
    }();
    std::array<char, size> out{};
    std::size_t at = 0;
    for (const auto& row : table) {
        const std::string_view word = row.*text;
        if (word.empty() || word.size() > 127) __builtin_unreachable();  // not constant, so it does not compile
        out[at++] = static_cast<char>(row.*number);
        out[at++] = static_cast<char>(word.size());
        for (const char c : word) out[at++] = c;
    }
    return out;
}

// Empty when there is no such number.
std::string_view find_word(const char* packed, std::uint8_t number);
std::optional<std::uint8_t> find_number(const char* packed, std::string_view text);

}  // namespace otabahn::encoding
