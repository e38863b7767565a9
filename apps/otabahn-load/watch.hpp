// SPDX-License-Identifier: Apache-2.0
// What a load costs: the processor time of the servers' processes and of this client, apart, over the same stretch of time.
#pragma once

#include "apps/otabahn-load/wire.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace otabahn::load {

struct Usage {
    double seconds = 0, client_cpu = 0, server_cpu = 0;
    // Share of the time in which the busiest thread ran or was ready to run: at 1 it always had work, whoever else had its core.
    double client_load = 0, server_load = 0;
};

class Watch {
  public:
    // `processes`: what counts as the server.
    explicit Watch(std::vector<int> processes) : processes_(std::move(processes)) {}
    Result<void> check() const;  // they can be measured
    void begin();
    Usage end() const;
    double resident_bytes() const;  // of the servers, exactly (smaps_rollup)

  private:
    using Threads = std::map<std::string, double>;  // seconds run or ready to run, by /proc's path of the thread

    double server_cpu() const;
    Threads server_threads() const;
    std::vector<int> processes_;
    Clock::time_point began_{};
    double client_began_ = 0, server_began_ = 0;
    Threads client_threads_began_, server_threads_began_;
};

// "seconds", "serverCpuSeconds", "clientCpuSeconds", "serverLoad" and "clientLoad" for a line of JSON.
std::string to_json(const Usage& usage);

}  // namespace otabahn::load
