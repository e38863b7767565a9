// SPDX-License-Identifier: Apache-2.0
// The device's side of AWS IoT Jobs over MQTT (spec jobs 4): its topics, the executions that come in, the reports that go
// out. Pure, into the caller's memory. Owned by Update.
#pragma once

#include "base/bytes.hpp"
#include "device/core/record.hpp"
#include "encoding/json.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::device {

enum class JobTopic : std::uint8_t { other, execution, next_changed, get_rejected, update_accepted, update_rejected };

struct ReceivedTopic {
    JobTopic kind = JobTopic::other;
    std::string_view job;  // of an update's answer
};

// What a topic of ours is about; `other` when it is not of this thing's jobs.
ReceivedTopic read_job_topic(std::string_view topic, std::string_view thing);

// What to subscribe to. The first three are what the agent cannot do without on any broker.
inline constexpr std::string_view job_subscriptions[] = {"notify-next", "$next/get/accepted", "$next/get/rejected", "+/update/accepted",
                                                         "+/update/rejected"};
inline constexpr std::size_t longest_job_topic = 5 + 7 + 128 + 6 + 64 + 16;

// $aws/things/THING/jobs/SUFFIX, or $aws/things/THING/jobs/JOB/SUFFIX; empty when `out` is too small.
std::string_view job_topic(std::string_view thing, std::string_view job, std::string_view suffix, std::span<char> out);

struct Execution {
    bool present = false;  // false: nothing is pending
    JobRef job;
    std::int64_t queued_at = 0;  // in the service's seconds; 0: not told
    bool in_progress = false;
    std::string_view document;  // the JSON text of its value; empty: there is none
    bool document_is_object = false;
};

// Of notify-next and get/accepted. Nothing: no such message.
std::optional<Execution> read_execution(ByteView payload);

struct UpdateAnswer {
    char token = 0;  // the first character of clientToken; 0: none
    enum class Code : std::uint8_t { other, gone, retry, invalid } code = Code::other;
    Prose<40> code_text;
    Prose<120> message;
};
// Of an update's or a get's accepted or rejected answer. Nothing: it is no JSON object.
std::optional<UpdateAnswer> read_answer(ByteView payload);

struct Report {
    std::string_view status;
    Reason reason = Reason::none;
    std::string_view message;
    std::string_view version;  // what runs
    bool version_signed = false;
    std::uint32_t percent = 0;
    std::int64_t execution = 0;
    char token = 'p';
    bool bare = false;  // without details: a service did not take them
};
// Empty when `out` is too small.
std::string_view write_report(const Report& report, std::span<char> out);

}  // namespace otabahn::device
