// SPDX-License-Identifier: Apache-2.0
// What every connection of a server shares. The server owns it and outlives its connections.
#pragma once

#include "http/http_server.hpp"
#include "http/metrics.hpp"

#include <atomic>

namespace otabahn::http {

struct Door {
    HttpOptions options;
    runtime::BlockingPool& pool;
    FindKey find_key;
    const awsapi::Operations& operations;
    const runtime::Clock& clock;
    HttpMetrics metrics;
    std::function<std::string()> well_known;
    std::atomic<std::size_t> whole_bodies = 0;  // bytes of them in memory now
};

// A request's share of whole_bodies, given back when the request is over.
class BodyShare {
  public:
    explicit BodyShare(Door& door) : door_(door) {}
    ~BodyShare() { door_.whole_bodies -= size_; }
    BodyShare(const BodyShare&) = delete;
    BodyShare& operator=(const BodyShare&) = delete;

    bool grow(std::size_t bytes) {
        size_ += bytes;
        return (door_.whole_bodies += bytes) <= door_.options.whole_bodies_limit;
    }

  private:
    Door& door_;
    std::size_t size_ = 0;
};

}  // namespace otabahn::http
