// SPDX-License-Identifier: Apache-2.0
// Publish and DeleteConnection of the iot-data API (spec gateway 1.13).
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"

#include <functional>

namespace otabahn::gateway {

class Gateway;

// `gateway` gives the one that runs when an operation is called.
void bind_rest(awsapi::Operations& operations, access::Access& access, std::function<Gateway&()> gateway);

}  // namespace otabahn::gateway
