// SPDX-License-Identifier: Apache-2.0
// A resource, action or condition value as it is matched: literal text, wildcards and variables, split once when the
// document is parsed. Matching never backtracks past the last `*`, so a hostile pattern costs at most text times pattern.
// Private to policy/.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::policy {

// Answers a variable for substitution; nothing: unresolved, and the entry matches nothing.
class Variables {
  public:
    virtual ~Variables() = default;
    virtual std::optional<std::string_view> substitute(std::string_view name) = 0;
};

enum class Wildcards : std::uint8_t { none, star_and_question };
enum class Letters : std::uint8_t { exact, fold_case };

struct PatternSyntax {
    Wildcards wildcards = Wildcards::star_and_question;
    bool variables = true;  // false: `${…}` is text (documents of version 2008-10-17)
};

struct PatternPart {
    enum class Kind : std::uint8_t { text, any_character, variable };
    Kind kind = Kind::text;
    std::string text;                     // the literal, or the variable's name
    std::optional<std::string> fallback;  // ${name, 'fallback'}
};

class Pattern {
  public:
    // A refusal is a half sentence: "holds '${' without '}'".
    static Result<Pattern, std::string> compile(std::string_view source, PatternSyntax syntax);

    bool matches(std::string_view text, Variables& variables, Letters letters = Letters::exact) const;

    const std::string& source() const { return source_; }
    // The first variable that has no value now, by its name.
    std::optional<std::string_view> unresolved(Variables& variables) const;
    // The source with its variables' values in place, wildcards as they are; nothing when one has no value. For explanations.
    std::optional<std::string> expanded(Variables& variables) const;

  private:
    using Chunk = std::vector<PatternPart>;  // what stands between two `*`
    std::vector<Chunk> chunks_{Chunk{}};
    std::string source_;
};

// The six parts of an ARN, cut at its first five colons; fewer for what is no ARN. In a policy's text a colon inside ${…}
// belongs to the variable's name and cuts nothing.
std::vector<std::string_view> arn_parts(std::string_view arn);
std::vector<std::string_view> arn_pattern_parts(std::string_view arn);

bool same_ignoring_case(std::string_view a, std::string_view b);
bool starts_ignoring_case(std::string_view text, std::string_view prefix);

}  // namespace otabahn::policy
