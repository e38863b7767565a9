// SPDX-License-Identifier: Apache-2.0
// May AWS IoT take this role, and may the role do that? The two refusals are told apart in words, since the way out differs:
// one needs another trust policy, the other another permission (spec control-plane 5.5).
#include "access/access.hpp"
#include "access/facts.hpp"
#include "access/names.hpp"
#include "access/roles.hpp"
#include "policy/policy.hpp"
#include "runtime/log.hpp"

namespace otabahn::access {
namespace {

using runtime::SqlSession;

constexpr std::string_view service = "iot.amazonaws.com";

struct Trusted {
    StoredRole role;
    std::vector<policy::NamedDocument> permissions;
};

Unexpected<Error> not_assumable(std::string_view role_arn, const std::string& why) {
    std::string message = "The role " + std::string(role_arn) + " cannot be assumed by AWS IoT: " + why;
    spdlog::info("role refused {}", message);
    return fail(ErrorCode::invalid_request, std::move(message), std::string(role_arn));
}

Facts facts_of_service(const AccountId& account, std::string_view source_arn, Timestamp now) {
    Facts out(now);
    out.set("aws:SourceAccount", account.text());
    out.set("aws:SourceArn", std::string(source_arn));
    return out;
}

Result<StoredRole> check_trust(SqlSession& session, const AccountId& account, std::string_view role_arn, std::string_view source_arn,
                               Timestamp now) {
    const auto name = parse_iam_arn(role_arn, "role");
    if (!name) return not_assumable(role_arn, "it is no ARN of a role, arn:aws:iam::ACCOUNT:role/NAME.");
    if (name->account != account.text())
        return not_assumable(role_arn, "it belongs to account " + name->account + ", and the caller to " + account.text() +
                                           "; a role is passed within one account.");
    auto role = find_role(session, account, name->name);
    if (!role)
        return not_assumable(role_arn, "account " + account.text() + " has no role '" + name->name +
                                           "'. Create it with a trust policy for iot.amazonaws.com.");
    if (role->arn(account) != role_arn)
        return not_assumable(role_arn, "the role of that name is " + role->arn(account) + "; use that ARN.");

    auto trust = policy::parse(role->trust, policy::Dialect::iam_trust);
    if (!trust)
        return fail(ErrorCode::internal,
                    "The stored trust policy of " + std::string(role_arn) + " cannot be read: " + trust.error().message);
    const Facts facts = facts_of_service(account, source_arn, now);
    policy::Question question;
    question.action = "sts:AssumeRole";
    question.principal_service = service;
    question.values = [&](std::string_view key) { return facts.find(key); };
    const auto decision = policy::evaluate({{"trust policy", std::move(trust).value()}}, question);
    if (decision.verdict == policy::Verdict::denied_explicitly)
        return not_assumable(
            role_arn, "statement " + std::to_string(decision.statement) + " of its trust policy denies iot.amazonaws.com explicitly.");
    if (!decision.allowed())
        return not_assumable(role_arn,
                             "its trust policy does not let iot.amazonaws.com perform sts:AssumeRole (" + decision.nearest_miss + ").");
    return std::move(*role);
}

}  // namespace

Result<void> Access::check_role_trust(const AccountId& account, std::string_view role_arn, std::string_view source_arn) {
    auto role = store_.read([&](SqlSession& session) { return check_trust(session, account, role_arn, source_arn, clock_.now()); });
    if (!role) return Unexpected(std::move(role).error());
    return {};
}

Result<void> Access::check_role(const AccountId& account, std::string_view role_arn, std::string_view source_arn, std::string_view action,
                                std::string_view resource) {
    auto trusted = store_.read([&](SqlSession& session) -> Result<Trusted> {
        auto role = check_trust(session, account, role_arn, source_arn, clock_.now());
        if (!role) return Unexpected(std::move(role).error());
        auto permissions = load_permissions(session, account, role->name);
        if (!permissions) return Unexpected(std::move(permissions).error());
        return Trusted{std::move(role).value(), std::move(permissions).value()};
    });
    if (!trusted) return Unexpected(std::move(trusted).error());

    Facts facts = facts_of_service(account, source_arn, clock_.now());
    facts.set("aws:PrincipalArn", std::string(role_arn));
    facts.set("aws:PrincipalAccount", account.text());
    facts.set("aws:PrincipalType", "AssumedRole");
    facts.set("aws:userid", trusted->role.role_id + ":AWSIoT");
    policy::Question question;
    question.action = action;
    question.resource = resource;
    question.values = [&](std::string_view key) { return facts.find(key); };
    const auto decision = policy::evaluate(trusted->permissions, question);
    if (decision.allowed()) return {};
    std::string message = "The role " + std::string(role_arn) + " may be assumed by AWS IoT but lacks " + std::string(action) + " on " +
                          std::string(resource) + ": ";
    message += decision.verdict == policy::Verdict::denied_explicitly
                   ? "policy '" + decision.policy + "' statement " + std::to_string(decision.statement) + " denies it explicitly."
                   : decision.nearest_miss + ". Add an Allow for it to a policy of the role.";
    spdlog::info("role refused {}", message);
    return fail(ErrorCode::access_denied, std::move(message), std::string(role_arn));
}

}  // namespace otabahn::access
