// SPDX-License-Identifier: Apache-2.0
#include "encoding/base64.hpp"

#include <array>

namespace otabahn::encoding {

namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> values = [] {
    std::array<std::uint8_t, 256> out{};
    for (auto& value : out) value = no_digit;
    for (std::uint8_t i = 0; i < 64; ++i) out[static_cast<std::uint8_t>(alphabet[i])] = i;
    return out;
}();

void encode_group(std::uint32_t bits, char* out) {
    out[0] = alphabet[bits >> 18 & 0x3f];
    out[1] = alphabet[bits >> 12 & 0x3f];
    out[2] = alphabet[bits >> 6 & 0x3f];
    out[3] = alphabet[bits & 0x3f];
}

}  // namespace

std::optional<std::size_t> encode_base64(ByteView bytes, std::span<char> out) {
    Base64Encoder encoder;
    const auto body = encoder.append(bytes, out);
    if (!body) return std::nullopt;
    const auto tail = encoder.finish(out.subspan(*body));
    if (!tail) return std::nullopt;
    return *body + *tail;
}

std::optional<std::size_t> decode_base64(std::string_view text, std::span<std::uint8_t> out, Base64Padding padding) {
    Base64Decoder decoder(padding);
    const auto size = decoder.append(text, out);
    if (!size || !decoder.finish()) return std::nullopt;
    return size;
}

std::size_t base64_decoded_size(std::string_view text) {
    std::size_t digits = text.size();
    while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
    return digits / 4 * 3 + digits % 4 * 6 / 8;
}

std::optional<std::size_t> Base64Encoder::append(ByteView piece, std::span<char> out) {
    const std::size_t groups = (carried_ + piece.size()) / 3;
    if (out.size() / 4 < groups) return std::nullopt;
    std::size_t read = 0, written = 0;
    if (groups > 0 && carried_ > 0) {
        std::uint32_t bits = std::uint32_t{carry_[0]} << 16;
        bits |= std::uint32_t{carried_ == 2 ? carry_[1] : piece[read++]} << 8;
        bits |= piece[read++];
        encode_group(bits, &out[0]);
        written = 4;
        carried_ = 0;
    }
    for (; written < groups * 4; written += 4, read += 3)
        encode_group(std::uint32_t{piece[read]} << 16 | std::uint32_t{piece[read + 1]} << 8 | piece[read + 2], &out[written]);
    while (read < piece.size()) carry_[carried_++] = piece[read++];
    return written;
}

std::optional<std::size_t> Base64Encoder::finish(std::span<char> out) {
    if (carried_ == 0) return 0;
    if (out.size() < 4) return std::nullopt;
    const std::uint32_t second = carried_ == 2 ? carry_[1] : 0;
    encode_group(std::uint32_t{carry_[0]} << 16 | second << 8, out.data());
    out[3] = '=';
    if (carried_ == 1) out[2] = '=';
    carried_ = 0;
    return 4;
}

std::nullopt_t Base64Decoder::refuse() {
    failed_ = true;
    return std::nullopt;
}

std::optional<std::size_t> Base64Decoder::append(std::string_view piece, std::span<std::uint8_t> out) {
    if (failed_) return std::nullopt;
    std::size_t written = 0;
    for (std::size_t i = 0; i < piece.size(); ++i) {
        const auto digit = [&](std::size_t ahead) { return values[static_cast<std::uint8_t>(piece[i + ahead])]; };
        if (digits_ == 0 && padded_ == 0 && piece.size() - i >= 4 && out.size() - written >= 3) {
            const std::uint8_t a = digit(0), b = digit(1), c = digit(2), d = digit(3);
            if ((a | b | c | d) < 64) {
                out[written] = static_cast<std::uint8_t>(a << 2 | b >> 4);
                out[written + 1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
                out[written + 2] = static_cast<std::uint8_t>(c << 6 | d);
                written += 3;
                i += 3;
                continue;
            }
        }
        if (piece[i] == '=') {
            // One or two, and only where the group lacks that many.
            if (digits_ < 2 || digits_ + ++padded_ > 4) return refuse();
            continue;
        }
        if (digit(0) == no_digit || padded_ > 0) return refuse();
        bits_ = bits_ << 6 | digit(0);
        ++digits_;
        if (digits_ > 1) {
            if (written == out.size()) return refuse();
            out[written++] = static_cast<std::uint8_t>(bits_ >> (digits_ == 2 ? 4 : digits_ == 3 ? 2 : 0));
        }
        if (digits_ == 4) {
            bits_ = 0;
            digits_ = 0;
        }
    }
    return written;
}

bool Base64Decoder::finish() {
    if (failed_ || digits_ == 1) return false;
    if (padding_ == Base64Padding::lenient || digits_ == 0) return true;
    const std::uint32_t left_over = bits_ & (digits_ == 2 ? 0xf : 0x3);
    return digits_ + padded_ == 4 && left_over == 0;
}

}  // namespace otabahn::encoding
