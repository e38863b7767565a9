// SPDX-License-Identifier: Apache-2.0
// The peers that send bytes without MQTT: a web server's small files, and a bare writer.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace otabahn::load {

struct GetFiles {
    std::string endpoint, path;
    std::vector<int> servers;
    std::size_t connections = 8, in_flight = 1;  // requests sent ahead on a connection
    std::size_t file_bytes = 4096;
    double seconds = 2;
};
// GET over HTTPS, connections kept alive. Prints one JSON line.
Result<void> get_files(const GetFiles& wanted);

struct Drain {
    std::string endpoint;
    std::vector<int> servers;
    std::size_t connections = 8;
    double seconds = 2;
};
// Reads whatever the other side writes. Prints one JSON line.
Result<void> drain(const Drain& wanted);

}  // namespace otabahn::load
