// SPDX-License-Identifier: Apache-2.0
// The four calls of a device, as MQTT and HTTPS both make them (spec jobs 4.3 to 4.8). Blocking.
#pragma once

#include "jobs/jobs.hpp"
#include "jobs/queue.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otabahn::jobs {

// Why a call was refused, and for updates the state that forbade it.
struct Refusal {
    Error error;
    std::optional<Execution> state;

    explicit Refusal(Error why, std::optional<Execution> where = {}) : error(std::move(why)), state(std::move(where)) {}
};
template <class T>
using Answer = Result<T, Refusal>;

struct Handed {
    Execution execution;
    std::optional<std::string> document;  // resolved; absent when it was not asked for
};

struct Update {
    Report report;
    std::optional<std::int64_t> execution_number;
    bool include_document = false;
};

class Devices {
  public:
    explicit Devices(const Parts& parts) : parts_(parts) {}

    Answer<std::vector<Execution>> list_pending(const Scope& scope, const ThingName& thing) const;
    // `then`: what is to be published after the reply.
    Answer<std::optional<Handed>> start_next(const Scope& scope, const ThingName& thing, const Start& request,
                                             std::vector<runtime::Publication>& then) const;
    // `job_id` may be $next: nothing pending is no refusal.
    Answer<std::optional<Handed>> describe(const Scope& scope, const ThingName& thing, const std::string& job_id,
                                           const std::optional<std::int64_t>& execution_number, bool include_document) const;
    Answer<Handed> update(const Scope& scope, const ThingName& thing, const std::string& job_id, const Update& request,
                          std::vector<runtime::Publication>& then) const;

  private:
    Answer<Handed> hand(const Scope& scope, Execution execution, const std::optional<Job>& job) const;

    const Parts& parts_;
};

}  // namespace otabahn::jobs
