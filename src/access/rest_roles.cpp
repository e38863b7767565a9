// SPDX-License-Identifier: Apache-2.0
// CreateRole and what else is done to a role as a whole (spec control-plane 5.2).
#include "access/authorised.hpp"
#include "access/names.hpp"
#include "access/rest.hpp"
#include "access/roles.hpp"
#include "access/sql.hpp"
#include "access/tags.hpp"
#include "awsapi/request.hpp"
#include "policy/policy.hpp"

namespace otabahn::access {
namespace {

namespace iam = api::iam;
using awsapi::Caller;
using awsapi::Outcome;
using awsapi::service_fail;
using runtime::SqlSession;

constexpr std::size_t trust_limit = 2048;
constexpr std::int64_t default_session = 3600;

enum class Detail { whole, listed };

iam::Role to_answer(const StoredRole& role, const AccountId& account, Detail detail) {
    iam::Role out;
    out.path = role.path;
    out.role_name = role.name;
    out.role_id = role.role_id;
    out.arn = role.arn(account);
    out.create_date = role.created;
    out.assume_role_policy_document = awsapi::percent_encode(role.trust);
    out.description = role.description;
    out.max_session_duration = static_cast<std::int32_t>(role.max_session);
    if (detail == Detail::whole) {
        if (auto tags = from_stored_tags(role.tags); !tags.empty()) out.tags = std::move(tags);
        out.role_last_used = iam::RoleLastUsed{};
    }
    return out;
}

Outcome<void> check_trust_document(std::string_view document) {
    if (auto parsed = policy::parse(document, policy::Dialect::iam_trust); !parsed)
        return service_fail("MalformedPolicyDocument", 400, parsed.error().message);
    if (const std::size_t size = policy::characters_of(document); size > trust_limit)
        return service_fail("LimitExceeded", 409,
                            "Cannot exceed quota for ACLSizePerRole: 2048; the trust policy has " + std::to_string(size) +
                                " characters, white space not counted.");
    return {};
}

Outcome<iam::CreateRoleResponse> create_role(const RestParts& parts, const Caller& caller, const iam::CreateRoleRequest& in) {
    if (in.permissions_boundary)
        return service_fail("NotImplemented", 501,
                            "CreateRole with PermissionsBoundary is not implemented; the role was not created. Leave it out.");
    if (auto fine = check_trust_document(in.assume_role_policy_document); !fine) return Unexpected(std::move(fine).error());
    auto tags = to_stored_tags(in.tags);
    if (!tags) return Unexpected(std::move(tags).error());
    const StoredRole role{in.role_name,
                          in.path.value_or("/"),
                          random_id("AROA", 17),
                          in.assume_role_policy_document,
                          in.description,
                          in.max_session_duration.value_or(default_session),
                          std::move(tags).value(),
                          std::chrono::floor<std::chrono::seconds>(parts.clock.now())};
    const AccountId& account = caller.scope.account;
    auto created = parts.store.write([&](SqlSession& session) -> Outcome<bool> {
        if (!session.query_one(sql::insert_role, {{"account", runtime::sql(account.text())},
                                                  {"name_key", runtime::sql(to_key(role.name))},
                                                  {"name", runtime::sql(role.name)},
                                                  {"path", runtime::sql(role.path)},
                                                  {"role_id", runtime::sql(role.role_id)},
                                                  {"trust", runtime::sql(role.trust)},
                                                  {"description", runtime::sql(role.description)},
                                                  {"max_session", runtime::sql(role.max_session)},
                                                  {"tags", runtime::sql(role.tags)},
                                                  {"created", runtime::sql(role.created)}}))
            return service_fail("EntityAlreadyExists", 409, "Role with name " + role.name + " already exists.");
        return true;
    });
    if (!created) return Unexpected(std::move(created).error());
    announce_role(parts, caller, role.name);
    iam::CreateRoleResponse out{to_answer(role, account, Detail::whole)};
    out.role.role_last_used.reset();
    return out;
}

Outcome<iam::GetRoleResponse> get_role(const RestParts& parts, const Caller& caller, const iam::GetRoleRequest& in) {
    const auto role = parts.store.read([&](SqlSession& session) { return find_role(session, caller.scope.account, in.role_name); });
    if (!role) return no_such_role(in.role_name);
    return iam::GetRoleResponse{to_answer(*role, caller.scope.account, Detail::whole)};
}

Outcome<iam::ListRolesResponse> list_roles(const RestParts& parts, const Caller& caller, const iam::ListRolesRequest& in) {
    const int wanted = page_size(in.max_items);
    const auto rows = parts.store.read([&](SqlSession& session) {
        return session.query(sql::list_roles, {{"account", runtime::sql(caller.scope.account.text())},
                                               {"after", runtime::sql(in.marker.value_or(""))},
                                               {"prefix", runtime::sql(in.path_prefix.value_or("/"))},
                                               {"count", runtime::sql(wanted + 1)}});
    });
    iam::ListRolesResponse out;
    for (const auto& row : rows) {
        if (out.roles.size() == static_cast<std::size_t>(wanted)) {
            out.marker = to_key(out.roles.back().role_name);
            break;
        }
        out.roles.push_back(to_answer(to_role(row), caller.scope.account, Detail::listed));
    }
    out.is_truncated = out.marker.has_value();
    return out;
}

Outcome<api::Nothing> update_trust(const RestParts& parts, const Caller& caller, const iam::UpdateAssumeRolePolicyRequest& in) {
    if (auto fine = check_trust_document(in.policy_document); !fine) return Unexpected(std::move(fine).error());
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<std::string> {
        const auto row = session.query_one(sql::update_trust, {{"account", runtime::sql(caller.scope.account.text())},
                                                               {"name_key", runtime::sql(to_key(in.role_name))},
                                                               {"trust", runtime::sql(in.policy_document)}});
        if (!row) return no_such_role(in.role_name);
        return row->text(0);
    });
    if (!done) return Unexpected(std::move(done).error());
    announce_role(parts, caller, *done);
    return api::Nothing{};
}

Outcome<iam::UpdateRoleResponse> update_role(const RestParts& parts, const Caller& caller, const iam::UpdateRoleRequest& in) {
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<bool> {
        const auto role = find_role(session, caller.scope.account, in.role_name);
        if (!role) return no_such_role(in.role_name);
        session.query(
            sql::update_role,
            {{"account", runtime::sql(caller.scope.account.text())},
             {"name_key", runtime::sql(to_key(in.role_name))},
             {"description", runtime::sql(in.description ? in.description : role->description)},
             {"max_session", runtime::sql(in.max_session_duration ? std::int64_t{*in.max_session_duration} : role->max_session)}});
        return true;
    });
    if (!done) return Unexpected(std::move(done).error());
    return iam::UpdateRoleResponse{};
}

