// SPDX-License-Identifier: Apache-2.0
// A device, a document and a question in one line, for the tests of this folder.
#pragma once

#include "policy/pattern.hpp"
#include "policy/policy.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace otabahn::policy::testing_support {

using Facts = std::map<std::string, std::vector<std::string>>;

inline const std::string iot_arn = "arn:aws:iot:us-east-1:123456789012:";

inline std::shared_ptr<const Document> parsed(std::string_view text, Dialect dialect = Dialect::iot) {
    auto document = parse(text, dialect);
    EXPECT_TRUE(document.has_value()) << document.error().message << "\n" << text;
    return document.value();
}

// {"Version":…,"Statement":[…]} around the statements.
inline std::string document_of(const std::string& statements) { return R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"; }

inline std::string statement_of(const std::string& effect, const std::string& action, const std::string& resource,
                                const std::string& condition = "") {
    return R"({"Effect":")" + effect + R"(","Action":")" + action + R"(","Resource":")" + (resource == "*" ? "" : iot_arn) + resource +
           "\"" + (condition.empty() ? "" : ",\"Condition\":" + condition) + "}";
}

inline std::string allow(const std::string& action, const std::string& resource, const std::string& condition = "") {
    return statement_of("Allow", action, resource, condition);
}
inline std::string deny(const std::string& action, const std::string& resource, const std::string& condition = "") {
    return statement_of("Deny", action, resource, condition);
}

inline Decision ask(std::string_view document, std::string_view action, const std::string& resource, const Facts& facts = {},
                    Dialect dialect = Dialect::iot) {
    Question question;
    question.action = action;
    const std::string arn = resource.starts_with("arn:") || resource == "*" ? resource : iot_arn + resource;
    question.resource = arn;
    question.values = [&](std::string_view key) -> std::optional<std::vector<std::string>> {
        for (const auto& [name, values] : facts)
            if (same_ignoring_case(name, key)) return values;
        return std::nullopt;
    };
    return evaluate({{"p", parsed(document, dialect)}}, question);
}

// What a device connected as its thing answers.
inline Facts device(const std::string& thing) {
    return {{"iot:ClientId", {thing}}, {"iot:Connection.Thing.ThingName", {thing}}, {"iot:Connection.Thing.IsAttached", {"true"}}};
}

}  // namespace otabahn::policy::testing_support
