// SPDX-License-Identifier: Apache-2.0
// IoT policies and what they are attached to: spec control-plane 6.5. The text is stored and returned as it came.
#include "api/iot.hpp"
#include "policy/policy.hpp"
#include "registry/paging.hpp"
#include "registry/rest.hpp"
#include "registry/sql.hpp"
#include "runtime/random.hpp"

#include <algorithm>

namespace otabahn::registry {

using awsapi::Caller;
using awsapi::Outcome;
using awsapi::service_fail;
using runtime::SqlSession;
namespace iot = api::iot;

namespace {

constexpr std::int64_t policies_per_target = 10;

std::string policy_arn(const Scope& scope, const std::string& name) { return scope.arn("iot", "policy/" + name); }

Error policy_not_found(const Scope& scope, const std::string& name) {
    return {ErrorCode::not_found, "Policy " + name + " not found in " + scope.region.text() + " of account " + scope.account.text() + ".",
            policy_arn(scope, name)};
}

Outcome<iot::CreatePolicyResponse> create_policy(const RestParts& parts, const Caller& caller, const iot::CreatePolicyRequest& in) {
    const auto& scope = caller.scope;
    if (in.tags && !in.tags->empty())
        return service_fail("InvalidRequestException", 400, "Tags on policies are not supported here yet; create the policy without tags.");
    if (auto parsed = policy::parse(in.policy_document, policy::Dialect::iot); !parsed)
        return service_fail("MalformedPolicyException", 400, "Policy " + in.policy_name + " was refused: " + parsed.error().message);
    const auto now = parts.clock.now();
    const auto generation = runtime::random_uuid();
    return parts.store.write([&](SqlSession& session) -> Outcome<iot::CreatePolicyResponse> {
        if (!session.query_one(sql::insert_policy, {{"account", scope.account.text()},
                                                    {"region", scope.region.text()},
                                                    {"name", in.policy_name},
                                                    {"document", in.policy_document},
                                                    {"generation", generation},
                                                    {"created", now}}))
            return Unexpected(awsapi::to_service_error(
                "iot",
                Error(ErrorCode::already_exists, "Policy " + in.policy_name + " already exists.", policy_arn(scope, in.policy_name))));
        return iot::CreatePolicyResponse{.policy_name = in.policy_name,
                                         .policy_arn = policy_arn(scope, in.policy_name),
                                         .policy_document = in.policy_document,
                                         .policy_version_id = "1"};
    });
}

Result<iot::GetPolicyResponse> get_policy(const RestParts& parts, const Caller& caller, const iot::GetPolicyRequest& in) {
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::GetPolicyResponse> {
        const auto row = session.query_one(sql::find_policy,
                                           {{"account", scope.account.text()}, {"region", scope.region.text()}, {"name", in.policy_name}});
        if (!row) return Unexpected(policy_not_found(scope, in.policy_name));
        return iot::GetPolicyResponse{.policy_name = in.policy_name,
                                      .policy_arn = policy_arn(scope, in.policy_name),
                                      .policy_document = row->text(0),
                                      .default_version_id = "1",
                                      .creation_date = row->time(2),
                                      .last_modified_date = row->time(3),
                                      .generation_id = row->text(1)};
    });
}

Result<iot::ListPoliciesResponse> list_policies(const RestParts& parts, const Caller& caller, const iot::ListPoliciesRequest& in) {
    auto page = parse_page(in.marker, in.page_size);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    // Names end at 'z' at the most, so '~' stands behind all of them.
    const bool ascending = in.ascending_order.value_or(true);
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListPoliciesResponse> {
        std::vector<iot::Policy> out;
        const auto &account = scope.account.text(), &region = scope.region.text();
        const auto count = page->count + 1;
        const auto rows =
            ascending
                ? session.query(sql::list_policies, {{"account", account}, {"region", region}, {"after", page->after}, {"count", count}})
                : session.query(
                      sql::list_policies_descending,
                      {{"account", account}, {"region", region}, {"before", page->after.empty() ? "~" : page->after}, {"count", count}});
        for (const auto& row : rows) out.push_back({.policy_name = row.text(0), .policy_arn = policy_arn(scope, row.text(0))});
        auto token = cut(out, *page, [](const iot::Policy& policy) { return *policy.policy_name; });
        return iot::ListPoliciesResponse{.policies = std::move(out), .next_marker = std::move(token)};
    });
}

