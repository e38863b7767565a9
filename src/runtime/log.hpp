// SPDX-License-Identifier: Apache-2.0
// The log: one line an event, to standard error, by spdlog. Text first, then fields as key=value.
#pragma once

#include <spdlog/spdlog.h>

#include <memory>
#include <string_view>

namespace otabahn::runtime {

// An event stays one line, whatever its text holds: control characters become \xHH.
std::unique_ptr<spdlog::formatter> make_log_formatter();

// Called once by main. `level`: trace, debug, info, warn, error.
void start_log(std::string_view program, std::string_view level);

}  // namespace otabahn::runtime
