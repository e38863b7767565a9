// SPDX-License-Identifier: Apache-2.0
#include "jobs/jobs.hpp"

#include "jobs/jobs_store.hpp"
#include "jobs/rest.hpp"
#include "jobs/rollout.hpp"

#include <utility>

namespace otabahn::jobs {

Jobs::Jobs(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, objects::Objects& objects, access::Access& access,
           Presigner presigner, Options options)
    : parts_{store, bus, clock, objects, access, std::move(presigner), options} {}

void Jobs::bind_rest(awsapi::Operations& operations) {
    bind_control(operations, parts_);
    bind_data(operations, parts_);
}

Result<void> Jobs::run_due(Timestamp now) {
    const std::unique_lock lock(due_mutex_, std::try_to_lock);
    if (!lock) return {};
    constexpr std::int64_t jobs_a_run = 20;
    constexpr std::size_t executions_a_run = 5000;  // of a job: the next run comes in seconds, and timers must not wait long
    try {
        time_out(parts_, now);
        for (const auto& open : parts_.store.read([](runtime::SqlSession& session) { return list_work(session, jobs_a_run); })) {
            if (open.work == Work::rollout) roll_out(parts_, open.scope, open.job_id, executions_a_run);
            if (open.work == Work::cancel) cancel_executions(parts_, open.scope, open.job_id, executions_a_run);
        }
    } catch (const runtime::StoreFailure& failure) {
        return fail(ErrorCode::unavailable,
                    "What is due of jobs could not be done; the next run tries again: " + std::string(failure.what()));
    }
    return {};
}

}  // namespace otabahn::jobs
