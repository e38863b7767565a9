// SPDX-License-Identifier: Apache-2.0
// What a role may: its inline policies and the managed ones attached to it (spec control-plane 5.2).
#include "access/authorised.hpp"
#include "access/managed_policies.hpp"
#include "access/names.hpp"
#include "access/rest.hpp"
#include "access/roles.hpp"
#include "access/sql.hpp"
#include "awsapi/request.hpp"
#include "policy/policy.hpp"

namespace otabahn::access {
namespace {

namespace iam = api::iam;
using awsapi::Caller;
using awsapi::Outcome;
using awsapi::service_fail;
using runtime::SqlSession;

constexpr std::int64_t inline_limit = 10240;  // characters of all inline policies of a role
constexpr std::int64_t most_attached = 10;

Unexpected<awsapi::ServiceError> no_such_role_policy(std::string_view name) {
    return service_fail("NoSuchEntity", 404, "The role policy with name " + std::string(name) + " cannot be found.");
}

Outcome<api::Nothing> put_role_policy(const RestParts& parts, const Caller& caller, const iam::PutRolePolicyRequest& in) {
    if (auto parsed = policy::parse(in.policy_document, policy::Dialect::iam_identity); !parsed)
        return service_fail("MalformedPolicyDocument", 400, parsed.error().message);
    const auto characters = static_cast<std::int64_t>(policy::characters_of(in.policy_document));
    const std::string account = caller.scope.account.text(), role_key = to_key(in.role_name), name_key = to_key(in.policy_name);
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<std::string> {
        const auto role = find_role(session, caller.scope.account, in.role_name);
        if (!role) return no_such_role(in.role_name);
        const auto others =
            session.query_one(sql::characters_of_role_policies,
                              {{"account", runtime::sql(account)}, {"role_key", runtime::sql(role_key)}, {"but", runtime::sql(name_key)}});
        if (others->integer(0) + characters > inline_limit)
            return service_fail("LimitExceeded", 409,
                                "Maximum policy size of 10240 bytes exceeded for role " + role->name + ": with this policy they have " +
                                    std::to_string(others->integer(0) + characters) + " characters, white space not counted.");
        session.execute(sql::put_role_policy, {{"account", runtime::sql(account)},
                                               {"role_key", runtime::sql(role_key)},
                                               {"name_key", runtime::sql(name_key)},
                                               {"name", runtime::sql(in.policy_name)},
                                               {"document", runtime::sql(in.policy_document)},
                                               {"characters", runtime::sql(characters)}});
        return role->name;
    });
    if (!done) return Unexpected(std::move(done).error());
    announce_role(parts, caller, *done);
    return api::Nothing{};
}

Outcome<iam::GetRolePolicyResponse> get_role_policy(const RestParts& parts, const Caller& caller, const iam::GetRolePolicyRequest& in) {
    return parts.store.read([&](SqlSession& session) -> Outcome<iam::GetRolePolicyResponse> {
        const auto role = find_role(session, caller.scope.account, in.role_name);
        if (!role) return no_such_role(in.role_name);
        const auto row = session.query_one(sql::find_role_policy, {{"account", runtime::sql(caller.scope.account.text())},
                                                                   {"role_key", runtime::sql(to_key(in.role_name))},
                                                                   {"name_key", runtime::sql(to_key(in.policy_name))}});
        if (!row) return no_such_role_policy(in.policy_name);
        return iam::GetRolePolicyResponse{role->name, row->text(0), awsapi::percent_encode(row->text(1))};
    });
}

Outcome<iam::ListRolePoliciesResponse> list_role_policies(const RestParts& parts, const Caller& caller,
                                                          const iam::ListRolePoliciesRequest& in) {
    const int wanted = page_size(in.max_items);
    return parts.store.read([&](SqlSession& session) -> Outcome<iam::ListRolePoliciesResponse> {
        if (!find_role(session, caller.scope.account, in.role_name)) return no_such_role(in.role_name);
        iam::ListRolePoliciesResponse out;
        for (const auto& row : session.query(sql::list_role_policies, {{"account", runtime::sql(caller.scope.account.text())},
                                                                       {"role_key", runtime::sql(to_key(in.role_name))},
                                                                       {"after", runtime::sql(in.marker.value_or(""))},
                                                                       {"count", runtime::sql(wanted + 1)}})) {
            if (out.policy_names.size() == static_cast<std::size_t>(wanted)) {
                out.marker = to_key(out.policy_names.back());
                break;
            }
            out.policy_names.push_back(row.text(0));
        }
        out.is_truncated = out.marker.has_value();
        return out;
    });
}

Outcome<api::Nothing> delete_role_policy(const RestParts& parts, const Caller& caller, const iam::DeleteRolePolicyRequest& in) {
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<std::string> {
        const auto role = find_role(session, caller.scope.account, in.role_name);
        if (!role) return no_such_role(in.role_name);
        if (!session.query_one(sql::delete_role_policy, {{"account", runtime::sql(caller.scope.account.text())},
                                                         {"role_key", runtime::sql(to_key(in.role_name))},
                                                         {"name_key", runtime::sql(to_key(in.policy_name))}}))
            return no_such_role_policy(in.policy_name);
        return role->name;
    });
    if (!done) return Unexpected(std::move(done).error());
    announce_role(parts, caller, *done);
    return api::Nothing{};
}

