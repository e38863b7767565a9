// SPDX-License-Identifier: Apache-2.0
// One job on one thing, and what may become of it: the rules of versions and timers (spec jobs 2.2, 2.4, 3.3). Pure: a
// record, a request and the time in, the next record or the refusal out.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "jobs/status.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace otabahn::jobs {

using StatusDetails = std::map<std::string, std::string>;

struct Execution {
    std::string job_id, thing;
    std::int64_t number = 1;
    std::int64_t job_sequence = 0;  // order of the job's creation: breaks ties of queued
    ExecutionStatus status = ExecutionStatus::queued;
    StatusDetails details;
    std::int64_t version = 1;
    Timestamp queued{}, updated{};
    std::optional<Timestamp> started, in_progress_deadline, step_deadline;
    bool force_canceled = false;

    // The earlier of the two timers; nothing when none runs.
    std::optional<Timestamp> deadline() const;
};

// What a job says about all its executions.
struct JobTerms {
    std::optional<std::chrono::minutes> in_progress_timeout;
    bool reject_in_progress = false;  // whether a device may still reject what it has begun (spec jobs 2.2, row 8)
};

// A step timer as a device sets it: minutes, or to be discarded.
struct StepTimer {
    std::optional<std::chrono::minutes> after;
};

struct Start {
    std::optional<StatusDetails> details;
    std::optional<StepTimer> step_timer;
};

// What a device says of its execution.
struct Report {
    ExecutionStatus status = ExecutionStatus::in_progress;
    std::optional<StatusDetails> details;  // given: replaces all
    std::optional<std::int64_t> expected_version;
    std::optional<StepTimer> step_timer;
};

// 1 to 10080 minutes; -1 discards, where that is allowed.
Result<StepTimer> parse_step_timer(std::int64_t minutes, bool may_discard);
// At most 10 pairs; keys and values as the model has them, but tab and line ends are taken (spec jobs 4.6).
Result<void> check_details(const StatusDetails& details);

// QUEUED becomes IN_PROGRESS; one that has begun only takes the timer.
Execution start(Execution execution, const Start& request, const JobTerms& terms, Timestamp now);
// invalid_state or version_conflict when refused, in that order.
Result<Execution> report(Execution execution, const Report& request, const JobTerms& terms, Timestamp now);
// Ended by the cloud or a timer; asking for what the table does not have is a bug.
Execution end(Execution execution, ExecutionStatus status, Actor by, Timestamp now);

}  // namespace otabahn::jobs
