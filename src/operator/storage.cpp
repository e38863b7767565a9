// SPDX-License-Identifier: Apache-2.0
#include "operator/storage.hpp"

#include "api/iam.hpp"
#include "api/s3.hpp"
#include "awsapi/request.hpp"
#include "operator/role_policy.hpp"

#include <utility>
#include <vector>

namespace otabahn::operator_tool {

namespace iam = api::iam;
namespace s3 = api::s3;

namespace {

constexpr std::string_view trust_in_iot =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"iot.amazonaws.com"},"Action":"sts:AssumeRole"}]})";

std::string read_of(const std::string& bucket) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":"arn:aws:s3:::)" +
           bucket + R"(/*"}]})";
}

using Documents = std::vector<std::pair<std::string, std::string>>;

awsapi::Outcome<void> add_inline_policies(Session& session, const std::string& role, Documents& out) {
    std::optional<std::string> marker;
    do {
        auto page = session.aws().call<iam::ListRolePolicies>({.role_name = role, .marker = marker});
        if (!page) return Unexpected(page.error());
        for (const auto& name : page->policy_names) {
            auto policy = session.aws().call<iam::GetRolePolicy>({.role_name = role, .policy_name = name});
            if (!policy) return Unexpected(policy.error());
            out.emplace_back(name, awsapi::percent_decode(policy->policy_document));
        }
        marker = page->is_truncated.value_or(false) ? page->marker : std::nullopt;
    } while (marker);
    return {};
}

awsapi::Outcome<void> add_attached_policies(Session& session, const std::string& role, Documents& out) {
    std::optional<std::string> marker;
    do {
        auto page = session.aws().call<iam::ListAttachedRolePolicies>({.role_name = role, .marker = marker});
        if (!page) return Unexpected(page.error());
        for (const auto& attached : page->attached_policies.value_or(std::vector<iam::AttachedPolicy>())) {
            const auto arn = attached.policy_arn.value_or("");
            auto policy = session.aws().call<iam::GetPolicy>({.policy_arn = arn});
            if (!policy) return Unexpected(policy.error());
            auto version = session.aws().call<iam::GetPolicyVersion>(
                {.policy_arn = arn, .version_id = policy->policy ? policy->policy->default_version_id.value_or("v1") : "v1"});
            if (!version) return Unexpected(version.error());
            if (version->policy_version)
                out.emplace_back(attached.policy_name.value_or(arn),
                                 awsapi::percent_decode(version->policy_version->document.value_or("")));
        }
        marker = page->is_truncated.value_or(false) ? page->marker : std::nullopt;
    } while (marker);
    return {};
}

// An operator who may not look at the role's policies goes on: the service that reads by the role has the last word.
Result<void> check_permissions(Session& session, const std::string& role, const std::string& bucket) {
    Documents documents;
    auto listed = add_inline_policies(session, role, documents);
    if (listed) listed = add_attached_policies(session, role, documents);
    if (!listed) {
        session.say("Whether role " + role + " may read bucket " + bucket + " could not be checked: " + listed.error().message);
        return {};
    }
    return check_read(role, documents, bucket);
}

}  // namespace

Result<void> ensure_bucket(Session& session, const std::string& bucket) {
    auto there = session.aws().call<s3::HeadBucket>({.bucket = bucket});
    if (!there && there.error().status != 404) return Unexpected(while_doing("looking for bucket " + bucket, there.error()));
    if (!there) {
        s3::CreateBucketRequest request{.bucket = bucket};
        if (session.scope().region.text() != "us-east-1")
            request.create_bucket_configuration = s3::CreateBucketConfiguration{.location_constraint = session.scope().region.text()};
        if (auto made = session.aws().call<s3::CreateBucket>(request); !made)
            return Unexpected(while_doing("making bucket " + bucket, made.error()));
        auto versioned = session.aws().call<s3::PutBucketVersioning>(
            {.bucket = bucket, .versioning_configuration = s3::VersioningConfiguration{.status = "Enabled"}});
        if (!versioned) return Unexpected(while_doing("switching versioning on for bucket " + bucket, versioned.error()));
        session.say("Bucket " + bucket + " made, with versioning.");
        return {};
    }
    auto versioning = session.aws().call<s3::GetBucketVersioning>({.bucket = bucket});
    if (!versioning) return Unexpected(while_doing("asking for the versioning of bucket " + bucket, versioning.error()));
    if (versioning->status.value_or("") != "Enabled")
        return fail(ErrorCode::invalid_state, "Bucket " + bucket +
                                                  " has no versioning, which Signer and streams need. It was left as it is; switch it on "
                                                  "(aws s3api put-bucket-versioning --bucket " +
                                                  bucket + " --versioning-configuration Status=Enabled), or name another with --bucket.");
    return {};
}

Result<std::optional<Role>> find_role(Session& session, const std::string& role, const std::string& bucket) {
    auto there = session.aws().call<iam::GetRole>({.role_name = role});
    if (!there && there.error().code == "NoSuchEntity") return std::optional<Role>();
    if (!there) return Unexpected(while_doing("looking for role " + role, there.error()));
    const auto trust = awsapi::percent_decode(there->role.assume_role_policy_document.value_or(""));
    if (auto trusted = check_trust(session.scope(), role, trust); !trusted) return Unexpected(trusted.error());
    if (auto readable = check_permissions(session, role, bucket); !readable) return Unexpected(readable.error());
    return std::optional(Role{there->role.arn, false});
}

Result<Role> make_role(Session& session, const std::string& role, const std::string& bucket) {
    auto made = session.aws().call<iam::CreateRole>({.role_name = role,
                                                     .assume_role_policy_document = std::string(trust_in_iot),
                                                     .description = "Lets AWS IoT read firmware for otabahn deploy"});
    if (!made) return Unexpected(while_doing("making role " + role, made.error()));
    auto allowed =
        session.aws().call<iam::PutRolePolicy>({.role_name = role, .policy_name = "read-firmware", .policy_document = read_of(bucket)});
    if (!allowed) return Unexpected(while_doing("letting role " + role + " read bucket " + bucket, allowed.error()));
    session.say("Role " + role + " made: AWS IoT may read s3://" + bucket + ".");
    return Role{made->role.arn, true};
}

}  // namespace otabahn::operator_tool
