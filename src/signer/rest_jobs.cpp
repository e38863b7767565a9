// SPDX-License-Identifier: Apache-2.0
// Signing jobs (spec control-plane 3.4): what a start checks, and what is said about jobs.
#include "access/authorised.hpp"
#include "encoding/base64_string.hpp"
#include "runtime/random.hpp"
#include "signer/signer.hpp"
#include "signer/sql.hpp"

#include <charconv>

namespace otabahn::signer {

namespace api_signer = api::signer;
using awsapi::Caller;

namespace {

std::string job_arn(const Scope& scope, const std::string& id) { return scope.arn("signer", "/signing-jobs/" + id); }

ServiceError not_accessible(const std::string& key, const std::string& why) {
    return {"AccessDeniedException", 403, "S3 object " + key + " not accessible. Please check your permissions: " + why, {}, {}};
}

// What both answers about a job have.
template <class Shape>
void write_job(Shape& out, const SigningJob& job) {
    out.job_id = job.id;
    out.source = api_signer::Source{api_signer::S3Source{job.source_bucket, job.source_key, job.source_version}};
    out.signing_material = api_signer::SigningMaterial{job.certificate_arn};
    out.platform_id = job.platform_id;
    if (const auto* platform = find_platform(job.platform_id)) out.platform_display_name = platform->display_name;
    out.profile_name = job.profile_name;
    out.profile_version = job.profile_version;
    out.created_at = job.created_at;
    out.status = job.status;
    if (job.status == "Succeeded")
        out.signed_object = api_signer::SignedObject{api_signer::S3SignedObject{job.target_bucket, job.target_key()}};
    out.job_owner = job.scope.account.text();
    out.job_invoker = job.scope.account.text();
}

struct ListToken {
    std::int64_t newness;
    std::string id;
};
std::optional<ListToken> parse_list_token(std::string_view token) {
    const auto text = encoding::from_base64(token);
    if (!text || !objects::is_storable_text(*text)) return std::nullopt;
    const auto blank = text->find(' ');
    if (blank == std::string::npos) return std::nullopt;
    ListToken out{0, text->substr(blank + 1)};
    const auto [end, error] = std::from_chars(text->data(), text->data() + blank, out.newness);
    if (error != std::errc() || end != text->data() + blank) return std::nullopt;
    return out;
}

bool asks_the_same(const SigningJob& a, const SigningJob& b) {
    return a.profile_name == b.profile_name && a.source_bucket == b.source_bucket && a.source_key == b.source_key &&
           a.source_version == b.source_version && a.target_bucket == b.target_bucket && a.target_prefix == b.target_prefix;
}

}  // namespace

Outcome<SigningJob> Signer::judge_start(const Caller& caller, const api_signer::StartSigningJobRequest& in) {
    const auto& scope = caller.scope;
    if (in.profile_owner && *in.profile_owner != scope.account.text())
        return awsapi::service_fail("AccessDeniedException", 403,
                                    "Profile " + in.profile_name + " of account " + *in.profile_owner + " is not shared with account " +
                                        scope.account.text() + ": permissions of profiles over accounts are not here.");
    const auto profile = store_.read([&](runtime::SqlSession& session) { return find_profile_row(session, scope, in.profile_name); });
    if (!profile) return awsapi::service_fail("ResourceNotFoundException", 404, "profile with name " + in.profile_name + " does not exist");
    if (profile->status != "Active")
        return Unexpected(validation_error("Profile " + in.profile_name + " is " + profile->status +
                                           "; only an Active one signs. Put a profile under another name."));
    const auto* platform = find_platform(profile->platform_id);
    if (platform == nullptr || platform->own_key)
        return Unexpected(validation_error("Platform " + profile->platform_id +
                                           " signs with a key that AWS holds; here are jobs for the IoT and FreeRTOS platforms."));

    if (!in.source.s3) return Unexpected(validation_error("The source must be an S3 object: source.s3 is missing."));
    if (!in.destination.s3 || !in.destination.s3->bucket_name || in.destination.s3->bucket_name->empty())
        return Unexpected(validation_error("The destination must be an S3 bucket: destination.s3.bucketName is missing."));
    SigningJob job{.scope = scope};
    job.id = runtime::random_uuid();
    job.profile_name = profile->name;
    job.profile_version = profile->version;
    job.platform_id = profile->platform_id;
    job.certificate_arn = profile->certificate_arn;
    job.encryption = profile->encryption;
    job.hash = profile->hash;
    job.image_format = profile->image_format;
    job.parameters = profile->parameters;
    job.source_bucket = in.source.s3->bucket_name;
    job.source_key = in.source.s3->key;
    job.source_version = in.source.s3->version;
    job.target_bucket = *in.destination.s3->bucket_name;
    job.target_prefix = in.destination.s3->prefix.value_or("");
    job.requested_by = caller.arn;
    job.created_at = clock_.now();
    if (job.source_version.empty())
        return Unexpected(
            validation_error("source.s3.version is missing: only a version of an object is signed. PutObject answers with the version's id "
                             "where the bucket has versioning Enabled."));
    for (const auto* text : {&job.source_key, &job.target_prefix})
        if (!objects::is_storable_text(*text)) return Unexpected(validation_error("A key is UTF-8 text without U+0000."));
    if (job.target_key().size() > objects::max_key_bytes)
        return Unexpected(validation_error("The prefix is too long: prefix and job id make a key of " +
                                           std::to_string(job.target_key().size()) + " bytes, 1024 are the most."));

    for (const auto* name : {&job.source_bucket, &job.target_bucket}) {
        const auto bucket = objects_.find_bucket(*name);
        if (!bucket) return Unexpected(awsapi::to_service_error("signer", bucket.error()));
        if (!*bucket) return Unexpected(validation_error("There is no bucket '" + *name + "'."));
        if ((*bucket)->owner == scope.account && (*bucket)->region != scope.region)
            return Unexpected(validation_error("Bucket '" + *name + "' lies in " + (*bucket)->region.text() + ", this job in " +
                                               scope.region.text() + ". Signer reads and writes buckets of its own region only."));
        if (name == &job.source_bucket && (*bucket)->owner == scope.account && (*bucket)->versioning == objects::Bucket::Versioning::never)
            return Unexpected(
                validation_error("Bucket '" + *name +
                                 "' has no versioning; Signer needs it on the source. Enable it (s3api put-bucket-versioning), "
                                 "then upload the image again."));
    }
    if (auto allowed = objects_.may_read(caller, job.source_bucket, job.source_key, true); !allowed)
        return Unexpected(not_accessible(job.source_key, allowed.error().message));
    const auto object = objects_.find_object(job.source_bucket, job.source_key, job.source_version);
    if (!object) return Unexpected(awsapi::to_service_error("signer", object.error()));
    if (!*object)
        return Unexpected(not_accessible(job.source_key,
                                         "there is no version '" + job.source_version + "' of it in bucket '" + job.source_bucket + "'."));
    const auto limit = static_cast<std::uint64_t>(platform->max_megabytes) << 20;
    if ((*object)->size > limit)
        return Unexpected(validation_error(
            "The image is too large: " + job.source_key + " has " + std::to_string((*object)->size) + " bytes, platform " +
            job.platform_id + " signs at most " + std::to_string(platform->max_megabytes) + " MB (" + std::to_string(limit) + " bytes)." +
            (limit < (std::uint64_t{2048} << 20) ? " AWSIoTDeviceManagement-SHA256-ECDSA signs up to 2048 MB." : "")));
    if (auto allowed = objects_.may_write(caller, job.target_bucket, job.target_key()); !allowed)
        return Unexpected(not_accessible(job.target_prefix + "*", allowed.error().message));
    return job;
}

void Signer::bind_jobs(awsapi::Operations& operations) {
    access::bind_authorised<api_signer::StartSigningJob>(
        operations, access_,
        [](const Scope& scope, const api_signer::StartSigningJobRequest& in) { return profile_arn(scope, in.profile_name); },
        [this](const Caller& caller, const api_signer::StartSigningJobRequest& in) -> Outcome<api_signer::StartSigningJobResponse> {
            if (in.client_request_token.empty() || in.client_request_token.size() > 512 ||
                !objects::is_storable_text(in.client_request_token))
                return Unexpected(validation_error("clientRequestToken is text of 1 to 512 bytes."));
            const auto judged = judge_start(caller, in);
            if (!judged) {
                // The first call's answer holds even when its profile or image is gone by now.
                const auto earlier = store_.read(
                    [&](runtime::SqlSession& session) { return find_job_of_token(session, caller.scope, in.client_request_token); });
                if (!earlier || earlier->profile_name != in.profile_name) return Unexpected(judged.error());
                return api_signer::StartSigningJobResponse{earlier->id, caller.scope.account.text()};
            }
            const auto job = store_.write([&](runtime::SqlSession& session) -> Outcome<SigningJob> {
                return insert_job_row(session, *judged, in.client_request_token);
            });
            if (!job) return Unexpected(job.error());
            if (!asks_the_same(*job, *judged))
                return Unexpected(validation_error("clientRequestToken '" + in.client_request_token + "' was used for job " + job->id +
                                                   " with other content. Use a new token for a new job."));
            if (job->id == judged->id) later_([this, scope = caller.scope, id = job->id] { run_job(scope, id); });
            return api_signer::StartSigningJobResponse{job->id, caller.scope.account.text()};
        });

    access::bind_authorised<api_signer::DescribeSigningJob>(
        operations, access_, [](const Scope& scope, const api_signer::DescribeSigningJobRequest& in) { return job_arn(scope, in.job_id); },
        [this](const Caller& caller, const api_signer::DescribeSigningJobRequest& in) -> Outcome<api_signer::DescribeSigningJobResponse> {
            const auto job = objects::is_storable_text(in.job_id)
                                 ? store_.read([&](runtime::SqlSession& session) { return find_job_row(session, caller.scope, in.job_id); })
                                 : std::nullopt;
            if (!job)
                return awsapi::service_fail("ResourceNotFoundException", 404,
                                            "There is no signing job '" + in.job_id + "' in " + caller.scope.region.text() + ".");
            api_signer::DescribeSigningJobResponse out;
            write_job(out, *job);
            out.overrides = to_overrides(job->encryption, job->hash, job->image_format);
            if (!job->parameters.empty()) out.signing_parameters = job->parameters;
            out.completed_at = job->completed_at;
            out.requested_by = job->requested_by;
            if (!job->status_reason.empty()) out.status_reason = job->status_reason;
            return out;
        });

    access::bind_authorised<api_signer::ListSigningJobs>(
        operations, access_, [](const Scope&, const auto&) { return std::string("*"); },
        [this](const Caller& caller, const api_signer::ListSigningJobsRequest& in) -> Outcome<api_signer::ListSigningJobsResponse> {
            const auto most = in.max_results.value_or(25);
            if (most < 1 || most > 25)
                return Unexpected(validation_error("maxResults is between 1 and 25, not " + std::to_string(most) + "."));
            ListToken at{INT64_MIN, ""};
            if (in.next_token) {
                const auto token = parse_list_token(*in.next_token);
                if (!token) return Unexpected(validation_error("The nextToken is none that ListSigningJobs gave."));
                at = *token;
            }
            const auto is_wanted = [&](const SigningJob& job) {
                // Signatures of these platforms neither expire nor are revoked.
                if (in.is_revoked.value_or(false) || in.signature_expires_before || in.signature_expires_after) return false;
                return (!in.status || *in.status == job.status) && (!in.platform_id || *in.platform_id == job.platform_id) &&
                       (!in.requested_by || *in.requested_by == job.requested_by) &&
                       (!in.job_invoker || *in.job_invoker == job.scope.account.text());
            };
            api_signer::ListSigningJobsResponse out;
            out.jobs.emplace();
            constexpr std::int64_t batch = 100;
            for (bool more = true; more;) {
                const auto rows = store_.read([&](runtime::SqlSession& session) {
                    return session.query(sql::list_jobs, {{"account", caller.scope.account.text()},
                                                          {"region", caller.scope.region.text()},
                                                          {"newness", at.newness},
                                                          {"job_id", at.id},
                                                          {"count", batch}});
                });
                more = rows.size() == static_cast<std::size_t>(batch);
                for (const auto& row : rows) {
                    const auto job = read_job(row);
                    if (is_wanted(job)) {
                        if (out.jobs->size() == static_cast<std::size_t>(most)) {
                            out.next_token = encoding::to_base64(std::to_string(at.newness) + " " + at.id);
                            return out;
                        }
                        api_signer::SigningJob one;
                        write_job(one, job);
                        one.is_revoked = false;
                        out.jobs->push_back(std::move(one));
                    }
                    at = {job.newness, job.id};
                }
            }
            return out;
        });
}

}  // namespace otabahn::signer
