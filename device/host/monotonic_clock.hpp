// SPDX-License-Identifier: Apache-2.0
// Time that never goes back, as the agent counts it.
#pragma once

#include "device/port/ports.hpp"

#include <ctime>

namespace otabahn::device {

class MonotonicClock final : public Clock {
  public:
    Millis now() const override {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return Millis(std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000);
    }
};

}  // namespace otabahn::device
