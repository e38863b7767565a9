// SPDX-License-Identifier: Apache-2.0
// The log: one line an event, to standard error, by spdlog. Text first, then fields as key=value.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace otabahn::runtime {

// Called once by main. `level`: trace, debug, info, warn, error.
void start_log(std::string_view program, std::string_view level);

}  // namespace otabahn::runtime
