// SPDX-License-Identifier: Apache-2.0
// A job as it is stored.
#pragma once

#include "base/ids.hpp"
#include "jobs/execution.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::jobs {

// Stored and sent by their words.
enum class TargetSelection { snapshot, continuous };
// What the service still has to do for a job; survives a crash in the job's row.
enum class Work { none, rollout, cancel };

struct Job {
    std::string id;
    std::int64_t sequence = 0;
    JobStatus status = JobStatus::in_progress;
    Work work = Work::none;
    TargetSelection target_selection = TargetSelection::snapshot;
    std::vector<std::string> targets;  // ARNs
    std::optional<std::string> description;
    std::string document;
    std::optional<std::string> document_source;
    std::string own_host;
    std::optional<std::string> presigned_role;
    std::optional<std::int64_t> presigned_seconds;
    std::optional<std::int64_t> timeout_minutes;
    bool force_canceled = false;
    std::optional<std::string> reason_code, comment;
    Timestamp created{}, updated{};
    std::optional<Timestamp> completed;
};

inline std::string job_arn(const Scope& scope, const std::string& id) { return scope.arn("iot", "job/" + id); }
inline std::string thing_arn(const Scope& scope, const std::string& thing) { return scope.arn("iot", "thing/" + thing); }

}  // namespace otabahn::jobs