bool policy_exists(SqlSession& session, const AccountId& account, std::string_view arn) {
    if (find_managed_policy(arn) != nullptr) return true;
    const auto name = parse_iam_arn(arn, "policy");
    if (!name || name->account != account.text()) return false;
    const auto row =
        session.query_one(sql::find_policy, {{"account", runtime::sql(account.text())}, {"name_key", runtime::sql(to_key(name->name))}});
    return row && iam_arn(account, "policy", row->text(1), row->text(0)) == arn;
}

Outcome<api::Nothing> attach(const RestParts& parts, const Caller& caller, const iam::AttachRolePolicyRequest& in) {
    const std::string account = caller.scope.account.text(), role_key = to_key(in.role_name);
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<std::string> {
        const auto role = find_role(session, caller.scope.account, in.role_name);
        if (!role) return no_such_role(in.role_name);
        if (!policy_exists(session, caller.scope.account, in.policy_arn)) {
            std::string message = "Policy " + in.policy_arn + " does not exist or is not attachable.";
            if (in.policy_arn.starts_with("arn:aws:iam::aws:")) {
                message += " Of AWS's own policies there are here:";
                for (const ManagedPolicy& row : managed_policies()) message += " " + std::string(row.arn);
                message += ". Create what else is needed with CreatePolicy.";
            }
            return service_fail("NoSuchEntity", 404, std::move(message));
        }
        if (session.query_one(
                sql::attach_policy,
                {{"account", runtime::sql(account)}, {"role_key", runtime::sql(role_key)}, {"policy_arn", runtime::sql(in.policy_arn)}})) {
            const auto count = session.query_one(sql::count_attachments_of_role,
                                                 {{"account", runtime::sql(account)}, {"role_key", runtime::sql(role_key)}});
            if (count->integer(0) > most_attached)
                return service_fail("LimitExceeded", 409,
                                    "Cannot exceed quota for PoliciesPerRole: 10; role " + role->name + " has 10 policies attached.");
        }
        return role->name;
    });
    if (!done) return Unexpected(std::move(done).error());
    announce_role(parts, caller, *done);
    return api::Nothing{};
}

Outcome<api::Nothing> detach(const RestParts& parts, const Caller& caller, const iam::DetachRolePolicyRequest& in) {
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<std::string> {
        const auto role = find_role(session, caller.scope.account, in.role_name);
        if (!role) return no_such_role(in.role_name);
        if (!session.query_one(sql::detach_policy, {{"account", runtime::sql(caller.scope.account.text())},
                                                    {"role_key", runtime::sql(to_key(in.role_name))},
                                                    {"policy_arn", runtime::sql(in.policy_arn)}}))
            return service_fail("NoSuchEntity", 404,
                                "Policy " + in.policy_arn + " was not found: it is not attached to role " + role->name + ".");
        return role->name;
    });
    if (!done) return Unexpected(std::move(done).error());
    announce_role(parts, caller, *done);
    return api::Nothing{};
}

Outcome<iam::ListAttachedRolePoliciesResponse> list_attached(const RestParts& parts, const Caller& caller,
                                                             const iam::ListAttachedRolePoliciesRequest& in) {
    const auto wanted = static_cast<std::size_t>(page_size(in.max_items));
    const std::string prefix = in.path_prefix.value_or("/");
    return parts.store.read([&](SqlSession& session) -> Outcome<iam::ListAttachedRolePoliciesResponse> {
        if (!find_role(session, caller.scope.account, in.role_name)) return no_such_role(in.role_name);
        iam::ListAttachedRolePoliciesResponse out;
        out.attached_policies.emplace();
        // A role has at most ten: all are read, and the path is judged here.
        for (const auto& row : session.query(sql::list_attachments, {{"account", runtime::sql(caller.scope.account.text())},
                                                                     {"role_key", runtime::sql(to_key(in.role_name))},
                                                                     {"after", runtime::sql(in.marker.value_or(""))},
                                                                     {"count", runtime::sql(most_attached + 1)}})) {
            const auto name = parse_iam_arn(row.text(0), "policy");
            if (!name || !name->path.starts_with(prefix)) continue;
            if (out.attached_policies->size() == wanted) {
                out.marker = out.attached_policies->back().policy_arn;
                break;
            }
            out.attached_policies->push_back({name->name, row.text(0)});
        }
        out.is_truncated = out.marker.has_value();
        return out;
    });
}

}  // namespace

void bind_role_policies(awsapi::Operations& operations, const RestParts& parts) {
    const auto with = [parts](auto handler) {
        return [parts, handler](const Caller& caller, const auto& in) { return handler(parts, caller, in); };
    };
    const auto role = [parts](const Scope& scope, const auto& in) { return role_resource(parts, scope, in.role_name); };
    bind_authorised<iam::PutRolePolicy>(operations, parts.access, role, with(put_role_policy));
    bind_authorised<iam::GetRolePolicy>(operations, parts.access, role, with(get_role_policy));
    bind_authorised<iam::ListRolePolicies>(operations, parts.access, role, with(list_role_policies));
    bind_authorised<iam::DeleteRolePolicy>(operations, parts.access, role, with(delete_role_policy));
    bind_authorised<iam::AttachRolePolicy>(operations, parts.access, role, with(attach));
    bind_authorised<iam::DetachRolePolicy>(operations, parts.access, role, with(detach));
    bind_authorised<iam::ListAttachedRolePolicies>(operations, parts.access, role, with(list_attached));
}

}  // namespace otabahn::access
