// SPDX-License-Identifier: Apache-2.0
// Hex digits: written in lower case, read in either.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::encoding {

// The digit's value, or -1.
constexpr int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Gives the digits written, 2 a byte; nothing when `out` is too small.
std::optional<std::size_t> encode_hex(ByteView bytes, std::span<char> out);
// Gives the bytes written; nothing on an odd number of digits, another character, or too small an `out`.
std::optional<std::size_t> decode_hex(std::string_view text, std::span<std::uint8_t> out);

}  // namespace otabahn::encoding
