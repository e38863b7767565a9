// SPDX-License-Identifier: Apache-2.0
// The two time forms that signatures use: 20250628T120000Z, and RFC 1123 for the Date header. Pure.
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::sigv4 {

std::string format_amz_time(Timestamp time);  // 20250628T120000Z
std::optional<Timestamp> parse_amz_time(std::string_view text);
std::string format_http_date(Timestamp time);                     // Sat, 28 Jun 2025 12:00:00 GMT
std::optional<Timestamp> parse_http_date(std::string_view text);  // that form only; the obsolete two are refused
std::string format_iso_time(Timestamp time);                      // 2025-06-28T12:00:00Z

}  // namespace otabahn::sigv4
