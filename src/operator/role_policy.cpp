// SPDX-License-Identifier: Apache-2.0
#include "operator/role_policy.hpp"

#include "policy/policy.hpp"

#include <optional>

namespace otabahn::operator_tool {

Result<void> check_trust(const Scope& scope, const std::string& role, const std::string& text) {
    auto document = policy::parse(text, policy::Dialect::iam_trust);
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

Result<void> check_read(const std::string& role, const std::vector<std::pair<std::string, std::string>>& policies,
                        const std::string& bucket) {
    std::vector<policy::NamedDocument> documents;
    for (const auto& [name, text] : policies) {
        auto document = policy::parse(text, policy::Dialect::iam_identity);
        if (!document)
            return fail(ErrorCode::invalid_state, "Policy " + name + " of role " + role + " cannot be read: " + document.error().message);
        documents.push_back({name, *document});
    }
    const std::string resource = "arn:aws:s3:::" + bucket + "/firmware/otabahn-check/image";
    for (const std::string_view action : {"s3:GetObject", "s3:GetObjectVersion"}) {
        policy::Question question{.action = action, .resource = resource, .values = nullptr, .principal_service = "", .principal_arn = ""};
        question.values = [](std::string_view) -> std::optional<std::vector<std::string>> { return std::nullopt; };
        const auto decision = policy::evaluate(documents, question);
        if (decision.allowed()) continue;
        return fail(ErrorCode::access_denied,
                    "Role " + role + " exists, but it may not read bucket " + bucket + ": " + policy::describe(decision, question) +
                        ". It was left as it is; allow it s3:GetObject and s3:GetObjectVersion on arn:aws:s3:::" + bucket +
                        "/*, or name another role with --role.");
    }
    return {};
}

}  // namespace otabahn::operator_tool
