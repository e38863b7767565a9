// SPDX-License-Identifier: Apache-2.0
// Policies that stand on their own: the account's (one version each) and AWS's (spec control-plane 5.2, 5.5).
#include "access/authorised.hpp"
#include "access/managed_policies.hpp"
#include "access/names.hpp"
#include "access/rest.hpp"
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

constexpr std::size_t managed_limit = 6144;

struct StoredPolicy {
    std::string name, path, policy_id, document;
    std::optional<std::string> description;
    std::string tags;
    Timestamp created;
};

StoredPolicy to_policy(const runtime::SqlRow& row) {
    return {row.text(0), row.text(1), row.text(2), row.text(3), row.optional_text(4), row.text(5), row.time(6)};
}

std::int32_t attachments(SqlSession& session, const AccountId& account, const std::string& arn) {
    const auto row =
        session.query_one(sql::count_attachments_of_policy, {{"account", runtime::sql(account.text())}, {"policy_arn", runtime::sql(arn)}});
    return static_cast<std::int32_t>(row->integer(0));
}

enum class Detail { whole, listed };

iam::Policy to_answer(const StoredPolicy& policy, const AccountId& account, std::int32_t attached, Detail detail) {
    iam::Policy out;
    out.policy_name = policy.name;
    out.policy_id = policy.policy_id;
    out.arn = iam_arn(account, "policy", policy.path, policy.name);
    out.path = policy.path;
    out.default_version_id = "v1";
    out.attachment_count = attached;
    out.permissions_boundary_usage_count = 0;
    out.is_attachable = true;
    out.create_date = policy.created;
    out.update_date = policy.created;
    if (detail == Detail::whole) {
        out.description = policy.description;
        if (auto tags = from_stored_tags(policy.tags); !tags.empty()) out.tags = std::move(tags);
    }
    return out;
}

iam::Policy to_answer(const ManagedPolicy& policy, std::int32_t attached, Detail detail) {
    iam::Policy out;
    out.policy_name = policy.name;
    out.policy_id = policy.policy_id;
    out.arn = policy.arn;
    out.path = policy.path;
    out.default_version_id = policy.version;
    out.attachment_count = attached;
    out.permissions_boundary_usage_count = 0;
    out.is_attachable = true;
    if (detail == Detail::whole) out.description = policy.description;
    return out;
}

Unexpected<awsapi::ServiceError> no_such_policy(std::string_view arn) {
    return service_fail("NoSuchEntity", 404, "Policy " + std::string(arn) + " was not found.");
}

// The account's own policy of that ARN.
std::optional<StoredPolicy> find_policy(SqlSession& session, const AccountId& account, std::string_view arn) {
    const auto name = parse_iam_arn(arn, "policy");
    if (!name || name->account != account.text()) return std::nullopt;
    const auto row =
        session.query_one(sql::find_policy, {{"account", runtime::sql(account.text())}, {"name_key", runtime::sql(to_key(name->name))}});
    if (!row) return std::nullopt;
    StoredPolicy out = to_policy(*row);
    if (iam_arn(account, "policy", out.path, out.name) != arn) return std::nullopt;
    return out;
}

Outcome<iam::CreatePolicyResponse> create_policy(const RestParts& parts, const Caller& caller, const iam::CreatePolicyRequest& in) {
    if (auto parsed = policy::parse(in.policy_document, policy::Dialect::iam_identity); !parsed)
        return service_fail("MalformedPolicyDocument", 400, parsed.error().message);
    if (const std::size_t size = policy::characters_of(in.policy_document); size > managed_limit)
        return service_fail(
            "LimitExceeded", 409,
            "Cannot exceed quota for PolicySize: 6144; the policy has " + std::to_string(size) + " characters, white space not counted.");
    auto tags = to_stored_tags(in.tags);
    if (!tags) return Unexpected(std::move(tags).error());
    const StoredPolicy policy{in.policy_name,
                              in.path.value_or("/"),
                              random_id("ANPA", 17),
                              in.policy_document,
                              in.description,
                              std::move(tags).value(),
                              std::chrono::floor<std::chrono::seconds>(parts.clock.now())};
    auto created = parts.store.write([&](SqlSession& session) -> Outcome<bool> {
        if (!session.query_one(sql::insert_policy, {{"account", runtime::sql(caller.scope.account.text())},
                                                    {"name_key", runtime::sql(to_key(policy.name))},
                                                    {"name", runtime::sql(policy.name)},
                                                    {"path", runtime::sql(policy.path)},
                                                    {"policy_id", runtime::sql(policy.policy_id)},
                                                    {"document", runtime::sql(policy.document)},
                                                    {"description", runtime::sql(policy.description)},
                                                    {"tags", runtime::sql(policy.tags)},
                                                    {"created", runtime::sql(policy.created)}}))
            return service_fail("EntityAlreadyExists", 409,
                                "A policy called " + policy.name + " already exists. Duplicate names are not allowed.");
        return true;
    });
    if (!created) return Unexpected(std::move(created).error());
    auto answer = to_answer(policy, caller.scope.account, 0, Detail::whole);
    answer.description.reset();  // only GetPolicy tells it
    return iam::CreatePolicyResponse{std::move(answer)};
}

Outcome<iam::GetPolicyResponse> get_policy(const RestParts& parts, const Caller& caller, const iam::GetPolicyRequest& in) {
    return parts.store.read([&](SqlSession& session) -> Outcome<iam::GetPolicyResponse> {
        const AccountId& account = caller.scope.account;
        const std::int32_t attached = attachments(session, account, in.policy_arn);
        if (const ManagedPolicy* managed = find_managed_policy(in.policy_arn))
            return iam::GetPolicyResponse{to_answer(*managed, attached, Detail::whole)};
        const auto policy = find_policy(session, account, in.policy_arn);
        if (!policy) return no_such_policy(in.policy_arn);
        return iam::GetPolicyResponse{to_answer(*policy, account, attached, Detail::whole)};
    });
}

