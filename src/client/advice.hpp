// SPDX-License-Identifier: Apache-2.0
// What to do next, for the failures that people meet most. Pure.
#pragma once

#include "awsapi/service_error.hpp"
#include "client/endpoints.hpp"
#include "client/transfer.hpp"

#include <string>

namespace otabahn::client {

// Empty, or sentences that start with a blank.
std::string advice(const awsapi::ServiceError& error, const Endpoint& endpoint, const Settings& settings);
std::string advice(TransferFault fault, const Endpoint& endpoint);

}  // namespace otabahn::client
