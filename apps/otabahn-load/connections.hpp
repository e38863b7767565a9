// SPDX-License-Identifier: Apache-2.0
// A crowd of connections: what accepting one costs, what an idle one holds, and what a message costs among that many.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace otabahn::load {

struct OpenConnections {
    std::string bundle, endpoint;
    std::vector<int> servers;
    std::size_t connections = 1000, at_once = 32;
    // Then, if not 0: messages of 100 bytes are handed round, each connection passing on what it gets to another one.
    double round_seconds = 0;
    std::size_t under_way = 64;
};
// Prints one JSON line.
Result<void> open_connections(const OpenConnections& wanted);

}  // namespace otabahn::load
