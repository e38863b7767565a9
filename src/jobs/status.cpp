// SPDX-License-Identifier: Apache-2.0
#include "jobs/status.hpp"

#include <utility>

namespace otabahn::jobs {
namespace {

constexpr std::array<std::pair<ExecutionStatus, std::string_view>, 8> execution_words{{
    {ExecutionStatus::queued, "QUEUED"},
    {ExecutionStatus::in_progress, "IN_PROGRESS"},
    {ExecutionStatus::succeeded, "SUCCEEDED"},
    {ExecutionStatus::failed, "FAILED"},
    {ExecutionStatus::timed_out, "TIMED_OUT"},
    {ExecutionStatus::rejected, "REJECTED"},
    {ExecutionStatus::removed, "REMOVED"},
    {ExecutionStatus::canceled, "CANCELED"},
}};
constexpr std::array<std::pair<JobStatus, std::string_view>, 5> job_words{{
    {JobStatus::in_progress, "IN_PROGRESS"},
    {JobStatus::canceled, "CANCELED"},
    {JobStatus::completed, "COMPLETED"},
    {JobStatus::deletion_in_progress, "DELETION_IN_PROGRESS"},
    {JobStatus::scheduled, "SCHEDULED"},
}};

template <class Words, class Status>
constexpr std::string_view word_of(const Words& words, Status status) {
    for (const auto& [value, word] : words)
        if (value == status) return word;
    return "";
}

template <class Status, class Words>
constexpr std::optional<Status> status_of(const Words& words, std::string_view text) {
    for (const auto& [value, word] : words)
        if (word == text) return value;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(ExecutionStatus status) { return word_of(execution_words, status); }
std::string_view to_string(JobStatus status) { return word_of(job_words, status); }
std::optional<ExecutionStatus> parse_execution_status(std::string_view word) { return status_of<ExecutionStatus>(execution_words, word); }
std::optional<JobStatus> parse_job_status(std::string_view word) { return status_of<JobStatus>(job_words, word); }

}  // namespace otabahn::jobs
