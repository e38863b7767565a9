// SPDX-License-Identifier: Apache-2.0
// The jobs topics: a request in, accepted or rejected out.
#include "jobs/devices.hpp"
#include "jobs/jobs.hpp"
#include "jobs/messages.hpp"
#include "jobs/request.hpp"
#include "runtime/log.hpp"

#include <algorithm>
#include <exception>

namespace otabahn::jobs {
namespace {

using runtime::TopicCall;
using runtime::TopicReplies;

// One request on its way to its reply.
class Conversation {
  public:
    Conversation(const Parts& parts, const TopicCall& call) : devices_(parts), call_(call), clock_(parts.clock) {}

    TopicReplies run() {
        const auto name = parse_topic(call_.topic);
        if (!name) return reject("InvalidTopic", "The topic " + call_.topic.substr(0, 512) + " is none of a jobs operation.", std::nullopt);
        const auto request = parse_request(name->operation, call_.payload);
        if (!request) {
            token_ = request.error().client_token;
            return reject(request.error().error);
        }
        token_ = request->client_token;
        switch (name->operation) {
            case TopicOperation::get_pending:
                return get_pending(*name);
            case TopicOperation::start_next:
                return start_next(*name, *request);
            case TopicOperation::describe:
                return describe(*name, *request);
            case TopicOperation::update:
                return update(*name, *request);
        }
        return {};
    }

    TopicReplies reject_internally(const std::string& what) {
        spdlog::error("a jobs request failed topic={} what=\"{}\"", call_.topic, what);
        return reject("InternalError", "The service failed on this request; try again.", std::nullopt);
    }

  private:
    TopicReplies get_pending(const TopicName& name) {
        const auto queue = devices_.list_pending(call_.scope, name.thing);
        if (!queue) return reject(queue.error());
        return accept(begin_reply(token_, clock_.now())
                          .add("inProgressJobs", format_summaries(*queue, ExecutionStatus::in_progress))
                          .add("queuedJobs", format_summaries(*queue, ExecutionStatus::queued)));
    }

    TopicReplies start_next(const TopicName& name, const TopicRequest& request) {
        Start begin{request.details, std::nullopt};
        if (request.step_timeout_minutes) {
            const auto timer = parse_step_timer(*request.step_timeout_minutes, false);
            if (!timer) return reject(timer.error());
            begin.step_timer = *timer;
        }
        return accept_execution(devices_.start_next(call_.scope, name.thing, begin, then_));
    }

    TopicReplies describe(const TopicName& name, const TopicRequest& request) {
        return accept_execution(
            devices_.describe(call_.scope, name.thing, name.job_id, request.execution_number, request.include_job_document.value_or(true)));
    }

    TopicReplies update(const TopicName& name, const TopicRequest& request) {
        Update wanted;
        wanted.report = {*request.status, request.details, request.expected_version, std::nullopt};
        wanted.execution_number = request.execution_number;
        wanted.include_document = request.include_job_document.value_or(false);
        if (request.step_timeout_minutes) {
            const auto timer = parse_step_timer(*request.step_timeout_minutes, true);
            if (!timer) return reject(timer.error());
            wanted.report.step_timer = *timer;
        }
        const auto updated = devices_.update(call_.scope, name.thing, name.job_id, wanted, then_);
        if (!updated) return reject(updated.error());
        auto reply = begin_reply(token_, clock_.now());
        if (request.include_execution_state.value_or(false)) reply.add("executionState", format_state(updated->execution));
        if (updated->document) reply.add("jobDocument", *updated->document);
        return accept(reply);
    }

    TopicReplies accept_execution(const Answer<std::optional<Handed>>& handed) {
        if (!handed) return reject(handed.error());
        const auto now = clock_.now();
        auto reply = begin_reply(token_, now);
        if (*handed) reply.add("execution", format_execution((*handed)->execution, (*handed)->document, now));
        return accept(reply);
    }

    TopicReplies accept(const JsonObject& reply) { return answer("/accepted", reply.text()); }
    TopicReplies reject(const Error& error) { return reject(topic_code(error.code), error.message, std::nullopt); }
    TopicReplies reject(const Refusal& refusal) { return reject(topic_code(refusal.error.code), refusal.error.message, refusal.state); }
    TopicReplies reject(std::string_view code, const std::string& message, const std::optional<Execution>& state) {
        return answer("/rejected", format_rejection(code, message, token_, state, clock_.now()));
    }
    // Replies at the QoS of the request, at most 1; what is to be published comes after them.
    TopicReplies answer(std::string_view suffix, std::string payload) {
        TopicReplies out;
        out.push_back({call_.topic + std::string(suffix), std::move(payload), std::min(1, call_.qos)});
        out.then = std::move(then_);
        return out;
    }

    Devices devices_;
    const TopicCall& call_;
    const runtime::Clock& clock_;
    std::optional<std::string> token_;
    std::vector<runtime::Publication> then_;
};

}  // namespace

bool Jobs::fits(std::string_view topic) const { return is_jobs_topic(topic); }

TopicReplies Jobs::call(const TopicCall& call) {
    Conversation conversation(parts_, call);
    try {
        return conversation.run();
    } catch (const std::exception& failure) {
        return conversation.reject_internally(failure.what());
    }
}

}  // namespace otabahn::jobs
