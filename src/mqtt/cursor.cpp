// SPDX-License-Identifier: Apache-2.0
#include "mqtt/cursor.hpp"

namespace otabahn::mqtt {

bool is_utf8_text(std::string_view text) {
    const auto* at = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto* end = at + text.size();
    while (at != end) {
        const std::uint8_t first = *at++;
        if (first == 0) return false;
        if (first < 0x80) continue;
        int more = 0;
        std::uint32_t code = 0;
        std::uint32_t least = 0;
        if ((first & 0xe0) == 0xc0) {
            more = 1, code = first & 0x1f, least = 0x80;
        } else if ((first & 0xf0) == 0xe0) {
            more = 2, code = first & 0x0f, least = 0x800;
        } else if ((first & 0xf8) == 0xf0) {
            more = 3, code = first & 0x07, least = 0x10000;
        } else {
            return false;
        }
        for (; more > 0; --more) {
            if (at == end || (*at & 0xc0) != 0x80) return false;
            code = code << 6 | (*at++ & 0x3f);
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    }
    return true;
}

std::uint32_t Reader::variable() {
    std::uint32_t value = 0;
    for (int index = 0; index < 4; ++index) {
        const std::uint8_t byte = u8();
        if (failed_) return 0;
        value |= static_cast<std::uint32_t>(byte & 0x7f) << (7 * index);
        if ((byte & 0x80) != 0) continue;
        if (index > 0 && byte == 0) break;  // a longer form than needed
        return value;
    }
    failed_ = true;
    return 0;
}

}  // namespace otabahn::mqtt
