// SPDX-License-Identifier: Apache-2.0
#include "encoding/decimal.hpp"

namespace otabahn::encoding {

Decimal::Decimal(std::uint64_t number) : at_(sizeof digits_) {
    auto high = static_cast<std::uint32_t>(number >> 32), low = static_cast<std::uint32_t>(number);
    do {
        // Long division by ten, 16 bits at a time.
        const std::uint32_t middle = high % 10 << 16 | low >> 16;
        const std::uint32_t last = middle % 10 << 16 | (low & 0xFFFF);
        high /= 10;
        low = middle / 10 << 16 | last / 10;
        digits_[--at_] = static_cast<char>('0' + last % 10);
    } while ((high | low) != 0);
}

}  // namespace otabahn::encoding
