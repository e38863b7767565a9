// SPDX-License-Identifier: Apache-2.0
// Bytes and views of them. Payloads travel as std::string (bytes, not text) or as a ByteView that the caller keeps alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace otabahn {

using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace otabahn