Outcome<api::Nothing> delete_policy(const RestParts& parts, const Caller& caller, const iot::DeletePolicyRequest& in) {
    const auto& scope = caller.scope;
    return parts.store.write([&](SqlSession& session) -> Outcome<api::Nothing> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (const auto target = session.query_one(
                sql::list_targets, {{"account", account}, {"region", region}, {"policy", in.policy_name}, {"after", ""}, {"count", 1}}))
            return service_fail("DeleteConflictException", 409,
                                "Policy " + in.policy_name + " is attached to " + target->text(0) + "; detach it first (DetachPolicy).");
        if (session.execute(sql::delete_policy, {{"account", account}, {"region", region}, {"name", in.policy_name}}) == 0)
            return Unexpected(awsapi::to_service_error("iot", policy_not_found(scope, in.policy_name)));
        return api::Nothing{};
    });
}

// A target is a certificate or a thing group of this account and region; the key that its change is announced under.
Result<std::string> checked_target(SqlSession& session, const Scope& scope, const std::string& target) {
    const auto &account = scope.account.text(), &region = scope.region.text();
    if (auto certificate = name_of_arn(scope, target, "cert")) {
        if (!session.query_one(sql::find_certificate, {{"certificate_id", *certificate}, {"account", account}, {"region", region}}))
            return fail(ErrorCode::not_found, "Certificate " + *certificate + " not found in " + scope.region.text() + ".", target);
        return *certificate;
    }
    if (auto group = name_of_arn(scope, target, "thinggroup")) {
        if (!session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", *group}}))
            return fail(ErrorCode::not_found, "Thing group " + *group + " not found in " + scope.region.text() + ".", target);
        return *group;
    }
    return fail(ErrorCode::invalid_request,
                "'" + target + "' cannot carry a policy: a target is the ARN of a certificate (" + scope.arn("iot", "cert/ID") +
                    ") or of a thing group (" + scope.arn("iot", "thinggroup/NAME") + ") of this account and region.",
                target);
}

Result<api::Nothing> attach_policy(const RestParts& parts, const Caller& caller, const iot::AttachPolicyRequest& in) {
    const auto& scope = caller.scope;
    std::string key;
    auto done = parts.store.write([&](SqlSession& session) -> Result<api::Nothing> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (!session.query_one(sql::find_policy, {{"account", account}, {"region", region}, {"name", in.policy_name}}))
            return Unexpected(policy_not_found(scope, in.policy_name));
        auto target = checked_target(session, scope, in.target);
        if (!target) return Unexpected(target.error());
        key = *target;
        const auto attached =
            session.query(sql::list_attached,
                          {{"account", account}, {"region", region}, {"target", in.target}, {"after", ""}, {"count", policies_per_target}});
        const bool there = std::any_of(attached.begin(), attached.end(), [&](const auto& row) { return row.text(0) == in.policy_name; });
        if (!there && static_cast<std::int64_t>(attached.size()) == policies_per_target)
            return fail(
                ErrorCode::limit_exceeded,
                in.target + " has " + std::to_string(policies_per_target) + " policies already, which is the limit; detach one first.",
                in.target);
        session.execute(sql::insert_target, {{"account", account}, {"region", region}, {"target", in.target}, {"policy", in.policy_name}});
        return api::Nothing{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::attachment, scope, key});
    return done;
}

Result<api::Nothing> detach_policy(const RestParts& parts, const Caller& caller, const iot::DetachPolicyRequest& in) {
    const auto& scope = caller.scope;
    auto done = parts.store.write([&](SqlSession& session) -> Result<api::Nothing> {
        session.execute(
            sql::delete_target,
            {{"account", scope.account.text()}, {"region", scope.region.text()}, {"target", in.target}, {"policy", in.policy_name}});
        return api::Nothing{};  // the model lists no NotFound: detaching what is not attached is fine
    });
    if (done) parts.bus.announce({runtime::ChangeKind::attachment, scope, in.target.substr(in.target.rfind('/') + 1)});
    return done;
}

Result<iot::ListAttachedPoliciesResponse> list_attached(const RestParts& parts, const Caller& caller,
                                                        const iot::ListAttachedPoliciesRequest& in) {
    auto page = parse_page(in.marker, in.page_size);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListAttachedPoliciesResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (auto target = checked_target(session, scope, in.target); !target) return Unexpected(target.error());
        std::vector<std::string> targets{in.target};
        if (auto group = name_of_arn(scope, in.target, "thinggroup"); group && in.recursive.value_or(false)) {
            for (auto row = session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", *group}});
                 row && !row->text(1).empty();
                 row = session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", row->text(1)}}))
                targets.push_back(scope.arn("iot", "thinggroup/" + row->text(1)));
        }
        std::vector<std::string> names;
        for (const auto& target : targets)
            for (const auto& row : session.query(
                     sql::list_attached,
                     {{"account", account}, {"region", region}, {"target", target}, {"after", page->after}, {"count", page->count + 1}}))
                names.push_back(row.text(0));
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        if (static_cast<std::int64_t>(names.size()) > page->count + 1) names.resize(static_cast<std::size_t>(page->count) + 1);
        auto token = cut(names, *page, [](const std::string& name) { return name; });
        iot::ListAttachedPoliciesResponse out{.policies = std::vector<iot::Policy>(), .next_marker = std::move(token)};
        for (const auto& name : names) out.policies->push_back({.policy_name = name, .policy_arn = policy_arn(scope, name)});
        return out;
    });
}

