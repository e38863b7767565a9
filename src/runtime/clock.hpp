// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

namespace otabahn::runtime {

class Clock {
  public:
    virtual ~Clock() = default;
    virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
  public:
    Timestamp now() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
};

}  // namespace otabahn::runtime
