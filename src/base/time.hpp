// SPDX-License-Identifier: Apache-2.0
// Time as the wire and the store hold it: milliseconds since 1970 UTC.
#pragma once

#include <chrono>
#include <cstdint>

namespace otabahn {

using Duration = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Duration>;

constexpr std::int64_t to_millis(Timestamp time) { return time.time_since_epoch().count(); }
constexpr std::int64_t to_seconds(Timestamp time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }
constexpr Timestamp from_millis(std::int64_t millis) { return Timestamp(Duration(millis)); }

}  // namespace otabahn
