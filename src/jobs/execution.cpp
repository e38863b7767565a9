// SPDX-License-Identifier: Apache-2.0
#include "jobs/execution.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace otabahn::jobs {
namespace {

constexpr std::int64_t longest_timer = 10080;  // minutes: seven days
constexpr std::size_t most_details = 10, longest_key = 128, longest_value = 1024;

bool is_key(const std::string& key) {
    return !key.empty() && key.size() <= longest_key && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '_' || c == '-';
    });
}

// Code points below U+00A0 that \p{C} holds; the JSON parser has seen to it that the text is UTF-8.
bool holds_control(const std::string& value) {
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto byte = static_cast<unsigned char>(value[i]);
        if (byte == '\t' || byte == '\n' || byte == '\r') continue;
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < value.size() && static_cast<unsigned char>(value[i + 1]) < 0xa0) return true;
    }
    return false;
}

std::size_t characters(const std::string& value) {
    return static_cast<std::size_t>(std::ranges::count_if(value, [](char c) { return (c & 0xc0) != 0x80; }));
}

void change(Execution& execution, ExecutionStatus status, bool raises_version, Timestamp now) {
    if (execution.status == ExecutionStatus::queued && status == ExecutionStatus::in_progress) execution.started = now;
    execution.status = status;
    execution.updated = now;
    if (raises_version) ++execution.version;
    if (!is_pending(status)) {
        execution.in_progress_deadline.reset();
        execution.step_deadline.reset();
    }
}

void begin_timer(Execution& execution, const JobTerms& terms, Timestamp now) {
    if (terms.in_progress_timeout) execution.in_progress_deadline = now + *terms.in_progress_timeout;
}

void set_step_timer(Execution& execution, const std::optional<StepTimer>& timer, Timestamp now) {
    if (!timer) return;
    execution.step_deadline = timer->after ? std::optional(now + *timer->after) : std::nullopt;
}

std::string name_of(const Execution& execution) {
    return "execution " + std::to_string(execution.number) + " of job " + execution.job_id + " on thing " + execution.thing;
}

}  // namespace

std::optional<Timestamp> Execution::deadline() const {
    if (!in_progress_deadline) return step_deadline;
    if (!step_deadline) return in_progress_deadline;
    return std::min(*in_progress_deadline, *step_deadline);
}

Result<StepTimer> parse_step_timer(std::int64_t minutes, bool may_discard) {
    if (may_discard && minutes == -1) return StepTimer{};
    if (minutes < 1 || minutes > longest_timer)
        return fail(ErrorCode::invalid_request, "Provide valid timeout value, stepTimeoutInMinutes cannot be " + std::to_string(minutes) +
                                                    "; it takes 1 to " + std::to_string(longest_timer) +
                                                    (may_discard ? ", or -1 to discard the running timer." : "."));
    return StepTimer{std::chrono::minutes(minutes)};
}

Result<void> check_details(const StatusDetails& details) {
    if (details.size() > most_details)
        return fail(ErrorCode::invalid_request, "statusDetails holds at most " + std::to_string(most_details) + " pairs; " +
                                                    std::to_string(details.size()) + " were given.");
    for (const auto& [key, value] : details) {
        if (!is_key(key))
            return fail(ErrorCode::invalid_request,
                        "'" + key.substr(0, longest_key) + "' is no key of statusDetails: it takes 1 to 128 of a-z A-Z 0-9 : _ -.");
        if (value.empty() || characters(value) > longest_value)
            return fail(ErrorCode::invalid_request, "The value of '" + key + "' in statusDetails has " + std::to_string(characters(value)) +
                                                        " characters; it takes 1 to " + std::to_string(longest_value) + ".");
        if (holds_control(value))
            return fail(ErrorCode::invalid_request,
                        "The value of '" + key +
                            "' in statusDetails holds a control character; only tab, line feed and carriage return are taken.");
    }
    return {};
}

Execution start(Execution execution, const Start& request, const JobTerms& terms, Timestamp now) {
    if (execution.status == ExecutionStatus::queued) {
        change(execution, ExecutionStatus::in_progress, true, now);
        begin_timer(execution, terms, now);
        if (request.details) execution.details = *request.details;
    }
    set_step_timer(execution, request.step_timer, now);
    return execution;
}

Result<Execution> report(Execution execution, const Report& request, const JobTerms& terms, Timestamp now) {
    const auto wanted = std::string(to_string(request.status));
    if (!is_pending(execution.status))
        return fail(ErrorCode::invalid_state, "The " + name_of(execution) + " is " + std::string(to_string(execution.status)) +
                                                  ", which is final; it cannot become " + wanted + ".");
    switch (request.status) {
        case ExecutionStatus::queued:
        case ExecutionStatus::timed_out:
        case ExecutionStatus::removed:
        case ExecutionStatus::canceled:
            return fail(ErrorCode::invalid_state, "The status of job execution cannot be changed to be " + wanted);
        case ExecutionStatus::in_progress:
        case ExecutionStatus::succeeded:
        case ExecutionStatus::failed:
        case ExecutionStatus::rejected:
            break;
    }
    const bool late_rejection = execution.status == ExecutionStatus::in_progress && request.status == ExecutionStatus::rejected;
    if (find_transition(execution.status, request.status, Actor::device) == nullptr && !(late_rejection && terms.reject_in_progress))
        return fail(ErrorCode::invalid_state, "The " + name_of(execution) + " is " + std::string(to_string(execution.status)) +
                                                  " and cannot become " + wanted +
                                                  (late_rejection ? "; only what is QUEUED can be rejected, report FAILED." : "."));
    if (request.expected_version && *request.expected_version != execution.version)
        return fail(ErrorCode::version_conflict, "Expected version " + std::to_string(*request.expected_version) + " but found version " +
                                                     std::to_string(execution.version));
    const bool begins = execution.status == ExecutionStatus::queued && request.status == ExecutionStatus::in_progress;
    change(execution, request.status, true, now);
    if (begins) begin_timer(execution, terms, now);
    if (request.status == ExecutionStatus::in_progress) set_step_timer(execution, request.step_timer, now);
    if (request.details) execution.details = *request.details;
    return execution;
}

Execution end(Execution execution, ExecutionStatus status, Actor by, Timestamp now) {
    const Transition* transition = find_transition(execution.status, status, by);
    if (transition == nullptr)
        throw std::logic_error("The " + name_of(execution) + " cannot be ended as " + std::string(to_string(status)) + ".");
    if (execution.status == ExecutionStatus::in_progress && status == ExecutionStatus::canceled) execution.force_canceled = true;
    change(execution, status, transition->raises_version, now);
    return execution;
}

}  // namespace otabahn::jobs
