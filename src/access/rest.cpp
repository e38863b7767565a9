// SPDX-License-Identifier: Apache-2.0
#include "access/rest.hpp"

#include "access/authorised.hpp"
#include "access/names.hpp"
#include "access/roles.hpp"
#include "api/sts.hpp"

namespace otabahn::access {

void Access::bind_rest(awsapi::Operations& operations) {
    const RestParts parts{*this, store_, bus_, clock_};
    bind_roles(operations, parts);
    bind_role_policies(operations, parts);
    bind_managed_policies(operations, parts);
    bind_sts(operations, parts);
}

Unexpected<awsapi::ServiceError> no_such_role(std::string_view name) {
    return awsapi::service_fail("NoSuchEntity", 404, "The role with name " + std::string(name) + " cannot be found.");
}

void announce_role(const RestParts& parts, const awsapi::Caller& caller, std::string_view role_name) {
    parts.bus.announce({runtime::ChangeKind::role, caller.scope, std::string(role_name)});
}

std::string role_resource(const RestParts& parts, const Scope& scope, const std::string& role_name) {
    const auto role = parts.store.read([&](runtime::SqlSession& session) { return find_role(session, scope.account, role_name); });
    return role ? role->arn(scope.account) : iam_arn(scope.account, "role", "/", role_name);
}

void bind_sts(awsapi::Operations& operations, const RestParts&) {
    // No permission can deny it.
    operations.bind<api::sts::GetCallerIdentity>(
        [](const awsapi::Caller& caller,
           const api::sts::GetCallerIdentityRequest&) -> awsapi::Outcome<api::sts::GetCallerIdentityResponse> {
            return api::sts::GetCallerIdentityResponse{caller.user_id, caller.scope.account.text(), caller.arn};
        });
}

}  // namespace otabahn::access
