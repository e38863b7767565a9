// SPDX-License-Identifier: Apache-2.0
// The states of a job and of its executions, and which change is whose (spec jobs 2.1, 2.2). Pure.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace otabahn::jobs {

// Stored and sent by these words.
enum class ExecutionStatus { queued, in_progress, succeeded, failed, timed_out, rejected, removed, canceled };
enum class JobStatus { in_progress, canceled, completed, deletion_in_progress, scheduled };

std::string_view to_string(ExecutionStatus status);
std::string_view to_string(JobStatus status);
std::optional<ExecutionStatus> parse_execution_status(std::string_view word);
std::optional<JobStatus> parse_job_status(std::string_view word);

constexpr bool is_pending(ExecutionStatus status) { return status == ExecutionStatus::queued || status == ExecutionStatus::in_progress; }

enum class Actor { device, cloud, timer };

struct Transition {
    ExecutionStatus from, to;
    Actor by;
    bool raises_version;
};

// Spec jobs 2.2, by its row numbers; a change that is not here is refused.
inline constexpr std::array transitions{
    Transition{ExecutionStatus::queued, ExecutionStatus::in_progress, Actor::device, true},       // 2
    Transition{ExecutionStatus::in_progress, ExecutionStatus::in_progress, Actor::device, true},  // 3
    Transition{ExecutionStatus::in_progress, ExecutionStatus::succeeded, Actor::device, true},    // 4
    Transition{ExecutionStatus::in_progress, ExecutionStatus::failed, Actor::device, true},       // 4
    Transition{ExecutionStatus::queued, ExecutionStatus::failed, Actor::device, true},            // 5
    Transition{ExecutionStatus::queued, ExecutionStatus::succeeded, Actor::device, true},         // 6
    Transition{ExecutionStatus::queued, ExecutionStatus::rejected, Actor::device, true},          // 7
    Transition{ExecutionStatus::queued, ExecutionStatus::canceled, Actor::cloud, true},           // 9
    Transition{ExecutionStatus::in_progress, ExecutionStatus::canceled, Actor::cloud, true},      // 10
    Transition{ExecutionStatus::in_progress, ExecutionStatus::timed_out, Actor::timer, true},     // 11
    Transition{ExecutionStatus::queued, ExecutionStatus::removed, Actor::cloud, false},           // 12
    Transition{ExecutionStatus::in_progress, ExecutionStatus::removed, Actor::cloud, false},      // 13
};

constexpr const Transition* find_transition(ExecutionStatus from, ExecutionStatus to, Actor by) {
    for (const auto& row : transitions)
        if (row.from == from && row.to == to && row.by == by) return &row;
    return nullptr;
}

}  // namespace otabahn::jobs
