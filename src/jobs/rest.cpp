// SPDX-License-Identifier: Apache-2.0
// Jobs' rows of AWS IoT's control plane (spec jobs 1).
#include "jobs/rest.hpp"

#include "access/authorised.hpp"
#include "api/iot.hpp"
#include "jobs/create.hpp"
#include "jobs/jobs_store.hpp"
#include "jobs/messages.hpp"
#include "registry/paging.hpp"
#include "registry/registry.hpp"

#include <charconv>
#include <limits>
#include <utility>

namespace otabahn::jobs {
namespace {

using awsapi::Caller;
using registry::Registry;
using runtime::SqlSession;
namespace iot = api::iot;

constexpr std::int64_t newest = std::numeric_limits<std::int64_t>::max();

Unexpected<Error> job_not_found(const Scope& scope, const std::string& id) {
    return fail(ErrorCode::not_found, "Job " + id + " cannot be found.", job_arn(scope, id));
}

// A page's token holds a number and, after a colon, what else orders the rows.
struct Position {
    std::int64_t number = 0;
    std::string rest;
};

Result<Position> parse_position(const std::string& token) {
    Position out;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), out.number);
    if (error != std::errc{} || end == token.data() + token.size() || *end != ':')
        return fail(ErrorCode::invalid_request, "Next token is invalid.");
    out.rest = token.substr(static_cast<std::size_t>(end - token.data()) + 1);
    return out;
}
std::string format_position(std::int64_t number, const std::string& rest) { return std::to_string(number) + ":" + rest; }

template <class T>
std::optional<T> shown(bool when, T value) {
    return when ? std::optional(std::move(value)) : std::nullopt;
}

iot::JobProcessDetails to_details(const Job& job, const std::map<std::string, std::int64_t>& counts) {
    const auto count = [&counts](ExecutionStatus status) {
        const auto found = counts.find(std::string(to_string(status)));
        return found == counts.end() ? 0 : static_cast<std::int32_t>(found->second);
    };
    iot::JobProcessDetails out;
    if (job.work == Work::rollout) out.processing_targets = job.targets;
    out.number_of_canceled_things = count(ExecutionStatus::canceled);
    out.number_of_succeeded_things = count(ExecutionStatus::succeeded);
    out.number_of_failed_things = count(ExecutionStatus::failed);
    out.number_of_rejected_things = count(ExecutionStatus::rejected);
    out.number_of_queued_things = count(ExecutionStatus::queued);
    out.number_of_in_progress_things = count(ExecutionStatus::in_progress);
    out.number_of_removed_things = count(ExecutionStatus::removed);
    out.number_of_timed_out_things = count(ExecutionStatus::timed_out);
    return out;
}

iot::Job to_job(const Scope& scope, const Job& job, const std::map<std::string, std::int64_t>& counts) {
    iot::Job out;
    out.job_arn = job_arn(scope, job.id);
    out.job_id = job.id;
    out.target_selection = std::string(to_string(job.target_selection));
    out.status = std::string(to_string(job.status));
    out.force_canceled = shown(job.status == JobStatus::canceled, job.force_canceled);
    out.reason_code = job.reason_code;
    out.comment = job.comment;
    out.targets = job.targets;
    out.description = job.description;
    if (job.presigned_role || job.presigned_seconds)
        out.presigned_url_config = iot::PresignedUrlConfig{job.presigned_role, job.presigned_seconds.value_or(3600)};
    out.created_at = job.created;
    out.last_updated_at = job.updated;
    out.completed_at = job.completed;
    out.job_process_details = to_details(job, counts);
    out.timeout_config = iot::TimeoutConfig{job.timeout_minutes};
    out.scheduling_config = iot::SchedulingConfig{};
    out.is_concurrent = job.work != Work::none;
    return out;
}

iot::JobExecutionSummary to_summary(const Execution& execution) {
    iot::JobExecutionSummary out;
    out.status = std::string(to_string(execution.status));
    out.queued_at = execution.queued;
    out.started_at = execution.started;
    out.last_updated_at = execution.updated;
    out.execution_number = execution.number;
    return out;
}

