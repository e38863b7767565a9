// SPDX-License-Identifier: Apache-2.0
#include "device/core/job_messages.hpp"

#include "encoding/slice.hpp"

#include <utility>

namespace otabahn::device {

namespace {

using encoding::begins_with;
using encoding::ends_with;
using encoding::JsonKind;
using encoding::JsonReader;
using encoding::JsonString;
using encoding::slice;

template <std::size_t N>
bool keep(const JsonString& text, FixedText<N>& out) {
    char decoded[N];
    const auto plain = text.decode(std::span<char>(decoded, N));
    return plain && out.assign(*plain);
}

// As much of a text as fits: for people only.
void keep_start(const JsonString& text, auto& out) {
    if constexpr (texts)
        if (!keep(text, out)) out.append(text.raw());
}

bool is_job_id(std::string_view text) {
    if (text.empty() || text.size() > 64) return false;
    for (char c : text) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!good) return false;
    }
    return true;
}

bool read_one_execution(JsonReader& in, Execution& execution) {
    execution.present = true;
    for (JsonString key; in.next_member(key);) {
        JsonString text;
        if (key.equals("jobId")) {
            if (!in.read_string(text) || !keep(text, execution.job.id) || !is_job_id(execution.job.id.view())) return false;
        } else if (key.equals("status")) {
            if (in.read_string(text)) execution.in_progress = text.equals("IN_PROGRESS");
        } else if (key.equals("executionNumber")) {
            in.read_integer(execution.job.execution);
        } else if (key.equals("queuedAt")) {
            in.read_integer(execution.queued_at);
        } else if (key.equals("jobDocument")) {
            execution.document_is_object = in.kind() == JsonKind::object;
            in.read_raw(execution.document);
        }
    }
    // A guide's example writes "nothing is pending" as an empty execution.
    execution.present = !execution.job.id.empty();
    return !in.failed();
}

UpdateAnswer::Code code_of(const JsonString& text) {
    // An answer that the execution has ended or is not ours any more is final; AWS's guide and emulators differ on the word.
    for (std::string_view word : {"ResourceNotFound", "InvalidStateTransition", "TerminalStateReached"})
        if (text.equals(word)) return UpdateAnswer::Code::gone;
    for (std::string_view word : {"RequestThrottled", "InternalError"})
        if (text.equals(word)) return UpdateAnswer::Code::retry;
    for (std::string_view word : {"InvalidRequest", "InvalidJson"})
        if (text.equals(word)) return UpdateAnswer::Code::invalid;
    return UpdateAnswer::Code::other;
}

}  // namespace

ReceivedTopic read_job_topic(std::string_view topic, std::string_view thing) {
    constexpr std::string_view root = "$aws/things/";
    if (!begins_with(topic, root)) return {};
    std::string_view rest = slice(topic, root.size());
    if (!begins_with(rest, thing)) return {};
    rest = slice(rest, thing.size());
    if (!begins_with(rest, "/jobs/")) return {};
    rest = slice(rest, 6);
    if (rest == "notify-next") return {JobTopic::next_changed, {}};
    if (rest == "$next/get/accepted" || rest == "start-next/accepted") return {JobTopic::execution, {}};
    if (rest == "$next/get/rejected") return {JobTopic::get_rejected, {}};
    for (const auto& [suffix, kind] : {std::pair<std::string_view, JobTopic>{"/update/accepted", JobTopic::update_accepted},
                                       {"/update/rejected", JobTopic::update_rejected}}) {
        if (!ends_with(rest, suffix)) continue;
        const std::string_view job = slice(rest, 0, rest.size() - suffix.size());
        if (is_job_id(job)) return {kind, job};
    }
    return {};
}

std::string_view job_topic(std::string_view thing, std::string_view job, std::string_view suffix, std::span<char> out) {
    std::size_t size = 0;
    bool fits = true;
    const auto put = [&](std::string_view text) {
        for (char c : text) {
            if (size == out.size()) fits = false;
            if (fits) out[size++] = c;
        }
    };
    put("$aws/things/");
    put(thing);
    put("/jobs/");
    put(job);
    if (!job.empty()) put("/");
    put(suffix);
    return fits ? std::string_view(out.data(), size) : std::string_view();
}

std::optional<Execution> read_execution(ByteView payload) {
    JsonReader in(as_text(payload));
    if (!in.enter_object()) return std::nullopt;
    Execution execution;
    for (JsonString key; in.next_member(key);) {
        if (!key.equals("execution")) continue;
        if (!in.enter_object()) continue;
        execution = Execution();
        if (!read_one_execution(in, execution)) return std::nullopt;
    }
    if (!in.finish()) return std::nullopt;
    return execution;
}

std::optional<UpdateAnswer> read_answer(ByteView payload) {
    JsonReader in(as_text(payload));
    if (!in.enter_object()) return std::nullopt;
    UpdateAnswer answer;
    for (JsonString key; in.next_member(key);) {
        JsonString text;
        if (key.equals("clientToken")) {
            if (in.read_string(text) && !text.raw().empty()) answer.token = text.raw()[0];
        } else if (key.equals("code")) {
            if (!in.read_string(text)) continue;
            answer.code = code_of(text);
            keep_start(text, answer.code_text);
        } else if (key.equals("message")) {
            if (in.read_string(text)) keep_start(text, answer.message);
        }
    }
    if (!in.finish()) return std::nullopt;
    return answer;
}

std::string_view write_report(const Report& report, std::span<char> out) {
    encoding::JsonWriter to(out);
    to.begin_object();
    to.key("status");
    to.string(report.status);
    if (!report.bare) {
        to.key("statusDetails");
        to.begin_object();
        to.key("reason");
        to.string(word_of(report.reason));
        // A value must have a character.
        if (!report.message.empty()) {
            to.key("message");
            to.string(report.message);
        }
        if (!report.version.empty()) {
            to.key("version");
            to.string(report.version);
            to.key("versionSigned");
            to.string(report.version_signed ? "true" : "false");
        }
        FixedText<3> percent;
        percent.append(std::uint64_t{report.percent});
        to.key("progress");
        to.string(percent.view());
        to.end_object();
    }
    if (report.execution > 0) {
        to.key("executionNumber");
        to.integer(report.execution);
    }
    to.key("clientToken");
    to.string(std::string_view(&report.token, 1));
    to.end_object();
    return to.fits() ? to.written() : std::string_view();
}

}  // namespace otabahn::device
