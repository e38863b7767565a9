// SPDX-License-Identifier: Apache-2.0
// Small messages from publishers to subscribers. Each group is a publisher with a topic and its subscribers; so many messages are
// under way in a group that the server always has work and nobody's queue runs over.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace otabahn::load {

struct PassMessages {
    std::string bundle, endpoint;
    std::vector<int> servers;
    std::size_t groups = 8, subscribers = 1;  // of each group
    std::size_t payload_bytes = 100, under_way = 16;
    std::uint8_t qos = 0;
    double seconds = 2;
};
// Prints one JSON line.
Result<void> pass_messages(const PassMessages& wanted);

}  // namespace otabahn::load
