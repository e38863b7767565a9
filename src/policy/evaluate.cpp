// SPDX-License-Identifier: Apache-2.0
// The decision: an explicit deny wins, otherwise any allow (spec gateway 2.4, control-plane 5.4).
#include "policy/document.hpp"

#include <algorithm>

namespace otabahn::policy {
namespace {

constexpr std::string_view certificate_prefix = "iot:Certificate.";
constexpr std::size_t longest_certificate_value = 1024;

bool names_device(std::string_view name) {
    return same_ignoring_case(name, "iot:ClientId") || same_ignoring_case(name, "iot:Connection.Thing.ThingName");
}

// May this value stand in a pattern? Spec gateway 2.5, against values that carry wildcards of policies or topic filters.
bool may_substitute(std::string_view name, std::string_view value, bool subscribing) {
    if (starts_ignoring_case(name, certificate_prefix))
        return value.size() <= longest_certificate_value && value.find_first_of("*$+?#") == std::string_view::npos;
    return !(subscribing && names_device(name) && value.find_first_of("+#") != std::string_view::npos);
}

// arn:aws:sts::A:assumed-role/ROLE/SESSION is the role arn:aws:iam::A:role[/path]/ROLE at work: the path is dropped.
bool is_session_of(std::string_view caller, std::string_view role_arn) {
    const auto session = arn_parts(caller), role = arn_parts(role_arn);
    if (session.size() != 6 || role.size() != 6 || session[2] != "sts" || role[2] != "iam" || session[4] != role[4]) return false;
    constexpr std::string_view assumed = "assumed-role/";
    if (!session[5].starts_with(assumed) || !role[5].starts_with("role/")) return false;
    const std::string_view name = session[5].substr(assumed.size(), session[5].find('/', assumed.size()) - assumed.size());
    return role[5].substr(role[5].rfind('/') + 1) == name;
}

bool names_caller(const Principals& principals, const Question& question) {
    if (principals.everybody) return true;
    if (!question.principal_service.empty() &&
        std::find(principals.services.begin(), principals.services.end(), question.principal_service) != principals.services.end())
        return true;
    if (question.principal_arn.empty()) return false;
    const auto parts = arn_parts(question.principal_arn);
    if (parts.size() == 6 && std::find(principals.accounts.begin(), principals.accounts.end(), parts[4]) != principals.accounts.end())
        return true;
    return std::any_of(principals.arns.begin(), principals.arns.end(),
                       [&](const std::string& arn) { return arn == question.principal_arn || is_session_of(question.principal_arn, arn); });
}

bool applies(const Statement& statement, const Document& document, const Question& question, Variables& variables) {
    if (!action_fits(statement, question, variables)) return false;
    if (document.dialect == Dialect::iam_trust ? !principal_fits(statement, question)
                                               : !resource_fits(statement, question.resource, variables))
        return false;
    return failing_condition(statement, question, variables) == nullptr;
}

}  // namespace

QuestionVariables::QuestionVariables(const Question& question)
    : question_(question), subscribing_(same_ignoring_case(question.action, "iot:Subscribe")) {}

std::optional<std::string_view> QuestionVariables::substitute(std::string_view name) {
    if (question_.single) {
        if (const auto value = question_.single(name)) return may_substitute(name, *value, subscribing_) ? value : std::nullopt;
    }
    for (const auto& known : known_) {
        if (known->name != name) continue;
        return known->resolved ? std::optional<std::string_view>(known->value) : std::nullopt;
    }
    auto known = std::make_unique<Known>(Known{name, {}, false});
    if (question_.values) {
        // A key of several values has no single text to stand for it.
        if (auto values = question_.values(name); values && values->size() == 1) {
            known->value = std::move(values->front());
            known->resolved = may_substitute(name, known->value, subscribing_);
        }
    }
    known_.push_back(std::move(known));
    return known_.back()->resolved ? std::optional<std::string_view>(known_.back()->value) : std::nullopt;
}

bool action_fits(const Statement& statement, const Question& question, Variables& variables) {
    const auto& set = statement.actions;
    const bool any = std::any_of(set.patterns.begin(), set.patterns.end(),
                                 [&](const Pattern& pattern) { return pattern.matches(question.action, variables, Letters::fold_case); });
    return any != set.negated;
}

bool resource_fits(const Statement& statement, std::string_view resource, Variables& variables) {
    const auto& set = statement.resources;
    const bool any =
        std::any_of(set.patterns.begin(), set.patterns.end(), [&](const Pattern& pattern) { return pattern.matches(resource, variables); });
    return any != set.negated;
}

bool principal_fits(const Statement& statement, const Question& question) {
    return names_caller(statement.principals, question) != statement.principals.negated;
}

const Condition* failing_condition(const Statement& statement, const Question& question, Variables& variables) {
    for (const Condition& condition : statement.conditions) {
        const auto actual = question.values ? question.values(condition.key) : std::nullopt;
        if (!holds(condition, actual ? &*actual : nullptr, variables)) return &condition;
    }
    return nullptr;
}

Decision evaluate(const std::vector<NamedDocument>& documents, const Question& question) {
    QuestionVariables variables(question);
    Decision out;
    for (const NamedDocument& named : documents) {
        for (std::size_t i = 0; i < named.document->statements.size(); ++i) {
            const Statement& statement = named.document->statements[i];
            if (statement.allow && out.allowed()) continue;  // only a deny can change it now
            if (!applies(statement, *named.document, question, variables)) continue;
            out.policy = named.name;
            out.statement = static_cast<int>(i);
            if (!statement.allow) {
                out.verdict = Verdict::denied_explicitly;
                return out;
            }
            out.verdict = Verdict::allowed;
        }
    }
    if (!out.allowed() && question.explain) out.nearest_miss = explain_refusal(documents, question, variables);
    return out;
}

std::string describe(const Decision& decision, const Question& question) {
    const std::string what = std::string(question.action) + (question.resource.empty() ? "" : " on ") + std::string(question.resource);
    const auto decider = [&] { return "policy '" + decision.policy + "' statement " + std::to_string(decision.statement); };
    switch (decision.verdict) {
        case Verdict::allowed:
            return "allowed " + what + " by " + decider();
        case Verdict::denied_explicitly:
            return "denied " + what + " by the explicit Deny of " + decider();
        case Verdict::denied_implicitly:
            return "denied " + what + ": no statement allows it" +
                   (decision.nearest_miss.empty() ? "" : "; nearest: " + decision.nearest_miss);
    }
    return what;
}

}  // namespace otabahn::policy
