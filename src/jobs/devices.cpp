// SPDX-License-Identifier: Apache-2.0
#include "jobs/devices.hpp"

#include "jobs/request.hpp"

#include <utility>

namespace otabahn::jobs {
namespace {

using runtime::SqlSession;

JobTerms terms_of(const std::optional<std::int64_t>& timeout_minutes, const Options& options) {
    JobTerms out;
    if (timeout_minutes) out.in_progress_timeout = std::chrono::minutes(*timeout_minutes);
    out.reject_in_progress = options.reject_in_progress;
    return out;
}

Refusal no_execution(const Scope& scope, const ThingName& thing, const std::string& job_id, const std::optional<std::int64_t>& number) {
    return Refusal(Error(ErrorCode::not_found,
                         "There is no execution " + (number ? std::to_string(*number) + " " : std::string()) + "of job " + job_id +
                             " on thing " + thing.text() + " in " + scope.region.text() + " of account " + scope.account.text() + ".",
                         job_arn(scope, job_id)));
}

// What a transaction found; turned into an answer after the commit, where documents are made.
struct Found {
    std::optional<Execution> execution;
    std::optional<Job> job;
    std::vector<QueueNews> news;
};

// An execution whose job is gone is a damaged store.
Job job_of(JobsStore& store, const Execution& execution) {
    auto job = store.find_job(execution.job_id);
    if (!job)
        throw runtime::StoreFailure("The job " + execution.job_id + " of an execution on " + execution.thing + " is not in the store.");
    return std::move(*job);
}

}  // namespace

Answer<Handed> Devices::hand(const Scope& scope, Execution execution, const std::optional<Job>& job) const {
    if (!job) return Handed{std::move(execution), std::nullopt};
    auto document = hand_document(parts_, scope, *job);
    if (!document)
        return Unexpected(Refusal(
            Error(ErrorCode::unavailable, "The document of job " + job->id + " cannot be handed out: " + document.error().message)));
    return Handed{std::move(execution), std::move(document).value()};
}

Answer<std::vector<Execution>> Devices::list_pending(const Scope& scope, const ThingName& thing) const {
    return parts_.store.read([&](SqlSession& session) { return JobsStore(session, scope).list_queue(thing.text(), most_listed); });
}

Answer<std::optional<Handed>> Devices::start_next(const Scope& scope, const ThingName& thing, const Start& request,
                                                  std::vector<runtime::Publication>& then) const {
    const auto now = parts_.clock.now();
    auto found = parts_.store.write([&](SqlSession& session) -> Answer<Found> {
        JobsStore store(session, scope);
        auto queue = store.list_queue(thing.text(), 1);
        Found out;
        if (queue.empty()) return out;
        out.job = job_of(store, queue.front());
        const bool changes = queue.front().status == ExecutionStatus::queued || request.step_timer.has_value();
        QueueWatch watch(store, thing.text());
        out.execution = start(std::move(queue.front()), request, terms_of(out.job->timeout_minutes, parts_.options), now);
        if (changes) store.update_execution(*out.execution);
        JobCache jobs(store);
        watch.tell(false, jobs, out.news);
        return out;
    });
    if (!found) return Unexpected(std::move(found).error());
    then = format_news(parts_, scope, found->news, now);
    if (!found->execution) return std::optional<Handed>();
    auto handed = hand(scope, std::move(*found->execution), found->job);
    if (!handed) return Unexpected(std::move(handed).error());
    return std::optional(std::move(handed).value());
}

Answer<std::optional<Handed>> Devices::describe(const Scope& scope, const ThingName& thing, const std::string& job_id,
                                                const std::optional<std::int64_t>& execution_number, bool include_document) const {
    auto found = parts_.store.read([&](SqlSession& session) -> Answer<Found> {
        JobsStore store(session, scope);
        Found out;
        if (job_id == next_job) {
            auto queue = store.list_queue(thing.text(), 1);
            if (queue.empty()) return out;
            out.execution = std::move(queue.front());
        } else {
            out.execution = store.find_execution(job_id, thing.text(), execution_number);
            if (!out.execution) return Unexpected(no_execution(scope, thing, job_id, execution_number));
            if (!is_pending(out.execution->status))
                return Unexpected(Refusal(Error(ErrorCode::terminal_state,
                                                "The execution of job " + job_id + " on thing " + thing.text() + " is " +
                                                    std::string(to_string(out.execution->status)) + ", which is final.",
                                                job_arn(scope, job_id))));
        }
        if (include_document) out.job = job_of(store, *out.execution);
        return out;
    });
    if (!found) return Unexpected(std::move(found).error());
    if (!found->execution) return std::optional<Handed>();
    auto handed = hand(scope, std::move(*found->execution), found->job);
    if (!handed) return Unexpected(std::move(handed).error());
    return std::optional(std::move(handed).value());
}

Answer<Handed> Devices::update(const Scope& scope, const ThingName& thing, const std::string& job_id, const Update& request,
                               std::vector<runtime::Publication>& then) const {
    const auto now = parts_.clock.now();
    auto found = parts_.store.write([&](SqlSession& session) -> Answer<Found> {
        JobsStore store(session, scope);
        const auto before = store.find_execution(job_id, thing.text(), request.execution_number);
        if (!before) return Unexpected(no_execution(scope, thing, job_id, request.execution_number));
        Found out;
        auto after = report(*before, request.report, terms_of(store.find_timeout(job_id), parts_.options), now);
        if (!after) return Unexpected(Refusal(std::move(after).error(), before));
        QueueWatch watch(store, thing.text());
        store.update_execution(*after);
        if (request.include_document) out.job = job_of(store, *after);
        const bool ended = !is_pending(after->status);
        if (ended) store.complete_if_done(job_id, now);
        JobCache jobs(store);
        watch.tell(ended, jobs, out.news);
        out.execution = std::move(*after);
        return out;
    });
    if (!found) return Unexpected(std::move(found).error());
    then = format_news(parts_, scope, found->news, now);
    return hand(scope, std::move(*found->execution), found->job);
}

}  // namespace otabahn::jobs
