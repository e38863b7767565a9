// SPDX-License-Identifier: Apache-2.0
// Text of bounded length in its own memory, for what the update must remember: names, versions, messages. No heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace otabahn::device {

template <std::size_t N>
class FixedText {
  public:
    static constexpr std::size_t capacity = N;

    constexpr FixedText() = default;

    constexpr std::string_view view() const { return {data_, size_}; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr void clear() { size_ = 0; }

    // False, and left empty, when the text is too long to be kept whole.
    constexpr bool assign(std::string_view text) {
        clear();
        if (text.size() > N) return false;
        append(text);
        return true;
    }
    // Keeps what fits, and never half of a UTF-8 character.
    constexpr FixedText& append(std::string_view text) {
        std::size_t count = text.size() < N - size_ ? text.size() : N - size_;
        if (count < text.size())
            while (count > 0 && (static_cast<unsigned char>(text[count]) & 0xC0) == 0x80) --count;
        for (std::size_t i = 0; i < count; ++i) data_[size_ + i] = text[i];
        size_ += count;
        return *this;
    }
    constexpr FixedText& append(std::uint64_t number) {
        char digits[20] = {};
        std::size_t count = 0;
        do {
            digits[count++] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        char text[20] = {};
        for (std::size_t i = 0; i < count; ++i) text[i] = digits[count - 1 - i];
        return append(std::string_view(text, count));
    }
    friend constexpr bool operator==(const FixedText& a, const FixedText& b) { return a.view() == b.view(); }

  private:
    char data_[N] = {};
    std::size_t size_ = 0;
};

}  // namespace otabahn::device
