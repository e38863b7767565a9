// SPDX-License-Identifier: Apache-2.0
#include "device/core/reason.hpp"

#include "encoding/word_list.hpp"

namespace otabahn::device {

namespace {
constexpr auto words = encoding::pack_words<reason_table, &ReasonRow::reason, &ReasonRow::word>();
}

std::string_view word_of(Reason reason) {
    const std::string_view word = encoding::find_word(words.data(), static_cast<std::uint8_t>(reason));
    return word.empty() ? "none" : word;
}

Reason reason_from(std::uint8_t stored) {
    return encoding::find_word(words.data(), stored).empty() ? Reason::none : static_cast<Reason>(stored);
}

}  // namespace otabahn::device
