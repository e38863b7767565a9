// SPDX-License-Identifier: Apache-2.0
// S3's operations on buckets.
#include "api/s3.hpp"
#include "objects/object_request.hpp"
#include "objects/objects.hpp"
#include "objects/sql.hpp"
#include "objects/uploads.hpp"

#include <algorithm>

namespace otabahn::objects {

namespace s3 = api::s3;
using awsapi::Caller;

namespace {

constexpr std::string_view first_region = "us-east-1";  // the one that has no LocationConstraint

// Where the bucket shall lie: the endpoint's region (the signature's scope), or the constraint that it accepts.
Outcome<Region> choose_region(const Region& endpoint, const std::optional<std::string>& constraint) {
    const auto refuse = [&](std::string_view given) {
        return awsapi::service_fail("IllegalLocationConstraintException", 400,
                                    "The " + std::string(given) +
                                        " location constraint is incompatible for the region specific endpoint this request was sent to (" +
                                        endpoint.text() + ").");
    };
    if (!constraint || constraint->empty()) {
        if (endpoint.text() != first_region) return refuse("unspecified");
        return endpoint;
    }
    const auto region = Region::parse(*constraint == "EU" ? "eu-west-1" : *constraint);
    if (!region || region->text() == first_region)
        return awsapi::service_fail("InvalidLocationConstraint", 400,
                                    "The specified location-constraint is not valid: '" + *constraint + "'.",
                                    {{"LocationConstraint", *constraint}});
    if (endpoint.text() != first_region && *region != endpoint) return refuse(*constraint);
    return *region;
}

}  // namespace

void Objects::bind_buckets(awsapi::Operations& operations) {
    operations.bind<s3::CreateBucket>([this](const Caller& caller, const s3::CreateBucketRequest& in) -> Outcome<s3::CreateBucketOutput> {
        if (const auto fault = find_bucket_name_fault(in.bucket))
            return awsapi::service_fail("InvalidBucketName", 400, "The specified bucket is not valid: " + *fault + ".",
                                        {{"BucketName", in.bucket}});
        if (auto allowed = access_.check_caller(caller, "s3:CreateBucket", bucket_arn(in.bucket)); !allowed)
            return Unexpected(access_denied(allowed.error().message));
        if (in.acl)
            if (auto fine = judge_acl(*in.acl); !fine) return Unexpected(fine.error());
        if (in.grant_full_control || in.grant_read || in.grant_read_acp || in.grant_write || in.grant_write_acp)
            if (auto fine = judge_acl("grants"); !fine) return Unexpected(fine.error());
        // The one ownership there is here: AWS's default, under which there are no ACLs.
        if (const auto ownership = in.object_ownership.value_or("BucketOwnerEnforced"); ownership != "BucketOwnerEnforced")
            return Unexpected(not_implemented("x-amz-object-ownership '" + ownership + "'; BucketOwnerEnforced is taken"));
        if (in.bucket_namespace && *in.bucket_namespace != "global")
            return Unexpected(not_implemented("x-amz-bucket-namespace '" + *in.bucket_namespace + "'; global is taken"));
        if (in.object_lock_enabled_for_bucket.value_or(false)) return Unexpected(not_implemented("object lock"));
        std::optional<std::string> constraint;
        if (const auto& configuration = in.create_bucket_configuration) {
            constraint = configuration->location_constraint;
            if (configuration->location || configuration->bucket) return Unexpected(not_implemented("directory buckets"));
            if (configuration->tags && !configuration->tags->empty()) return Unexpected(not_implemented("tags of buckets"));
        }
        const auto region = choose_region(caller.scope.region, constraint);
        if (!region) return Unexpected(region.error());

        const auto now = clock_.now();
        using Existing = std::optional<Bucket>;
        const auto existing = store_.write([&](runtime::SqlSession& session) -> Outcome<Existing> {
            if (session.query_one(
                    sql::insert_bucket,
                    {{"name", in.bucket}, {"account", caller.scope.account.text()}, {"region", region->text()}, {"now", now}}))
                return Existing();
            return find_bucket_row(session, in.bucket);
        });
        if (!existing) return Unexpected(existing.error());
        if (*existing) {
            if ((*existing)->owner != caller.scope.account)
                return awsapi::service_fail(
                    "BucketAlreadyExists", 409,
                    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
                    "Select a different name and try again.",
                    {{"BucketName", in.bucket}});
            if (caller.scope.region.text() != first_region || (*existing)->region != *region)
                return awsapi::service_fail("BucketAlreadyOwnedByYou", 409,
                                            "Your previous request to create the named bucket succeeded and you already own it.",
                                            {{"BucketName", in.bucket}});
        }
        s3::CreateBucketOutput out;
        out.location = "/" + in.bucket;
        return out;
    });

    operations.bind<s3::HeadBucket>([this](const Caller& caller, const s3::HeadBucketRequest& in) -> Outcome<s3::HeadBucketOutput> {
        const auto bucket = admit(caller, in.bucket, "s3:ListBucket", bucket_arn(in.bucket), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        s3::HeadBucketOutput out;
        out.bucket_region = bucket->region.text();
        return out;
    });

    operations.bind<s3::GetBucketLocation>(
        [this](const Caller& caller, const s3::GetBucketLocationRequest& in) -> Outcome<s3::GetBucketLocationOutput> {
            const auto bucket = admit(caller, in.bucket, "s3:GetBucketLocation", bucket_arn(in.bucket), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            s3::GetBucketLocationOutput out;
            if (bucket->region.text() != first_region) out.location_constraint = bucket->region.text();
            return out;
        });

    operations.bind<s3::ListBuckets>([this](const Caller& caller, const s3::ListBucketsRequest& in) -> Outcome<s3::ListBucketsOutput> {
        if (auto allowed = access_.check_caller(caller, "s3:ListAllMyBuckets", "arn:aws:s3:::*"); !allowed)
            return Unexpected(access_denied(allowed.error().message));
        const auto most = in.max_buckets.value_or(10000);
        if (most < 1 || most > 10000)
            return Unexpected(
                invalid_argument("Argument max-buckets must be an integer between 1 and 10000.", "max-buckets", std::to_string(most)));
        // The token is the last name given: it needs no cover, it is the caller's own bucket.
        std::string after = in.continuation_token.value_or("");
        if (!after.empty() && find_bucket_name_fault(after))
            return Unexpected(invalid_argument("The continuation token provided is incorrect", "continuation-token", after));
        s3::ListBucketsOutput out;
        out.buckets.emplace();
        out.owner = s3::Owner{.display_name = caller.scope.account.text(), .id = canonical_user_id(caller.scope.account)};
        out.prefix = in.prefix;
        for (bool more = true; more;) {
            const auto rows = store_.read([&](runtime::SqlSession& session) {
                return session.query(sql::list_buckets, {{"account", caller.scope.account.text()}, {"after", after}, {"count", 1000}});
            });
            more = rows.size() == 1000;
            for (const auto& row : rows) {
                const auto bucket = read_bucket(row);
                after = bucket.name;
                if (in.prefix && !bucket.name.starts_with(*in.prefix)) continue;
                if (in.bucket_region && *in.bucket_region != bucket.region.text()) continue;
                if (out.buckets->size() == static_cast<std::size_t>(most)) {
                    out.continuation_token = *out.buckets->back().name;
                    return out;
                }
                s3::Bucket one;
                one.name = bucket.name;
                one.creation_date = bucket.created_at;
                one.bucket_region = bucket.region.text();
                out.buckets->push_back(std::move(one));
            }
        }
        return out;
    });

    operations.bind<s3::DeleteBucket>([this](const Caller& caller, const s3::DeleteBucketRequest& in) -> Outcome<api::Nothing> {
        const auto bucket = admit(caller, in.bucket, "s3:DeleteBucket", bucket_arn(in.bucket), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        const auto blobs = store_.write([&](runtime::SqlSession& session) -> Outcome<std::vector<std::string>> {
            std::vector<std::string> freed;
            if (!session.query_one(sql::advance_bucket, {{"name", in.bucket}})) return Unexpected(no_such_bucket(in.bucket));
            if (session.query_one(sql::find_any_version, {{"bucket", in.bucket}}))
                return awsapi::service_fail("BucketNotEmpty", 409,
                                            "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
                                            {{"BucketName", in.bucket}});
            for (const auto& row : session.query(sql::list_open_uploads_of_bucket, {{"bucket", in.bucket}})) {
                auto parts = remove_upload(session, row.text(0));
                freed.insert(freed.end(), parts.begin(), parts.end());
            }
            session.execute(sql::delete_bucket, {{"name", in.bucket}});
            return freed;
        });
        if (!blobs) return Unexpected(blobs.error());
        remove_blobs(*blobs);
        return api::Nothing{};
    });

    operations.bind<s3::PutBucketVersioning>([this](const Caller& caller,
                                                    const s3::PutBucketVersioningRequest& in) -> Outcome<api::Nothing> {
        const auto bucket = admit(caller, in.bucket, "s3:PutBucketVersioning", bucket_arn(in.bucket), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        const auto& wanted = in.versioning_configuration;
        if (wanted.mfa_delete.value_or("Disabled") != "Disabled") return Unexpected(not_implemented("MFA delete"));
        const auto status = wanted.status.value_or("");
        if (status != "Enabled" && status != "Suspended")
            return awsapi::service_fail(
                "IllegalVersioningConfigurationException", 400,
                "The versioning configuration specified in the request is invalid: Status is Enabled or Suspended, not '" + status + "'.");
        const auto done = store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
            if (session.execute(sql::set_versioning,
                                {{"name", in.bucket}, {"versioning", status == "Enabled" ? "enabled" : "suspended"}}) == 0)
                return Unexpected(no_such_bucket(in.bucket));
            return {};
        });
        if (!done) return Unexpected(done.error());
        return api::Nothing{};
    });

    operations.bind<s3::GetBucketVersioning>(
        [this](const Caller& caller, const s3::GetBucketVersioningRequest& in) -> Outcome<s3::GetBucketVersioningOutput> {
            const auto bucket = admit(caller, in.bucket, "s3:GetBucketVersioning", bucket_arn(in.bucket), in.expected_bucket_owner);
            if (!bucket) return Unexpected(bucket.error());
            s3::GetBucketVersioningOutput out;
            if (bucket->versioning == Bucket::Versioning::enabled) out.status = "Enabled";
            if (bucket->versioning == Bucket::Versioning::suspended) out.status = "Suspended";
            return out;
        });
}

}  // namespace otabahn::objects
