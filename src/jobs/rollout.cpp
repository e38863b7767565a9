// SPDX-License-Identifier: Apache-2.0
#include "jobs/rollout.hpp"

#include "jobs/queue.hpp"
#include "registry/registry.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace otabahn::jobs {
namespace {

using registry::Registry;
using runtime::SqlSession;

void publish(const Parts& parts, const Scope& scope, const std::vector<QueueNews>& news, Timestamp now) {
    for (auto& publication : format_news(parts, scope, news, now)) parts.bus.publish(scope, std::move(publication));
}

// The things of a job's targets that have no execution yet, in the order of their names.
std::vector<std::string> remaining_things(const Parts& parts, const Scope& scope, const std::string& job_id) {
    return parts.store.read([&](SqlSession& session) -> std::vector<std::string> {
        JobsStore store(session, scope);
        const auto job = store.find_job(job_id);
        if (!job || job->work != Work::rollout) return {};
        const auto targets = parse_targets(scope, job->targets);
        if (!targets) return {};  // checked when the job was made
        std::set<std::string> things(targets->things.begin(), targets->things.end());
        for (const auto& group : targets->groups)
            for (const auto& member : Registry::members(session, scope, ThingGroupName::trusted(group))) things.insert(member.text());
        const auto last = store.last_thing(job_id);
        return {last ? things.upper_bound(*last) : things.begin(), things.end()};
    });
}

struct Batch {
    bool goes_on = false;  // false: nothing is left of this work
    std::size_t changed = 0;
    std::vector<QueueNews> news;
};

Result<Batch> roll_out_batch(SqlSession& session, const Scope& scope, const std::string& job_id, std::span<const std::string> things,
                             bool last, Timestamp now) {
    JobsStore store(session, scope);
    Batch out;
    const auto job = store.find_job(job_id);
    if (!job || job->work != Work::rollout) return out;  // canceled meanwhile, or another thread has ended it
    JobCache jobs(store);
    for (const auto& thing : things) {
        if (!Registry::thing_exists(session, scope, ThingName::trusted(thing))) continue;
        QueueWatch watch(store, thing);
        if (!store.insert_execution(*job, thing, 1, now)) continue;
        watch.tell(true, jobs, out.news);
        ++out.changed;
    }
    if (last) {
        store.end_work(job_id, Work::rollout, now);
        store.complete_if_done(job_id, now);
    }
    out.goes_on = !last;
    return out;
}

Result<Batch> cancel_batch(SqlSession& session, const Scope& scope, const std::string& job_id, std::size_t size, Timestamp now) {
    JobsStore store(session, scope);
    Batch out;
    const auto job = store.find_job(job_id);
    if (!job || job->work != Work::cancel) return out;
    JobCache jobs(store);
    const auto limit = static_cast<std::int64_t>(size);
    auto open = store.list_in_status(job_id, ExecutionStatus::queued, limit);
    if (open.empty() && job->force_canceled) open = store.list_in_status(job_id, ExecutionStatus::in_progress, limit);
    for (auto& execution : open) {
        QueueWatch watch(store, execution.thing);
        store.update_execution(end(std::move(execution), ExecutionStatus::canceled, Actor::cloud, now));
        watch.tell(true, jobs, out.news);
    }
    out.changed = open.size();
    out.goes_on = !open.empty();
    if (!out.goes_on) store.end_work(job_id, Work::cancel, now);
    return out;
}

}  // namespace

Result<Targets> parse_targets(const Scope& scope, const std::vector<std::string>& arns) {
    Targets out;
    for (const auto& arn : arns) {
        const auto refuse = [&arn](std::string why) {
            return fail(ErrorCode::invalid_request,
                        "The target '" + arn.substr(0, 256) + "' is no ARN of a thing or a thing group: " + std::move(why) + ".", arn);
        };
        // arn:PARTITION:iot:REGION:ACCOUNT:thing/NAME
        std::vector<std::string_view> parts;
        std::string_view rest = arn;
        while (parts.size() < 5) {
            const auto colon = rest.find(':');
            if (colon == std::string_view::npos) return refuse("it has too few parts");
            parts.push_back(rest.substr(0, colon));
            rest.remove_prefix(colon + 1);
        }
        if (parts[0] != "arn" || !parts[1].starts_with("aws") || parts[2] != "iot") return refuse("it does not begin with arn:aws:iot:");
        const bool is_group = rest.starts_with("thinggroup/"), is_thing = rest.starts_with("thing/");
        if (!is_group && !is_thing) return refuse("it ends neither in thing/NAME nor in thinggroup/NAME");
        const std::string name(rest.substr(rest.find('/') + 1));
        if (!ThingNameRule::fits(name)) return refuse("'" + name.substr(0, 128) + "' is no name");
        if (parts[3] != scope.region.text() || parts[4] != scope.account.text())
            return fail(ErrorCode::not_found,
                        "The target '" + arn + "' is not of region " + scope.region.text() + " and account " + scope.account.text() + ".",
                        arn);
        (is_group ? out.groups : out.things).push_back(name);
    }
    return out;
}

void roll_out(const Parts& parts, const Scope& scope, const std::string& job_id, std::size_t budget) {
    const auto things = remaining_things(parts, scope, job_id);
    const auto size = std::max<std::size_t>(parts.options.executions_in_a_batch, 1);
    std::size_t at = 0;
    for (bool goes_on = true; goes_on && at <= budget;) {
        const auto count = std::min(size, things.size() - at);
        const auto batch = std::span(things).subspan(at, count);
        at += count;
        const auto now = parts.clock.now();
        auto done =
            parts.store.write([&](SqlSession& session) { return roll_out_batch(session, scope, job_id, batch, at == things.size(), now); });
        publish(parts, scope, done->news, now);
        goes_on = done->goes_on;
    }
}

void cancel_executions(const Parts& parts, const Scope& scope, const std::string& job_id, std::size_t budget) {
    const auto size = std::max<std::size_t>(parts.options.executions_in_a_batch, 1);
    std::size_t changed = 0;
    for (bool goes_on = true; goes_on && changed <= budget;) {
        const auto now = parts.clock.now();
        auto done = parts.store.write([&](SqlSession& session) { return cancel_batch(session, scope, job_id, size, now); });
        publish(parts, scope, done->news, now);
        changed += done->changed;
        goes_on = done->goes_on;
    }
}

void time_out(const Parts& parts, Timestamp now) {
    constexpr std::int64_t batch = 100;
    for (;;) {
        const auto due = parts.store.read([&](SqlSession& session) { return list_due(session, now, batch); });
        std::map<Scope, std::vector<DueExecution>> by_scope;
        for (const auto& execution : due) by_scope[execution.scope].push_back(execution);
        for (const auto& [scope, executions] : by_scope) {
            auto done = parts.store.write([&, &place = scope, &all = executions](SqlSession& session) -> Result<std::vector<QueueNews>> {
                JobsStore store(session, place);
                JobCache jobs(store);
                std::vector<QueueNews> news;
                for (const auto& one : all) {
                    auto execution = store.find_execution(one.job_id, one.thing, one.number);
                    // The device may have reported since it was listed.
                    if (!execution || !execution->deadline() || *execution->deadline() > now) continue;
                    QueueWatch watch(store, one.thing);
                    store.update_execution(end(std::move(*execution), ExecutionStatus::timed_out, Actor::timer, now));
                    store.complete_if_done(one.job_id, now);
                    watch.tell(true, jobs, news);
                }
                return news;
            });
            publish(parts, scope, *done, now);
        }
        if (static_cast<std::int64_t>(due.size()) < batch) return;
    }
}

}  // namespace otabahn::jobs
