// SPDX-License-Identifier: Apache-2.0
// Devices that fetch blocks of a stream without end, and the responder that answers them through a plain broker (the peer that
// the gateway is measured against).
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace otabahn::load {

struct FetchBlocks {
    std::string bundle, endpoint, stream;  // endpoint empty: the bundle's
    std::vector<int> servers;              // process ids
    std::uint32_t devices = 8, block_size = 4096, per_request = 16, in_flight = 4;
    std::uint64_t file_size = 0;
    double seconds = 2;
};
// Prints one JSON line: blocks, bytes, times, and how long requests took, from asking to the last block.
Result<void> fetch_blocks(const FetchBlocks& wanted);

struct Respond {
    std::string bundle, endpoint;
};
// Until its connection ends.
Result<void> respond(const Respond& wanted);

}  // namespace otabahn::load
