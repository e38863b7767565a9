// SPDX-License-Identifier: Apache-2.0
// What every connection of a server shares. The server owns it and outlives its connections.
#pragma once

#include "http/http_server.hpp"
#include "http/metrics.hpp"

namespace otabahn::http {

struct Door {
    HttpOptions options;
    runtime::BlockingPool& pool;
    FindKey find_key;
    const awsapi::Operations& operations;
    const runtime::Clock& clock;
    HttpMetrics metrics;
    std::function<std::string()> well_known;
};

}  // namespace otabahn::http