Outcome<iam::GetPolicyVersionResponse> get_policy_version(const RestParts& parts, const Caller& caller,
                                                          const iam::GetPolicyVersionRequest& in) {
    return parts.store.read([&](SqlSession& session) -> Outcome<iam::GetPolicyVersionResponse> {
        iam::PolicyVersion out;
        out.version_id = in.version_id;
        out.is_default_version = true;
        std::string_view version = "v1";
        if (const ManagedPolicy* managed = find_managed_policy(in.policy_arn)) {
            version = managed->version;
            out.document = awsapi::percent_encode(managed->document);
        } else if (const auto policy = find_policy(session, caller.scope.account, in.policy_arn)) {
            out.document = awsapi::percent_encode(policy->document);
            out.create_date = policy->created;
        } else {
            return no_such_policy(in.policy_arn);
        }
        if (in.version_id != version)
            return service_fail("NoSuchEntity", 404,
                                "Policy " + in.policy_arn + " version " + in.version_id + " does not exist or is not attachable.");
        return iam::GetPolicyVersionResponse{std::move(out)};
    });
}

Outcome<iam::ListPoliciesResponse> list_policies(const RestParts& parts, const Caller& caller, const iam::ListPoliciesRequest& in) {
    if (in.policy_usage_filter == "PermissionsBoundary")
        return service_fail("NotImplemented", 501,
                            "ListPolicies with PolicyUsageFilter=PermissionsBoundary is not implemented; leave it out.");
    const auto wanted = static_cast<std::size_t>(page_size(in.max_items));
    const std::string scope = in.scope.value_or("All"), prefix = in.path_prefix.value_or("/");
    const bool only_attached = in.only_attached.value_or(false);
    const AccountId& account = caller.scope.account;
    return parts.store.read([&](SqlSession& session) -> Outcome<iam::ListPoliciesResponse> {
        iam::ListPoliciesResponse out;
        out.policies.emplace();
        // AWS's few come whole on the first page; the marker speaks of the account's own.
        if (scope != "Local" && !in.marker)
            for (const ManagedPolicy& row : managed_policies()) {
                const std::int32_t attached = attachments(session, account, std::string(row.arn));
                if (row.path.starts_with(prefix) && (attached > 0 || !only_attached))
                    out.policies->push_back(to_answer(row, attached, Detail::listed));
            }
        std::string after = in.marker.value_or("");
        std::size_t given = 0;
        for (bool more = scope != "AWS"; more;) {
            const auto rows = session.query(sql::list_policies, {{"account", runtime::sql(account.text())},
                                                                 {"after", runtime::sql(after)},
                                                                 {"prefix", runtime::sql(prefix)},
                                                                 {"count", runtime::sql(static_cast<std::int64_t>(wanted + 1))}});
            more = rows.size() > wanted;
            for (const auto& row : rows) {
                const StoredPolicy policy = to_policy(row);
                const std::int32_t attached = attachments(session, account, iam_arn(account, "policy", policy.path, policy.name));
                if (only_attached && attached == 0) {
                    after = to_key(policy.name);
                    continue;
                }
                if (given == wanted) {
                    out.marker = after;
                    more = false;
                    break;
                }
                after = to_key(policy.name);
                ++given;
                out.policies->push_back(to_answer(policy, account, attached, Detail::listed));
            }
        }
        out.is_truncated = out.marker.has_value();
        return out;
    });
}

Outcome<api::Nothing> delete_policy(const RestParts& parts, const Caller& caller, const iam::DeletePolicyRequest& in) {
    if (find_managed_policy(in.policy_arn) != nullptr)
        return service_fail("AccessDenied", 403, "Policy " + in.policy_arn + " is AWS's own and cannot be deleted.");
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<bool> {
        const auto policy = find_policy(session, caller.scope.account, in.policy_arn);
        if (!policy) return no_such_policy(in.policy_arn);
        if (attachments(session, caller.scope.account, in.policy_arn) > 0)
            return service_fail("DeleteConflict", 409, "Cannot delete a policy attached to entities.");
        session.query(sql::delete_policy,
                      {{"account", runtime::sql(caller.scope.account.text())}, {"name_key", runtime::sql(to_key(policy->name))}});
        return true;
    });
    if (!done) return Unexpected(std::move(done).error());
    return api::Nothing{};
}

}  // namespace

void bind_managed_policies(awsapi::Operations& operations, const RestParts& parts) {
    const auto with = [parts](auto handler) {
        return [parts, handler](const Caller& caller, const auto& in) { return handler(parts, caller, in); };
    };
    const auto named = [](const Scope&, const auto& in) { return in.policy_arn; };
    bind_authorised<iam::CreatePolicy>(
        operations, parts.access,
        [](const Scope& scope, const iam::CreatePolicyRequest& in) {
            return iam_arn(scope.account, "policy", in.path.value_or("/"), in.policy_name);
        },
        with(create_policy));
    bind_authorised<iam::GetPolicy>(operations, parts.access, named, with(get_policy));
    bind_authorised<iam::GetPolicyVersion>(operations, parts.access, named, with(get_policy_version));
    bind_authorised<iam::ListPolicies>(
        operations, parts.access,
        [](const Scope& scope, const iam::ListPoliciesRequest& in) {
            return iam_arn(scope.account, "policy", in.path_prefix.value_or("/"), "");
        },
        with(list_policies));
    bind_authorised<iam::DeletePolicy>(operations, parts.access, named, with(delete_policy));
}

}  // namespace otabahn::access
