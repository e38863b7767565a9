// SPDX-License-Identifier: Apache-2.0
// Which failures are worth another attempt, and after what pause. Pure.
#pragma once

#include "awsapi/rows.hpp"
#include "awsapi/service_error.hpp"

#include <chrono>
#include <string_view>

namespace otabahn::client {

inline constexpr int most_attempts = 4;
// Codes of our own, status 0: the endpoint was not reached, or the connection ended before an answer.
inline constexpr std::string_view unreachable = "EndpointUnreachable", broken_off = "ConnectionBroken";

// Throttled: nothing was done, so any call may be repeated. Any other fault of the server's or the connection's: only what
// does no harm when it was done already. An endpoint that is not there is said at once.
bool may_retry(const awsapi::OperationRow& operation, const awsapi::ServiceError& error);
std::chrono::milliseconds pause_before(int attempts_made);  // of the next one

}  // namespace otabahn::client
