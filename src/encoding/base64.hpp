// SPDX-License-Identifier: Apache-2.0
// Base64 with the standard alphabet (RFC 4648 section 4), whole or in pieces, into the caller's memory. No line breaks, no
// blanks. base64_string.hpp has the forms that hosts use.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::encoding {

constexpr std::size_t base64_length(std::size_t bytes) { return (bytes + 2) / 3 * 4; }
// Enough for what so many characters decode to.
constexpr std::size_t base64_bytes_at_most(std::size_t characters) { return (characters + 3) / 4 * 3; }

enum class Base64Padding {
    strict,   // "=" fills the last group, and the bits that it leaves over are zero
    lenient,  // "=" may be missing; bits left over are not looked at
};

// Gives the characters written; nothing when `out` is too small.
std::optional<std::size_t> encode_base64(ByteView bytes, std::span<char> out);
// Gives the bytes written; nothing when the text is no base64 or `out` is too small for it.
std::optional<std::size_t> decode_base64(std::string_view text, std::span<std::uint8_t> out, Base64Padding padding = Base64Padding::strict);
// How many bytes decode_base64 will write, judged by length and "=" alone.
std::size_t base64_decoded_size(std::string_view text);

// Encodes what comes in pieces of any size.
class Base64Encoder {
  public:
    // What append() may write for a piece of so many bytes.
    static constexpr std::size_t room_for(std::size_t bytes) { return (bytes + 2) / 3 * 4; }
    std::optional<std::size_t> append(ByteView piece, std::span<char> out);
    // The last group, 0 or 4 characters.
    std::optional<std::size_t> finish(std::span<char> out);

  private:
    std::uint8_t carry_[2] = {};
    std::size_t carried_ = 0;
};

// Decodes what comes in pieces of any size. After a refusal it stays refused.
class Base64Decoder {
  public:
    explicit Base64Decoder(Base64Padding padding = Base64Padding::strict) : padding_(padding) {}
    static constexpr std::size_t room_for(std::size_t characters) { return (characters + 3) / 4 * 3; }
    std::optional<std::size_t> append(std::string_view piece, std::span<std::uint8_t> out);
    // False: the text broke off inside a group (or, strict, without its "=").
    bool finish();

  private:
    std::nullopt_t refuse();

    Base64Padding padding_;
    std::uint32_t bits_ = 0;
    int digits_ = 0;  // of the group begun
    int padded_ = 0;  // "=" seen
    bool failed_ = false;
};

}  // namespace otabahn::encoding