Outcome<api::Nothing> delete_role(const RestParts& parts, const Caller& caller, const iam::DeleteRoleRequest& in) {
    const std::string account = caller.scope.account.text(), key = to_key(in.role_name);
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<std::string> {
        const auto has = [&](std::string_view list) {
            return session
                .query_one(list, {{"account", runtime::sql(account)},
                                  {"role_key", runtime::sql(key)},
                                  {"after", runtime::sql("")},
                                  {"count", runtime::sql(1)}})
                .has_value();
        };
        if (has(sql::list_attachments)) return service_fail("DeleteConflict", 409, "Cannot delete entity, must detach all policies first.");
        if (has(sql::list_role_policies)) return service_fail("DeleteConflict", 409, "Cannot delete entity, must delete policies first.");
        const auto row = session.query_one(sql::delete_role, {{"account", runtime::sql(account)}, {"name_key", runtime::sql(key)}});
        if (!row) return no_such_role(in.role_name);
        return row->text(0);
    });
    if (!done) return Unexpected(std::move(done).error());
    announce_role(parts, caller, *done);
    return api::Nothing{};
}

}  // namespace

void bind_roles(awsapi::Operations& operations, const RestParts& parts) {
    const auto with = [parts](auto handler) {
        return [parts, handler](const Caller& caller, const auto& in) { return handler(parts, caller, in); };
    };
    const auto role = [parts](const Scope& scope, const auto& in) { return role_resource(parts, scope, in.role_name); };
    bind_authorised<iam::CreateRole>(
        operations, parts.access,
        [](const Scope& scope, const iam::CreateRoleRequest& in) {
            return iam_arn(scope.account, "role", in.path.value_or("/"), in.role_name);
        },
        with(create_role));
    bind_authorised<iam::GetRole>(operations, parts.access, role, with(get_role));
    bind_authorised<iam::ListRoles>(
        operations, parts.access,
        [](const Scope& scope, const iam::ListRolesRequest& in) {
            return iam_arn(scope.account, "role", in.path_prefix.value_or("/"), "");
        },
        with(list_roles));
    bind_authorised<iam::UpdateAssumeRolePolicy>(operations, parts.access, role, with(update_trust));
    bind_authorised<iam::UpdateRole>(operations, parts.access, role, with(update_role));
    bind_authorised<iam::DeleteRole>(operations, parts.access, role, with(delete_role));
}

}  // namespace otabahn::access
