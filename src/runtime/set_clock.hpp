// SPDX-License-Identifier: Apache-2.0
// The clock of tests: it stands until it is set. Owned by a test's fixture; one thread sets it while nobody reads.
#pragma once

#include "runtime/clock.hpp"

#include <cstdint>

namespace otabahn::runtime {

class SetClock final : public Clock {
  public:
    explicit SetClock(Timestamp start) : now_(start) {}
    explicit SetClock(std::int64_t seconds) : now_(from_millis(seconds * 1000)) {}

    Timestamp now() const override { return now_; }
    void set(Timestamp now) { now_ = now; }
    void set(std::int64_t seconds) { now_ = from_millis(seconds * 1000); }
    void pass(Duration time) { now_ += time; }

  private:
    Timestamp now_;
};

}  // namespace otabahn::runtime
