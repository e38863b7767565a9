// SPDX-License-Identifier: Apache-2.0
#include "device/core/fixed_text.hpp"

namespace otabahn::device {

std::size_t append_text(char* room, std::size_t capacity, std::size_t size, std::string_view text) {
    std::size_t count = text.size() < capacity - size ? text.size() : capacity - size;
    if (count < text.size())
        while (count > 0 && (static_cast<unsigned char>(text[count]) & 0xC0) == 0x80) --count;
    for (std::size_t i = 0; i < count; ++i) room[size + i] = text[i];
    return count;
}

}  // namespace otabahn::device
