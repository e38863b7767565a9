// SPDX-License-Identifier: Apache-2.0
// The long work of a job: executions for its targets, and their cancelling, in transactions of bounded size. What is left is
// in the job's row and index, so any thread, and a run after a crash, goes on where the last one ended. Blocking.
#pragma once

#include "jobs/jobs.hpp"
#include "jobs/job.hpp"

#include <cstddef>
#include <string>

namespace otabahn::jobs {

// Things and groups that a job is for, out of their ARNs.
struct Targets {
    std::vector<std::string> things, groups;
};
// invalid_request: no ARN of a thing or group; not_found: of another account or region.
Result<Targets> parse_targets(const Scope& scope, const std::vector<std::string>& arns);

// Creates executions for the targets' things, in the order of their names, until `budget` are made or none is left. A thing in
// several targets gets one; members are those at the time of the run. The last batch ends the rollout, and with nothing
// pending a SNAPSHOT job.
void roll_out(const Parts& parts, const Scope& scope, const std::string& job_id, std::size_t budget);

// Cancels the QUEUED executions of a job, with force the IN_PROGRESS ones too.
void cancel_executions(const Parts& parts, const Scope& scope, const std::string& job_id, std::size_t budget);

// Executions whose timer has run out.
void time_out(const Parts& parts, Timestamp now);

}  // namespace otabahn::jobs
