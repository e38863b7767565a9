// SPDX-License-Identifier: Apache-2.0
#include "encoding/hex.hpp"

namespace otabahn::encoding {

std::optional<std::size_t> encode_hex(ByteView bytes, std::span<char> out) {
    constexpr char digits[] = "0123456789abcdef";
    if (out.size() / 2 < bytes.size()) return std::nullopt;
    std::size_t at = 0;
    for (const std::uint8_t byte : bytes) {
        out[at++] = digits[byte >> 4];
        out[at++] = digits[byte & 0xf];
    }
    return at;
}

std::optional<std::size_t> decode_hex(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() % 2 != 0 || out.size() < text.size() / 2) return std::nullopt;
    for (std::size_t i = 0; i < text.size() / 2; ++i) {
        const int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return text.size() / 2;
}

}  // namespace otabahn::encoding