Result<iot::ListTargetsForPolicyResponse> list_targets(const RestParts& parts, const Caller& caller,
                                                       const iot::ListTargetsForPolicyRequest& in) {
    auto page = parse_page(in.marker, in.page_size);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListTargetsForPolicyResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (!session.query_one(sql::find_policy, {{"account", account}, {"region", region}, {"name", in.policy_name}}))
            return Unexpected(policy_not_found(scope, in.policy_name));
        std::vector<std::string> targets;
        for (const auto& row : session.query(sql::list_targets, {{"account", account},
                                                                 {"region", region},
                                                                 {"policy", in.policy_name},
                                                                 {"after", page->after},
                                                                 {"count", page->count + 1}}))
            targets.push_back(row.text(0));
        auto token = cut(targets, *page, [](const std::string& target) { return target; });
        return iot::ListTargetsForPolicyResponse{.targets = std::move(targets), .next_marker = std::move(token)};
    });
}

}  // namespace

void bind_policies(awsapi::Operations& operations, const RestParts& parts) {
    const auto arn = [](const Scope& scope, const auto& in) { return policy_arn(scope, in.policy_name); };
    const auto target = [](const Scope&, const auto& in) { return in.target; };
    const auto all = [](const Scope&, const auto&) { return std::string("*"); };
    const auto with = [parts](auto function) {
        return [parts, function](const Caller& caller, const auto& in) { return function(parts, caller, in); };
    };
    access::bind_authorised<iot::CreatePolicy>(operations, parts.access, arn, with(create_policy));
    access::bind_authorised<iot::GetPolicy>(operations, parts.access, arn, with(get_policy));
    access::bind_authorised<iot::ListPolicies>(operations, parts.access, all, with(list_policies));
    access::bind_authorised<iot::DeletePolicy>(operations, parts.access, arn, with(delete_policy));
    access::bind_authorised<iot::AttachPolicy>(operations, parts.access, target, with(attach_policy));
    access::bind_authorised<iot::DetachPolicy>(operations, parts.access, target, with(detach_policy));
    access::bind_authorised<iot::ListAttachedPolicies>(operations, parts.access, target, with(list_attached));
    access::bind_authorised<iot::ListTargetsForPolicy>(operations, parts.access, arn, with(list_targets));
}

}  // namespace otabahn::registry
