// SPDX-License-Identifier: Apache-2.0
// Keys, and what their holders may do.
#include "access/access.hpp"

#include "access/facts.hpp"
#include "access/names.hpp"
#include "access/permissions.hpp"
#include "access/roles.hpp"
#include "access/sql.hpp"
#include "policy/policy.hpp"
#include "runtime/log.hpp"

namespace otabahn::access {
namespace {

using runtime::SqlSession;

constexpr Duration remembered_for = std::chrono::seconds(30);
constexpr std::size_t most_remembered = 1024;

AccessKey to_access_key(const runtime::SqlRow& row) {
    return {row.text(0), row.text(2), AccountId::trusted(row.text(1)), row.text(3), row.text(4), row.flag(5), row.text(6) == "Active"};
}

std::map<std::string, std::string> facts_of(const awsapi::Caller& caller) {
    return {{"aws:PrincipalArn", caller.arn},
            {"aws:PrincipalAccount", caller.scope.account.text()},
            {"aws:PrincipalType", caller.root ? "Account" : "AssumedRole"},
            {"aws:userid", caller.user_id},
            {"aws:SourceIp", caller.source_ip},
            {"aws:RequestedRegion", caller.scope.region.text()}};
}

Facts facts_of(const Permissions& permissions, std::string_view action, Timestamp now) {
    Facts out(now);
    for (const auto& [key, value] : permissions.facts) out.set(key, value);
    // Every service here that takes a role hands it to AWS IoT.
    if (action == "iam:PassRole") out.set("iam:PassedToService", "iot.amazonaws.com");
    return out;
}

// ROLE of arn:aws:sts::A:assumed-role/ROLE/SESSION.
std::optional<std::string> role_of_session(const awsapi::Caller& caller) {
    const std::string prefix = "arn:aws:sts::" + caller.scope.account.text() + ":assumed-role/";
    if (!caller.arn.starts_with(prefix)) return std::nullopt;
    return caller.arn.substr(prefix.size(), caller.arn.find('/', prefix.size()) - prefix.size());
}

}  // namespace

Access::Access(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock) : store_(store), bus_(bus), clock_(clock) {}

Result<AccessKey> Access::ensure_root_key(const AccountId& account) {
    const auto existing = store_.read([&](SqlSession& session) {
        return session.query_one(sql::find_root_key, {{"account", runtime::sql(account.text())}});
    });
    if (existing) return to_access_key(*existing);
    const AccessKey fresh{
        random_id("AKIA", 16), random_secret(), account, "arn:aws:iam::" + account.text() + ":root", account.text(), true, true};
    return store_.write([&](SqlSession& session) -> Result<AccessKey> {
        // Two nodes may start at once: one of them claims the account, the other takes that one's key.
        if (session.query_one(sql::claim_root, {{"account", runtime::sql(account.text())}, {"key_id", runtime::sql(fresh.id)}})) {
            session.execute(sql::insert_key, {{"id", runtime::sql(fresh.id)},
                                              {"account", runtime::sql(account.text())},
                                              {"secret", runtime::sql(fresh.secret)},
                                              {"arn", runtime::sql(fresh.arn)},
                                              {"user_id", runtime::sql(fresh.user_id)},
                                              {"root", runtime::sql(true)},
                                              {"created", runtime::sql(clock_.now())}});
            return fresh;
        }
        const auto row = session.query_one(sql::find_root_key, {{"account", runtime::sql(account.text())}});
        if (!row)
            return fail(ErrorCode::internal,
                        "Account " + account.text() + " has an administrator's key on record, but the key itself is not there.");
        return to_access_key(*row);
    });
}

Result<std::optional<AccessKey>> Access::find_key(std::string_view access_key_id) {
    const Timestamp now = clock_.now();
    {
        const std::lock_guard lock(remembered_mutex_);
        const auto found = remembered_.find(access_key_id);
        if (found != remembered_.end() && now < found->second.until) return std::optional(found->second.key);
    }
    const auto row = store_.read([&](SqlSession& session) {
        return session.query_one(sql::find_key, {{"id", runtime::sql(access_key_id)}});
    });
    if (!row) return std::optional<AccessKey>();
    AccessKey key = to_access_key(*row);
    const std::lock_guard lock(remembered_mutex_);
    if (remembered_.size() >= most_remembered) remembered_.clear();
    remembered_.insert_or_assign(key.id, Remembered{key, now + remembered_for});
    return std::optional(std::move(key));
}

Result<Permissions> permissions_of(runtime::Store& store, const awsapi::Caller& caller) {
    Permissions out{caller.root, {}, facts_of(caller)};
    const auto role = role_of_session(caller);
    if (caller.root || !role) return out;
    auto loaded = store.read([&](SqlSession& session) { return load_permissions(session, caller.scope.account, *role); });
    if (!loaded) return Unexpected(std::move(loaded).error());
    out.documents = std::move(loaded).value();
    return out;
}

Result<void> Access::check_caller(const awsapi::Caller& caller, std::string_view action, std::string_view resource) {
    if (caller.root) return {};
    const auto permissions = permissions_of(store_, caller);
    if (!permissions) return Unexpected(permissions.error());
    const Facts facts = facts_of(*permissions, action, clock_.now());
    policy::Question question;
    question.action = action;
    question.resource = resource;
    question.values = [&](std::string_view key) { return facts.find(key); };
    const policy::Decision decision = policy::evaluate(permissions->documents, question);
    if (decision.allowed()) return {};
    spdlog::info("request refused caller={} {}", caller.arn, policy::describe(decision, question));
    std::string message =
        "User: " + caller.arn + " is not authorized to perform: " + std::string(action) + " on resource: " + std::string(resource);
    message += decision.verdict == policy::Verdict::denied_explicitly
                   ? " with an explicit deny in an identity-based policy (policy '" + decision.policy + "' statement " +
                         std::to_string(decision.statement) + ")"
                   : " because no identity-based policy allows the " + std::string(action) + " action (" + decision.nearest_miss + ")";
    return fail(ErrorCode::access_denied, std::move(message), std::string(resource));
}

}  // namespace otabahn::access
