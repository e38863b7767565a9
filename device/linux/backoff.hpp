// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next try: anything up to a limit that doubles with each failure, so that a fleet cut off
// together does not come back together. The die is the caller's.
#pragma once

#include "device/core/transfer.hpp"

#include <algorithm>
#include <cstdint>

namespace otabahn::device {

class Backoff {
  public:
    static constexpr Millis first{1'000}, most{60'000};

    // `die`: any number, evenly spread.
    Millis next(std::uint64_t die) {
        const Millis limit = limit_;
        limit_ = std::min(limit_ * 2, most);
        return Millis(static_cast<std::int64_t>(die % static_cast<std::uint64_t>(limit.count() + 1)));
    }
    void reset() { limit_ = first; }
    Millis limit() const { return limit_; }

  private:
    Millis limit_ = first;
};

}  // namespace otabahn::device