Result<iot::DescribeJobResponse> describe_job(const Parts& parts, const Caller& caller, const iot::DescribeJobRequest& in) {
    return parts.store.read([&](SqlSession& session) -> Result<iot::DescribeJobResponse> {
        JobsStore store(session, caller.scope);
        const auto job = store.find_job(in.job_id);
        if (!job) return job_not_found(caller.scope, in.job_id);
        return iot::DescribeJobResponse{job->document_source, to_job(caller.scope, *job, store.count_by_status(job->id))};
    });
}

Result<iot::GetJobDocumentResponse> get_document(const Parts& parts, const Caller& caller, const iot::GetJobDocumentRequest& in) {
    return parts.store.read([&](SqlSession& session) -> Result<iot::GetJobDocumentResponse> {
        const auto job = JobsStore(session, caller.scope).find_job(in.job_id);
        if (!job) return job_not_found(caller.scope, in.job_id);
        return iot::GetJobDocumentResponse{job->document};
    });
}

Result<iot::ListJobsResponse> list_jobs(const Parts& parts, const Caller& caller, const iot::ListJobsRequest& in) {
    if (in.namespace_id) return fail(ErrorCode::not_implemented, "ListJobs with 'namespaceId' is not implemented here; leave it out.");
    if (in.thing_group_id)
        return fail(ErrorCode::not_implemented, "ListJobs with 'thingGroupId' is not implemented here; name the group by thingGroupName.");
    const auto page = registry::parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    std::int64_t before = newest;
    if (!page->after.empty()) {
        const auto position = parse_position(page->after);
        if (!position) return Unexpected(position.error());
        before = position->number;
    }
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListJobsResponse> {
        const auto& scope = caller.scope;
        if (in.thing_group_name && !Registry::group_exists(session, scope, ThingGroupName::trusted(*in.thing_group_name)))
            return fail(ErrorCode::not_found, "Thing group " + *in.thing_group_name + " does not exist.",
                        scope.arn("iot", "thinggroup/" + *in.thing_group_name));
        auto jobs = JobsStore(session, scope)
                        .list_jobs({in.status.value_or(""), in.target_selection.value_or(""), in.thing_group_name.value_or(""), before},
                                   page->count + 1);
        iot::ListJobsResponse out;
        out.next_token = registry::cut(jobs, *page, [](const Job& job) { return format_position(job.sequence, ""); });
        out.jobs.emplace();
        for (const auto& job : jobs) {
            iot::JobSummary summary;
            summary.job_arn = job_arn(scope, job.id);
            summary.job_id = job.id;
            summary.target_selection = std::string(to_string(job.target_selection));
            summary.status = std::string(to_string(job.status));
            summary.created_at = job.created;
            summary.last_updated_at = job.updated;
            summary.completed_at = job.completed;
            summary.is_concurrent = job.work != Work::none;
            out.jobs->push_back(std::move(summary));
        }
        return out;
    });
}

Result<iot::DescribeJobExecutionResponse> describe_execution(const Parts& parts, const Caller& caller,
                                                             const iot::DescribeJobExecutionRequest& in) {
    const auto now = parts.clock.now();
    return parts.store.read([&](SqlSession& session) -> Result<iot::DescribeJobExecutionResponse> {
        const auto& scope = caller.scope;
        const auto execution = JobsStore(session, scope).find_execution(in.job_id, in.thing_name, in.execution_number);
        if (!execution)
            return fail(ErrorCode::not_found,
                        "There is no execution " + (in.execution_number ? std::to_string(*in.execution_number) + " " : std::string()) +
                            "of job " + in.job_id + " on thing " + in.thing_name + ".",
                        job_arn(scope, in.job_id));
        iot::JobExecution out;
        out.job_id = execution->job_id;
        out.status = std::string(to_string(execution->status));
        out.force_canceled = shown(execution->status == ExecutionStatus::canceled, execution->force_canceled);
        out.status_details = iot::JobExecutionStatusDetails{execution->details};
        out.thing_arn = thing_arn(scope, execution->thing);
        out.queued_at = execution->queued;
        out.started_at = execution->started;
        out.last_updated_at = execution->updated;
        out.execution_number = execution->number;
        out.version_number = execution->version;
        out.approximate_seconds_before_timed_out = seconds_left(*execution, now);
        return iot::DescribeJobExecutionResponse{std::move(out)};
    });
}

