// SPDX-License-Identifier: Apache-2.0
// A policy document of each dialect and the questions that follow it: parse, evaluate, explain. The text up to the first
// NUL is the document; after it come action and resource, divided by a line end.
#include "policy/policy.hpp"

#include "base/bytes.hpp"

#include <cstdlib>

namespace policy = otabahn::policy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = otabahn::as_text({data, size});
    const std::string_view document = input.substr(0, input.find('\0'));
    const std::string_view asked = document.size() < input.size() ? input.substr(document.size() + 1) : std::string_view();
    const std::size_t line = asked.find('\n');

    policy::Question question;
    question.action = line == std::string_view::npos ? "iot:Subscribe" : asked.substr(0, line);
    question.resource = line == std::string_view::npos ? "arn:aws:iot:us-east-1:123456789012:topicfilter/a/#" : asked.substr(line + 1);
    question.principal_service = "iot.amazonaws.com";
    question.principal_arn = "arn:aws:sts::123456789012:assumed-role/R/S";
    question.values = [](std::string_view key) -> std::optional<std::vector<std::string>> {
        if (key.size() % 3 == 0) return std::nullopt;
        if (key.size() % 3 == 1) return std::vector<std::string>{"a", "203.0.113.7", "1751112000"};
        return std::vector<std::string>{std::string(key)};
    };
    for (const auto dialect : {policy::Dialect::iot, policy::Dialect::iam_identity, policy::Dialect::iam_trust}) {
        const auto parsed = policy::parse(document, dialect);
        if (!parsed) {
            if (parsed.error().message.empty()) std::abort();
            continue;
        }
        const auto decision = policy::evaluate({{"p", *parsed}}, question);
        if (decision.verdict == policy::Verdict::denied_implicitly && decision.nearest_miss.empty()) std::abort();
        (void)policy::describe(decision, question);
    }
    return 0;
}
