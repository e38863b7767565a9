// SPDX-License-Identifier: Apache-2.0
// The JSON that devices get over MQTT (spec jobs 4.2 to 4.9). Pure. Numbers of time are whole seconds; a job document is put
// in as it was written, so a device sees the very text of the operator.
#pragma once

#include "awsapi/json_object.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "jobs/execution.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::jobs {

std::string format_execution(const Execution& execution, const std::optional<std::string>& document, Timestamp now);
std::string format_summary(const Execution& execution);
std::string format_state(const Execution& execution);

std::string format_list_notification(const std::vector<Execution>& queue, Timestamp now);
std::string format_next_notification(const std::optional<Execution>& first, const std::optional<std::string>& document, Timestamp now);

using awsapi::JsonObject;

// clientToken when there is one, and timestamp: what every reply begins with.
JsonObject begin_reply(const std::optional<std::string>& client_token, Timestamp now);
// For get: inProgressJobs and queuedJobs; for notify: IN_PROGRESS and QUEUED, each only when it has entries.
std::string format_summaries(const std::vector<Execution>& queue, ExecutionStatus status);

// The words of spec jobs 4.7.
std::string_view topic_code(ErrorCode code);
std::string format_rejection(std::string_view code, std::string_view message, const std::optional<std::string>& client_token,
                             const std::optional<Execution>& state, Timestamp now);

// Seconds to the execution's deadline, none below 0; nothing when no timer runs.
std::optional<std::int64_t> seconds_left(const Execution& execution, Timestamp now);

}  // namespace otabahn::jobs
