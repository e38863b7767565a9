// SPDX-License-Identifier: Apache-2.0
// What a device asks on a jobs topic (spec jobs 4.1 to 4.6), out of the topic's text and the payload's JSON. Pure; reads
// bytes of strangers.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "jobs/execution.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::jobs {

enum class TopicOperation { get_pending, start_next, describe, update };

struct TopicName {
    ThingName thing;
    TopicOperation operation;
    std::string job_id;  // describe and update; "$next" only for describe
};

bool is_jobs_topic(std::string_view topic);                    // $aws/things/T/jobs/…
std::optional<TopicName> parse_topic(std::string_view topic);  // nothing: no operation has that topic
inline constexpr std::string_view next_job = "$next";

// All members that any of the four requests has; each operation reads its own.
struct TopicRequest {
    std::optional<std::string> client_token;
    std::optional<ExecutionStatus> status;
    std::optional<StatusDetails> details;
    std::optional<std::int64_t> expected_version, execution_number, step_timeout_minutes;
    std::optional<bool> include_job_document, include_execution_state;
};

struct RequestFailure {
    Error error;                              // invalid_json or invalid_request
    std::optional<std::string> client_token;  // echoed when it could be read

    explicit RequestFailure(Error why, std::optional<std::string> token = {}) : error(std::move(why)), client_token(std::move(token)) {}
};

// An empty payload is {}; a member that is null counts as absent; unknown members are ignored.
Result<TopicRequest, RequestFailure> parse_request(TopicOperation operation, std::string_view payload);

}  // namespace otabahn::jobs
