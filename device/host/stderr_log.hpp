// SPDX-License-Identifier: Apache-2.0
// The agent's log: one line an event, to standard error, in one write so that lines of several processes do not mix.
#pragma once

#include "device/port/ports.hpp"

namespace otabahn::device {

class StderrLog final : public Log {
  public:
    void note(std::string_view text) override;
};

}  // namespace otabahn::device
