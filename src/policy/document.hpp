// SPDX-License-Identifier: Apache-2.0
// A compiled policy document. Made by parse(), immutable after; private to policy/.
#pragma once

#include "policy/condition.hpp"
#include "policy/pattern.hpp"
#include "policy/policy.hpp"

#include <string>
#include <vector>

namespace otabahn::policy {

// An element and its Not… form: the statement fits when any pattern does, or, negated, when none does.
struct PatternSet {
    std::vector<Pattern> patterns;
    bool negated = false;
};

struct Principals {
    bool everybody = false;
    bool negated = false;
    std::vector<std::string> services;
    std::vector<std::string> arns;      // of users and roles, without wildcards
    std::vector<std::string> accounts;  // 12 digits, also from arn:aws:iam::A:root
};

struct Statement {
    bool allow = false;
    std::string sid;
    PatternSet actions;
    PatternSet resources;   // empty in trust policies
    Principals principals;  // trust policies only
    std::vector<Condition> conditions;
};

class Document {
  public:
    Dialect dialect = Dialect::iot;
    bool variables = true;  // the document's version knows them
    std::vector<Statement> statements;
};

// Answers variables for one question, by the rules of policy.hpp; keeps what it was told, so a name is asked once.
class QuestionVariables final : public Variables {
  public:
    explicit QuestionVariables(const Question& question);
    std::optional<std::string_view> substitute(std::string_view name) override;

  private:
    struct Known {
        std::string_view name;  // in the compiled document, which outlives the question
        std::string value;
        bool resolved;
    };
    const Question& question_;
    bool subscribing_;
    std::vector<std::unique_ptr<Known>> known_;
};

bool action_fits(const Statement& statement, const Question& question, Variables& variables);
bool resource_fits(const Statement& statement, std::string_view resource, Variables& variables);
bool principal_fits(const Statement& statement, const Question& question);
// The first condition that is not met, or null.
const Condition* failing_condition(const Statement& statement, const Question& question, Variables& variables);

// The sentence of Decision::nearest_miss for a question that nothing allowed.
std::string explain_refusal(const std::vector<NamedDocument>& documents, const Question& question, Variables& variables);

}  // namespace otabahn::policy
