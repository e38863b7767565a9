// SPDX-License-Identifier: Apache-2.0
#include "encoding/word_list.hpp"

namespace otabahn::encoding {

namespace {
// The text of the first row that has this number, or this text.
const char* find(const char* row, const std::uint8_t* number, std::string_view text) {
    for (; row[1] != 0; row += 2 + row[1])
        if (number != nullptr ? static_cast<std::uint8_t>(row[0]) == *number
                              : std::string_view(row + 2, static_cast<std::size_t>(row[1])) == text)
            break;
    return row;
}
}  // namespace

std::string_view find_word(const char* packed, std::uint8_t number) {
    const char* row = find(packed, &number, {});
    return {row + 2, static_cast<std::size_t>(row[1])};
}

std::optional<std::uint8_t> find_number(const char* packed, std::string_view text) {
    const char* row = find(packed, nullptr, text);
    return row[1] == 0 ? std::nullopt : std::optional(static_cast<std::uint8_t>(row[0]));
}

}  // namespace otabahn::encoding
