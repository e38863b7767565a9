// SPDX-License-Identifier: Apache-2.0
// One line of a Condition block: operator, key, values; compiled when parsed, judged when asked (spec control-plane 5.4,
// gateway 2.5). Private to policy/.
#pragma once

#include "policy/pattern.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otabahn::policy {

enum class Comparison : std::uint8_t {
    string_equals,
    string_equals_ignoring_case,
    string_like,
    numeric_equal,
    numeric_less,
    numeric_less_or_equal,
    numeric_greater,
    numeric_greater_or_equal,
    date_equal,
    date_less,
    date_less_or_equal,
    date_greater,
    date_greater_or_equal,
    boolean,
    binary_equals,
    ip_address,
    arn_like,
    null,
};

enum class Quantifier : std::uint8_t { none, for_all_values, for_any_value };

struct Operator {
    Comparison comparison = Comparison::string_equals;
    bool negated = false, if_exists = false;
    Quantifier quantifier = Quantifier::none;
};

// "ForAllValues:StringNotEqualsIfExists"; nothing for a name that is no operator.
std::optional<Operator> parse_operator(std::string_view name);

// An address range; IPv4 is held mapped into IPv6, so one comparison serves both.
struct AddressRange {
    std::array<std::uint8_t, 16> address{};
    int bits = 128;
    static std::optional<AddressRange> parse(std::string_view cidr);
    bool holds(const AddressRange& single) const;
};

// Seconds since 1970 of an ISO 8601 date or time, or of a bare number.
std::optional<double> parse_date(std::string_view text);
std::optional<double> parse_number(std::string_view text);

// What an ARN is compared to: six patterns, or a single one when the text is no ARN (it then fits only `*`).
struct ArnPattern {
    std::vector<Pattern> parts;
};

using ConditionValue = std::variant<Pattern, double, bool, AddressRange, ArnPattern>;

struct Condition {
    std::string operator_name;  // as written, for explanations
    Operator op;
    std::string key;
    std::vector<ConditionValue> values;
    std::vector<std::string> sources;  // the values as written
};

// A refusal is a half sentence that follows the path of the value: "is 'x'; NumericEquals takes a number".
Result<ConditionValue, std::string> compile_value(const Operator& op, std::string_view text, bool variables);

// `actual`: what the request says of the key; null: nothing.
bool holds(const Condition& condition, const std::vector<std::string>* actual, Variables& variables);

}  // namespace otabahn::policy
