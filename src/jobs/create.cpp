// SPDX-License-Identifier: Apache-2.0
#include "jobs/create.hpp"

#include "jobs/document.hpp"
#include "jobs/jobs_store.hpp"
#include "jobs/rollout.hpp"
#include "registry/registry.hpp"

#include <utility>
#include <vector>

namespace otabahn::jobs {
namespace {

using awsapi::Caller;
using registry::Registry;
using runtime::SqlSession;
namespace iot = api::iot;

constexpr std::size_t most_targets = 100;
constexpr std::int64_t longest_timeout = 10080, shortest_url = 60, longest_url = 3600;

// What AWS has and otabahn has not yet: refused by name, never passed over. An empty member asks for nothing.
Result<void> check_implemented(const iot::CreateJobRequest& in) {
    const auto refuse = [&in](std::string_view member) {
        return fail(ErrorCode::not_implemented, "CreateJob with '" + std::string(member) + "' is not implemented here; job " + in.job_id +
                                                    " was not created. Leave it out.");
    };
    if (const auto& rollout = in.job_executions_rollout_config; rollout && (rollout->maximum_per_minute || rollout->exponential_rate))
        return refuse("jobExecutionsRolloutConfig");
    if (in.abort_config && !in.abort_config->criteria_list.empty()) return refuse("abortConfig");
    if (in.job_executions_retry_config && !in.job_executions_retry_config->criteria_list.empty()) return refuse("jobExecutionsRetryConfig");
    if (const auto& schedule = in.scheduling_config;
        schedule && (schedule->start_time || schedule->end_time || schedule->end_behavior ||
                     (schedule->maintenance_windows && !schedule->maintenance_windows->empty())))
        return refuse("schedulingConfig");
    // A continuous job owes an execution to each thing that joins later, which nothing here makes yet.
    if (in.target_selection == "CONTINUOUS") return refuse("targetSelection CONTINUOUS");
    if (in.job_template_arn) return refuse("jobTemplateArn");
    if (in.document_parameters && !in.document_parameters->empty()) return refuse("documentParameters");
    if (in.destination_package_versions && !in.destination_package_versions->empty()) return refuse("destinationPackageVersions");
    if (in.namespace_id) return refuse("namespaceId");
    if (in.tags && !in.tags->empty()) return refuse("tags");
    return {};
}

// The object's content as the caller may read it, copied once.
Result<std::string> load_document(const Parts& parts, const Caller& caller, const std::string& source) {
    const auto refuse = [&source](const std::string& why) {
        return fail(ErrorCode::invalid_request, "The job document cannot be read from documentSource " + source + ": " + why);
    };
    const auto address = parse_s3_url(source, caller.host, true);
    if (!address) return fail(ErrorCode::invalid_request, "documentSource: " + address.error().message);
    if (auto allowed = parts.objects.may_read(caller, address->bucket, address->key, address->version_id.has_value()); !allowed)
        return refuse(allowed.error().message);
    const auto object = parts.objects.find_object(address->bucket, address->key, address->version_id);
    if (!object) return Unexpected(object.error());
    if (!*object)
        return refuse("bucket " + address->bucket + " has no object '" + address->key + "'" +
                      (address->version_id ? " of version " + *address->version_id : "") + ".");
    if ((*object)->size > longest_document)
        return refuse("it has " + std::to_string((*object)->size) + " bytes; at most " + std::to_string(longest_document) + " are taken.");
    const auto reader = parts.objects.open(**object);
    if (!reader) return Unexpected(reader.error());
    std::string text((*object)->size, '\0');
    const auto got = (*reader)->read_at(0, std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
    if (!got) return Unexpected(got.error());
    text.resize(*got);
    return text;
}

Result<std::string> take_document(const Parts& parts, const Caller& caller, const iot::CreateJobRequest& in) {
    if (in.document && in.document_source)
        return fail(ErrorCode::invalid_request, "Job document and job document source cannot be specified at the same time.");
    if (!in.document && !in.document_source)
        return fail(ErrorCode::invalid_request, "Neither job document nor job document source is specified.");
    auto document = in.document ? Result<std::string>(*in.document) : load_document(parts, caller, *in.document_source);
    if (!document) return document;
    if (auto checked = check_document(*document); !checked) return Unexpected(std::move(checked).error());
    return document;
}

// The role that devices' URLs are signed with: there, trusting AWS IoT, passable by the caller, allowed to read each object.
Result<void> check_placeholders(const Parts& parts, const Caller& caller, const Job& job) {
    const auto placeholders = find_placeholders(job.document, job.own_host);
    if (!placeholders) return Unexpected(placeholders.error());
    if (!placeholders->empty() && !job.presigned_role)
        return fail(ErrorCode::invalid_request,
                    "The job document holds presigned URL placeholders, so presignedUrlConfig.roleArn must name a role that may read their "
                    "objects.");
    if (!job.presigned_role) return {};
    const auto &role = *job.presigned_role, source = job_arn(caller.scope, job.id);
    if (auto passed = parts.access.check_caller(caller, "iam:PassRole", role); !passed) return passed;
    const auto refuse = [](const Error& error) {
        return fail(ErrorCode::invalid_request, "presignedUrlConfig.roleArn cannot be used: " + error.message, error.resource);
    };
    if (auto trusted = parts.access.check_role_trust(caller.scope.account, role, source); !trusted) return refuse(trusted.error());
    for (const auto& placeholder : *placeholders) {
        const auto action = placeholder.object.version_id ? "s3:GetObjectVersion" : "s3:GetObject";
        if (auto allowed = parts.access.check_role(caller.scope.account, role, source, action, placeholder.object.arn()); !allowed)
            return refuse(allowed.error());
    }
    return {};
}

Result<Job> make_job(const Parts& parts, const Caller& caller, const iot::CreateJobRequest& in) {
    Job job;
    job.id = in.job_id;
    job.work = Work::rollout;
    job.target_selection = TargetSelection::snapshot;
    job.targets = in.targets;
    job.description = in.description;
    job.document_source = in.document_source;
    job.own_host = caller.host;
    if (in.targets.empty()) return fail(ErrorCode::invalid_request, "CreateJob needs at least one target.");
    if (in.targets.size() > most_targets)
        return fail(ErrorCode::limit_exceeded, "A job has at most " + std::to_string(most_targets) + " targets; " +
                                                   std::to_string(in.targets.size()) + " were given.");
    if (in.timeout_config && in.timeout_config->in_progress_timeout_in_minutes) {
        const auto minutes = *in.timeout_config->in_progress_timeout_in_minutes;
        if (minutes < 1 || minutes > longest_timeout)
            return fail(ErrorCode::invalid_request,
                        "Provide valid timeout value, inProgressTimeoutInMinutes cannot be " + std::to_string(minutes) + ".");
        job.timeout_minutes = minutes;
    }
    if (in.presigned_url_config) {
        job.presigned_role = in.presigned_url_config->role_arn;
        job.presigned_seconds = in.presigned_url_config->expires_in_sec;
        if (const auto seconds = job.presigned_seconds; seconds && (*seconds < shortest_url || *seconds > longest_url))
            return fail(ErrorCode::invalid_request, "presignedUrlConfig.expiresInSec takes " + std::to_string(shortest_url) + " to " +
                                                        std::to_string(longest_url) + " seconds; " + std::to_string(*seconds) +
                                                        " was given.");
    }
    auto document = take_document(parts, caller, in);
    if (!document) return Unexpected(std::move(document).error());
    job.document = std::move(document).value();
    if (auto checked = check_placeholders(parts, caller, job); !checked) return Unexpected(std::move(checked).error());
    return job;
}

Result<void> check_targets_exist(SqlSession& session, const Scope& scope, const Targets& targets) {
    for (const auto& thing : targets.things)
        if (!Registry::thing_exists(session, scope, ThingName::trusted(thing)))
            return fail(
                ErrorCode::not_found,
                "The target thing " + thing + " does not exist in " + scope.region.text() + " of account " + scope.account.text() + ".",
                thing_arn(scope, thing));
    for (const auto& group : targets.groups)
        if (!Registry::group_exists(session, scope, ThingGroupName::trusted(group)))
            return fail(ErrorCode::not_found,
                        "The target thing group " + group + " does not exist in " + scope.region.text() + " of account " +
                            scope.account.text() + ".",
                        scope.arn("iot", "thinggroup/" + group));
    return {};
}

}  // namespace

Result<iot::CreateJobResponse> create_job(const Parts& parts, const Caller& caller, const iot::CreateJobRequest& in) {
    const auto& scope = caller.scope;
    if (auto possible = check_implemented(in); !possible) return Unexpected(std::move(possible).error());
    const auto targets = parse_targets(scope, in.targets);
    if (!targets) return Unexpected(targets.error());
    const auto made = make_job(parts, caller, in);
    if (!made) return Unexpected(made.error());
    const auto now = parts.clock.now();
    const auto created = parts.store.write([&](SqlSession& session) -> Result<void> {
        JobsStore store(session, scope);
        // A taken id is told before a missing target: the job that has it may be the one that was meant.
        if (!store.find_job(made->id)) {
            if (auto there = check_targets_exist(session, scope, *targets); !there) return there;
            Job job = *made;
            job.created = job.updated = now;
            job.sequence = store.last_sequence() + 1;
            if (store.insert_job(job, targets->groups)) return {};
        }
        return fail(ErrorCode::already_exists, "Job " + made->id + " already exists.", job_arn(scope, made->id));
    });
    if (!created) return Unexpected(created.error());
    roll_out(parts, scope, in.job_id, parts.options.executions_at_once);
    return iot::CreateJobResponse{job_arn(scope, in.job_id), in.job_id, in.description};
}

Result<iot::CancelJobResponse> cancel_job(const Parts& parts, const Caller& caller, const iot::CancelJobRequest& in) {
    const auto& scope = caller.scope;
    const auto now = parts.clock.now();
    auto canceled = parts.store.write([&](SqlSession& session) -> Result<iot::CancelJobResponse> {
        JobsStore store(session, scope);
        const auto job = store.find_job(in.job_id);
        if (!job) return fail(ErrorCode::not_found, "Job " + in.job_id + " cannot be found.", job_arn(scope, in.job_id));
        if (job->status != JobStatus::in_progress && job->status != JobStatus::scheduled)
            return fail(ErrorCode::invalid_request,
                        "Job " + in.job_id + " in status " + std::string(to_string(job->status)) + " cannot be canceled.",
                        job_arn(scope, in.job_id));
        store.cancel_job(in.job_id, in.force.value_or(false), in.reason_code, in.comment, now);
        return iot::CancelJobResponse{job_arn(scope, in.job_id), in.job_id, job->description};
    });
    if (!canceled) return canceled;
    cancel_executions(parts, scope, in.job_id, parts.options.executions_at_once);
    return canceled;
}

}  // namespace otabahn::jobs
