// SPDX-License-Identifier: Apache-2.0
// Text of bounded length in its own memory, for what the update must remember: names, versions, messages. No heap.
#pragma once

#include "base/texts.hpp"
#include "encoding/decimal.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace otabahn::device {

// Keeps of `text` what fits into `room` behind the `size` characters there, and never half of a UTF-8 character; gives how many.
std::size_t append_text(char* room, std::size_t capacity, std::size_t size, std::string_view text);

template <std::size_t N>
class FixedText {
  public:
    static constexpr std::size_t capacity = N;

    constexpr FixedText() = default;

    constexpr std::string_view view() const { return {data_, size_}; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr void clear() { size_ = 0; }

    // False, and left empty, when the text is too long to be kept whole.
    bool assign(std::string_view text) {
        clear();
        if (text.size() > N) return false;
        append(text);
        return true;
    }
    FixedText& append(std::string_view text) {
        size_ = static_cast<Size>(size_ + append_text(data_, N, size_, text));
        return *this;
    }
    FixedText& append(std::uint64_t number) { return append(encoding::Decimal(number).view()); }
    friend constexpr bool operator==(const FixedText& a, const FixedText& b) { return a.view() == b.view(); }

  private:
    using Size = std::conditional_t<(N < 256), std::uint8_t, std::uint16_t>;
    char data_[N] = {};
    Size size_ = 0;
};

// In place of a text that the build leaves out.
class NoText {
  public:
    static constexpr std::size_t capacity = 0;
    constexpr std::string_view view() const { return {}; }
    constexpr bool empty() const { return true; }
    constexpr void clear() {}
    constexpr bool assign(std::string_view) { return true; }
    constexpr NoText& append(std::string_view) { return *this; }
    constexpr NoText& append(std::uint64_t) { return *this; }
};

// Sentences for people (base/texts.hpp).
template <std::size_t N>
using Prose = std::conditional_t<texts, FixedText<N>, NoText>;
using Message = Prose<160>;

}  // namespace otabahn::device
