// SPDX-License-Identifier: Apache-2.0
// Base64 and hex as strings, for hosts; the device has only the forms that write into its own memory.
#pragma once

#include "encoding/base64.hpp"
#include "encoding/hex.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::encoding {

inline std::string to_base64(ByteView bytes) {
    std::string out(base64_length(bytes.size()), '\0');
    encode_base64(bytes, out);
    return out;
}
inline std::string to_base64(std::string_view bytes) { return to_base64(as_bytes(bytes)); }

// The bytes (not text), or nothing when it is no base64.
inline std::optional<std::string> from_base64(std::string_view text, Base64Padding padding = Base64Padding::strict) {
    std::string out(base64_bytes_at_most(text.size()), '\0');
    const auto size = decode_base64(text, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()}, padding);
    if (!size) return std::nullopt;
    out.resize(*size);
    return out;
}

inline std::string to_hex(ByteView bytes) {
    std::string out(bytes.size() * 2, '\0');
    encode_hex(bytes, out);
    return out;
}
inline std::string to_hex(std::string_view bytes) { return to_hex(as_bytes(bytes)); }

inline std::optional<std::string> from_hex(std::string_view text) {
    std::string out(text.size() / 2, '\0');
    if (!decode_hex(text, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()})) return std::nullopt;
    return out;
}

}  // namespace otabahn::encoding
