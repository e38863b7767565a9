// SPDX-License-Identifier: Apache-2.0
#include "operator/storage.hpp"

#include "api/iam.hpp"
#include "api/s3.hpp"
#include "policy/policy.hpp"

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

// IAM gives policy documents percent-encoded.
std::string percent_decoded(std::string_view text) {
    std::string out;
    const auto digit = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
            out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

Result<void> check_trust(const Scope& scope, const std::string& role, const std::string& encoded) {
    auto document = policy::parse(percent_decoded(encoded), policy::Dialect::iam_trust);
    if (!document)
        return fail(ErrorCode::invalid_state, "The trust policy of role " + role + " cannot be read: " + document.error().message);
    policy::Question question{
        .action = "sts:AssumeRole", .resource = "", .values = nullptr, .principal_service = "iot.amazonaws.com", .principal_arn = ""};
    question.values = [&](std::string_view key) -> std::optional<std::vector<std::string>> {
        if (key == "aws:SourceAccount") return std::vector{scope.account.text()};
        if (key == "aws:SourceArn") return std::vector{scope.arn("iot", "stream/otabahn-check")};
        return std::nullopt;
    };
    if (policy::evaluate({{role, *document}}, question).allowed()) return {};
    return fail(ErrorCode::access_denied,
                "Role " + role +
                    " exists, but AWS IoT may not assume it: its trust policy does not allow sts:AssumeRole for the service "
                    "iot.amazonaws.com. It was left as it is; change its trust policy, or name another role with --role.");
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

Result<Role> ensure_role(Session& session, const std::string& role, const std::string& bucket) {
    auto there = session.aws().call<iam::GetRole>({.role_name = role});
    if (there) {
        if (auto trusted = check_trust(session.scope(), role, there->role.assume_role_policy_document.value_or("")); !trusted)
            return Unexpected(trusted.error());
        return Role{there->role.arn, false};
    }
    if (there.error().code != "NoSuchEntity") return Unexpected(while_doing("looking for role " + role, there.error()));
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
