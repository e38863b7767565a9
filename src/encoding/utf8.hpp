// SPDX-License-Identifier: Apache-2.0
// UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF. U+0000 is well-formed here.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace otabahn::encoding {

bool is_utf8(ByteView bytes);

// Bytes of the character that starts at `at`; 0: none that is well-formed.
std::size_t utf8_length(ByteView bytes, std::size_t at);

// Writes up to 4 bytes; gives their number.
std::size_t encode_utf8(std::uint32_t code_point, char* out);

}  // namespace otabahn::encoding
