// SPDX-License-Identifier: Apache-2.0
// Numbers as decimal text, in one place and without 64-bit division, which a 32-bit core has to have linked in.
#pragma once

#include <cstdint>
#include <string_view>

namespace otabahn::encoding {

class Decimal {
  public:
    explicit Decimal(std::uint64_t number);
    std::string_view view() const { return {digits_ + at_, sizeof digits_ - at_}; }

  private:
    char digits_[20];
    std::uint8_t at_;
};

}  // namespace otabahn::encoding
