// SPDX-License-Identifier: Apache-2.0
#include "jobs/messages.hpp"

#include <algorithm>

namespace otabahn::jobs {
namespace {

std::string format_map(const StatusDetails& details) {
    JsonObject out;
    for (const auto& [key, value] : details) out.add_text(key, value);
    return out.text();
}

void add_details(JsonObject& out, const Execution& execution) {
    if (!execution.details.empty()) out.add("statusDetails", format_map(execution.details));
}

void add_times(JsonObject& out, const Execution& execution) {
    out.add_number("queuedAt", to_seconds(execution.queued));
    if (execution.started) out.add_number("startedAt", to_seconds(*execution.started));
    out.add_number("lastUpdatedAt", to_seconds(execution.updated));
}

}  // namespace

std::optional<std::int64_t> seconds_left(const Execution& execution, Timestamp now) {
    const auto deadline = execution.deadline();
    if (!deadline) return std::nullopt;
    return std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(*deadline - now).count());
}

std::string format_execution(const Execution& execution, const std::optional<std::string>& document, Timestamp now) {
    JsonObject out;
    out.add_text("jobId", execution.job_id).add_text("status", to_string(execution.status));
    add_details(out, execution);
    add_times(out, execution);
    out.add_number("versionNumber", execution.version).add_number("executionNumber", execution.number);
    if (const auto left = seconds_left(execution, now)) out.add_number("approximateSecondsBeforeTimedOut", *left);
    if (document) out.add("jobDocument", *document);
    return out.text();
}

std::string format_summary(const Execution& execution) {
    JsonObject out;
    out.add_text("jobId", execution.job_id);
    add_times(out, execution);
    return out.add_number("executionNumber", execution.number).add_number("versionNumber", execution.version).text();
}

std::string format_state(const Execution& execution) {
    JsonObject out;
    out.add_text("status", to_string(execution.status));
    add_details(out, execution);
    return out.add_number("versionNumber", execution.version).text();
}

std::string format_summaries(const std::vector<Execution>& queue, ExecutionStatus status) {
    std::string out = "[";
    for (const auto& execution : queue) {
        if (execution.status != status) continue;
        if (out.size() > 1) out.push_back(',');
        out.append(format_summary(execution));
    }
    return out + "]";
}

std::string format_list_notification(const std::vector<Execution>& queue, Timestamp now) {
    JsonObject jobs;
    for (const auto status : {ExecutionStatus::in_progress, ExecutionStatus::queued})
        if (std::ranges::any_of(queue, [status](const Execution& execution) { return execution.status == status; }))
            jobs.add(to_string(status), format_summaries(queue, status));
    return JsonObject().add_number("timestamp", to_seconds(now)).add("jobs", jobs.text()).text();
}

std::string format_next_notification(const std::optional<Execution>& first, const std::optional<std::string>& document, Timestamp now) {
    JsonObject out;
    out.add_number("timestamp", to_seconds(now));
    if (first) out.add("execution", format_execution(*first, document, now));
    return out.text();
}

JsonObject begin_reply(const std::optional<std::string>& client_token, Timestamp now) {
    JsonObject out;
    if (client_token) out.add_text("clientToken", *client_token);
    out.add_number("timestamp", to_seconds(now));
    return out;
}

std::string_view topic_code(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_json:
            return "InvalidJson";
        case ErrorCode::invalid_request:
        case ErrorCode::already_exists:
        case ErrorCode::limit_exceeded:
        case ErrorCode::access_denied:
        case ErrorCode::unauthenticated:
        case ErrorCode::not_implemented:
            return "InvalidRequest";
        case ErrorCode::not_found:
            return "ResourceNotFound";
        case ErrorCode::conflict:
        case ErrorCode::invalid_state:
            return "InvalidStateTransition";
        case ErrorCode::version_conflict:
            return "VersionMismatch";
        case ErrorCode::terminal_state:
            return "TerminalStateReached";
        case ErrorCode::throttled:
            return "RequestThrottled";
        case ErrorCode::unavailable:
        case ErrorCode::internal:
            return "InternalError";
    }
    return "InternalError";
}

std::string format_rejection(std::string_view code, std::string_view message, const std::optional<std::string>& client_token,
                             const std::optional<Execution>& state, Timestamp now) {
    auto out = begin_reply(client_token, now);
    out.add_text("code", code).add_text("message", message);
    if (state) out.add("executionState", format_state(*state));
    return out.text();
}

}  // namespace otabahn::jobs