Result<iot::ListJobExecutionsForJobResponse> list_for_job(const Parts& parts, const Caller& caller,
                                                          const iot::ListJobExecutionsForJobRequest& in) {
    const auto page = registry::parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    Position after;
    if (!page->after.empty()) {
        auto position = parse_position(page->after);
        if (!position) return Unexpected(position.error());
        after = std::move(*position);
    }
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListJobExecutionsForJobResponse> {
        JobsStore store(session, caller.scope);
        if (!store.find_job(in.job_id)) return job_not_found(caller.scope, in.job_id);
        auto rows = store.list_for_job(in.job_id, in.status.value_or(""), after.rest, after.number, page->count + 1);
        iot::ListJobExecutionsForJobResponse out;
        out.next_token = registry::cut(rows, *page, [](const Execution& row) { return format_position(row.number, row.thing); });
        out.execution_summaries.emplace();
        for (const auto& row : rows) out.execution_summaries->push_back({thing_arn(caller.scope, row.thing), to_summary(row)});
        return out;
    });
}

Result<iot::ListJobExecutionsForThingResponse> list_for_thing(const Parts& parts, const Caller& caller,
                                                              const iot::ListJobExecutionsForThingRequest& in) {
    if (in.namespace_id)
        return fail(ErrorCode::not_implemented, "ListJobExecutionsForThing with 'namespaceId' is not implemented here; leave it out.");
    const auto page = registry::parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    std::int64_t before_sequence = newest, before_number = newest;
    if (!page->after.empty()) {
        const auto position = parse_position(page->after);
        if (!position) return Unexpected(position.error());
        before_sequence = position->number;
        const auto [end, error] = std::from_chars(position->rest.data(), position->rest.data() + position->rest.size(), before_number);
        if (error != std::errc{} || end != position->rest.data() + position->rest.size())
            return fail(ErrorCode::invalid_request, "Next token is invalid.");
    }
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListJobExecutionsForThingResponse> {
        const auto& scope = caller.scope;
        auto rows = JobsStore(session, scope)
                        .list_for_thing(in.thing_name, in.status.value_or(""), in.job_id.value_or(""), before_sequence, before_number,
                                        page->count + 1);
        // Executions outlive their thing; a name that never was one is a mistake worth telling.
        if (rows.empty() && !Registry::thing_exists(session, scope, ThingName::trusted(in.thing_name)))
            return fail(ErrorCode::not_found, "Thing " + in.thing_name + " does not exist.", thing_arn(scope, in.thing_name));
        iot::ListJobExecutionsForThingResponse out;
        out.next_token =
            registry::cut(rows, *page, [](const Execution& row) { return format_position(row.job_sequence, std::to_string(row.number)); });
        out.execution_summaries.emplace();
        for (const auto& row : rows) out.execution_summaries->push_back({row.job_id, to_summary(row)});
        return out;
    });
}

}  // namespace

void bind_control(awsapi::Operations& operations, const Parts& parts) {
    auto& access = parts.access;
    const auto job = [](const Scope& scope, const auto& in) { return job_arn(scope, in.job_id); };
    const auto thing = [](const Scope& scope, const auto& in) { return thing_arn(scope, in.thing_name); };
    const auto everything = [](const Scope&, const auto&) { return std::string("*"); };
    const auto with = [&parts](auto function) {
        return [&parts, function](const Caller& caller, const auto& in) { return function(parts, caller, in); };
    };
    access::bind_authorised<iot::CreateJob>(operations, access, job, with(create_job));
    access::bind_authorised<iot::CancelJob>(operations, access, job, with(cancel_job));
    access::bind_authorised<iot::DescribeJob>(operations, access, job, with(describe_job));
    access::bind_authorised<iot::GetJobDocument>(operations, access, job, with(get_document));
    access::bind_authorised<iot::ListJobs>(operations, access, everything, with(list_jobs));
    access::bind_authorised<iot::DescribeJobExecution>(operations, access, thing, with(describe_execution));
    access::bind_authorised<iot::ListJobExecutionsForJob>(operations, access, job, with(list_for_job));
    access::bind_authorised<iot::ListJobExecutionsForThing>(operations, access, thing, with(list_for_thing));
}

}  // namespace otabahn::jobs
