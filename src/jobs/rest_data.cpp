// SPDX-License-Identifier: Apache-2.0
// The device's calls over HTTPS (spec jobs 4.8): the same functions as the topics', AWS's bodies. What a call is to publish is
// published once the call is done; HTTPS has no order to keep with it.
#include "jobs/devices.hpp"
#include "jobs/messages.hpp"
#include "jobs/rest.hpp"

#include "api/iot-jobs-data.hpp"

#include <utility>

namespace otabahn::jobs {
namespace {

using awsapi::Caller;
using awsapi::Outcome;
namespace data = api::iot_jobs_data;

// The model of this service knows neither a version conflict nor a step that AWS would tell otherwise (spec jobs 4.7).
Unexpected<awsapi::ServiceError> refuse(Refusal refusal) {
    if (refusal.error.code == ErrorCode::version_conflict) refusal.error.code = ErrorCode::invalid_state;
    return Unexpected(awsapi::to_service_error("iot-jobs-data", refusal.error));
}
Unexpected<awsapi::ServiceError> refuse(const Error& error) { return Unexpected(awsapi::to_service_error("iot-jobs-data", error)); }

data::JobExecutionSummary to_summary(const Execution& execution) {
    data::JobExecutionSummary out;
    out.job_id = execution.job_id;
    out.queued_at = to_seconds(execution.queued);
    if (execution.started) out.started_at = to_seconds(*execution.started);
    out.last_updated_at = to_seconds(execution.updated);
    out.version_number = execution.version;
    out.execution_number = execution.number;
    return out;
}

data::JobExecution to_execution(const Handed& handed, Timestamp now) {
    const auto& execution = handed.execution;
    data::JobExecution out;
    out.job_id = execution.job_id;
    out.thing_name = execution.thing;
    out.status = std::string(to_string(execution.status));
    if (!execution.details.empty()) out.status_details = execution.details;
    out.queued_at = to_seconds(execution.queued);
    if (execution.started) out.started_at = to_seconds(*execution.started);
    out.last_updated_at = to_seconds(execution.updated);
    out.approximate_seconds_before_timed_out = seconds_left(execution, now);
    out.version_number = execution.version;
    out.execution_number = execution.number;
    out.job_document = handed.document;
    return out;
}

// Every device call is judged on its thing; the actions have a prefix of their own (spec jobs 0.1).
template <class Op, class Handler>
void bind(awsapi::Operations& operations, const Parts& parts, Handler handler) {
    operations.bind<Op>([&parts, handler](const Caller& caller, const typename Op::Input& in) -> Outcome<typename Op::Output> {
        const auto action = "iotjobsdata:" + std::string(Op::name);
        if (auto allowed = parts.access.check_caller(caller, action, caller.scope.arn("iot", "thing/" + in.thing_name)); !allowed)
            return refuse(allowed.error());
        const auto thing = ThingName::parse(in.thing_name);
        if (!thing) return refuse(thing.error());
        std::vector<runtime::Publication> then;
        auto out = handler(parts, caller.scope, *thing, in, then);
        for (auto& publication : then) parts.bus.publish(caller.scope, std::move(publication));
        return out;
    });
}

using Then = std::vector<runtime::Publication>;

Outcome<data::GetPendingJobExecutionsResponse> get_pending(const Parts& parts, const Scope& scope, const ThingName& thing,
                                                           const data::GetPendingJobExecutionsRequest&, Then&) {
    const auto queue = Devices(parts).list_pending(scope, thing);
    if (!queue) return refuse(queue.error());
    data::GetPendingJobExecutionsResponse out;
    out.in_progress_jobs.emplace();
    out.queued_jobs.emplace();
    for (const auto& execution : *queue)
        (execution.status == ExecutionStatus::in_progress ? *out.in_progress_jobs : *out.queued_jobs).push_back(to_summary(execution));
    return out;
}

Outcome<data::StartNextPendingJobExecutionResponse> start_next(const Parts& parts, const Scope& scope, const ThingName& thing,
                                                               const data::StartNextPendingJobExecutionRequest& in, Then& then) {
    Start begin{in.status_details, std::nullopt};
    if (begin.details)
        if (auto checked = check_details(*begin.details); !checked) return refuse(checked.error());
    if (in.step_timeout_in_minutes) {
        const auto timer = parse_step_timer(*in.step_timeout_in_minutes, false);
        if (!timer) return refuse(timer.error());
        begin.step_timer = *timer;
    }
    const auto handed = Devices(parts).start_next(scope, thing, begin, then);
    if (!handed) return refuse(handed.error());
    data::StartNextPendingJobExecutionResponse out;
    if (*handed) out.execution = to_execution(**handed, parts.clock.now());
    return out;
}

Outcome<data::DescribeJobExecutionResponse> describe(const Parts& parts, const Scope& scope, const ThingName& thing,
                                                     const data::DescribeJobExecutionRequest& in, Then&) {
    const auto handed = Devices(parts).describe(scope, thing, in.job_id, in.execution_number, in.include_job_document.value_or(true));
    if (!handed) return refuse(handed.error());
    data::DescribeJobExecutionResponse out;
    if (*handed) out.execution = to_execution(**handed, parts.clock.now());
    return out;
}

Outcome<data::UpdateJobExecutionResponse> update(const Parts& parts, const Scope& scope, const ThingName& thing,
                                                 const data::UpdateJobExecutionRequest& in, Then& then) {
    const auto status = parse_execution_status(in.status);
    if (!status) return refuse(Error(ErrorCode::invalid_request, "'" + in.status + "' is no status of a job execution."));
    Update wanted;
    wanted.report = {*status, in.status_details, in.expected_version, std::nullopt};
    wanted.execution_number = in.execution_number;
    wanted.include_document = in.include_job_document.value_or(false);
    if (in.status_details)
        if (auto checked = check_details(*in.status_details); !checked) return refuse(checked.error());
    if (in.step_timeout_in_minutes) {
        const auto timer = parse_step_timer(*in.step_timeout_in_minutes, true);
        if (!timer) return refuse(timer.error());
        wanted.report.step_timer = *timer;
    }
    const auto handed = Devices(parts).update(scope, thing, in.job_id, wanted, then);
    if (!handed) return refuse(handed.error());
    data::UpdateJobExecutionResponse out;
    if (in.include_job_execution_state.value_or(false)) {
        data::JobExecutionState state;
        state.status = std::string(to_string(handed->execution.status));
        if (!handed->execution.details.empty()) state.status_details = handed->execution.details;
        state.version_number = handed->execution.version;
        out.execution_state = std::move(state);
    }
    out.job_document = handed->document;
    return out;
}

}  // namespace

void bind_data(awsapi::Operations& operations, const Parts& parts) {
    bind<data::GetPendingJobExecutions>(operations, parts, get_pending);
    bind<data::StartNextPendingJobExecution>(operations, parts, start_next);
    bind<data::DescribeJobExecution>(operations, parts, describe);
    bind<data::UpdateJobExecution>(operations, parts, update);
}

}  // namespace otabahn::jobs
