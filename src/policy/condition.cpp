// SPDX-License-Identifier: Apache-2.0
#include "policy/condition.hpp"

#include <algorithm>

namespace otabahn::policy {
namespace {

struct OperatorRow {
    std::string_view name;
    Comparison comparison;
    bool negated;
};
constexpr std::array operator_rows{
    OperatorRow{"StringEquals", Comparison::string_equals, false},
    OperatorRow{"StringNotEquals", Comparison::string_equals, true},
    OperatorRow{"StringEqualsIgnoreCase", Comparison::string_equals_ignoring_case, false},
    OperatorRow{"StringNotEqualsIgnoreCase", Comparison::string_equals_ignoring_case, true},
    OperatorRow{"StringLike", Comparison::string_like, false},
    OperatorRow{"StringNotLike", Comparison::string_like, true},
    OperatorRow{"NumericEquals", Comparison::numeric_equal, false},
    OperatorRow{"NumericNotEquals", Comparison::numeric_equal, true},
    OperatorRow{"NumericLessThan", Comparison::numeric_less, false},
    OperatorRow{"NumericLessThanEquals", Comparison::numeric_less_or_equal, false},
    OperatorRow{"NumericGreaterThan", Comparison::numeric_greater, false},
    OperatorRow{"NumericGreaterThanEquals", Comparison::numeric_greater_or_equal, false},
    OperatorRow{"DateEquals", Comparison::date_equal, false},
    OperatorRow{"DateNotEquals", Comparison::date_equal, true},
    OperatorRow{"DateLessThan", Comparison::date_less, false},
    OperatorRow{"DateLessThanEquals", Comparison::date_less_or_equal, false},
    OperatorRow{"DateGreaterThan", Comparison::date_greater, false},
    OperatorRow{"DateGreaterThanEquals", Comparison::date_greater_or_equal, false},
    OperatorRow{"Bool", Comparison::boolean, false},
    OperatorRow{"BinaryEquals", Comparison::binary_equals, false},
    OperatorRow{"IpAddress", Comparison::ip_address, false},
    OperatorRow{"NotIpAddress", Comparison::ip_address, true},
    OperatorRow{"ArnEquals", Comparison::arn_like, false},
    OperatorRow{"ArnLike", Comparison::arn_like, false},
    OperatorRow{"ArnNotEquals", Comparison::arn_like, true},
    OperatorRow{"ArnNotLike", Comparison::arn_like, true},
    OperatorRow{"Null", Comparison::null, false},
};

enum class Kind { text, number, date, boolean, address, arn };

Kind kind_of(Comparison comparison) {
    switch (comparison) {
        case Comparison::string_equals:
        case Comparison::string_equals_ignoring_case:
        case Comparison::string_like:
        case Comparison::binary_equals:
            return Kind::text;
        case Comparison::numeric_equal:
        case Comparison::numeric_less:
        case Comparison::numeric_less_or_equal:
        case Comparison::numeric_greater:
        case Comparison::numeric_greater_or_equal:
            return Kind::number;
        case Comparison::date_equal:
        case Comparison::date_less:
        case Comparison::date_less_or_equal:
        case Comparison::date_greater:
        case Comparison::date_greater_or_equal:
            return Kind::date;
        case Comparison::boolean:
        case Comparison::null:
            return Kind::boolean;
        case Comparison::ip_address:
            return Kind::address;
        case Comparison::arn_like:
            return Kind::arn;
    }
    return Kind::text;
}

std::optional<bool> parse_bool(std::string_view text) {
    if (same_ignoring_case(text, "true")) return true;
    if (same_ignoring_case(text, "false")) return false;
    return std::nullopt;
}

bool in_order(Comparison comparison, double actual, double wanted) {
    switch (comparison) {
        case Comparison::numeric_equal:
        case Comparison::date_equal:
            return actual == wanted;
        case Comparison::numeric_less:
        case Comparison::date_less:
            return actual < wanted;
        case Comparison::numeric_less_or_equal:
        case Comparison::date_less_or_equal:
            return actual <= wanted;
        case Comparison::numeric_greater:
        case Comparison::date_greater:
            return actual > wanted;
        case Comparison::numeric_greater_or_equal:
        case Comparison::date_greater_or_equal:
            return actual >= wanted;
        default:
            return false;
    }
}

bool arn_fits(const ArnPattern& pattern, std::string_view actual, Variables& variables) {
    const auto parts = arn_parts(actual);
    if (pattern.parts.size() == 1) return pattern.parts.front().source() == "*";
    if (parts.size() != pattern.parts.size()) return false;
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (!pattern.parts[i].matches(parts[i], variables)) return false;
    return true;
}

// Does one value of the request fit one value of the policy, negation aside?
bool fits(Comparison comparison, const ConditionValue& wanted, std::string_view actual, Variables& variables) {
    switch (kind_of(comparison)) {
        case Kind::text: {
            const auto letters = comparison == Comparison::string_equals_ignoring_case ? Letters::fold_case : Letters::exact;
            return std::get<Pattern>(wanted).matches(actual, variables, letters);
        }
        case Kind::number: {
            const auto number = parse_number(actual);
            return number && in_order(comparison, *number, std::get<double>(wanted));
        }
        case Kind::date: {
            const auto date = parse_date(actual);
            return date && in_order(comparison, *date, std::get<double>(wanted));
        }
        case Kind::boolean: {
            const auto flag = parse_bool(actual);
            return flag && *flag == std::get<bool>(wanted);
        }
        case Kind::address: {
            const auto address = AddressRange::parse(actual);
            return address && address->bits == 128 && std::get<AddressRange>(wanted).holds(*address);
        }
        case Kind::arn:
            return arn_fits(std::get<ArnPattern>(wanted), actual, variables);
    }
    return false;
}

bool fits_any(const Condition& condition, std::string_view actual, Variables& variables) {
    return std::any_of(condition.values.begin(), condition.values.end(),
                       [&](const ConditionValue& wanted) { return fits(condition.op.comparison, wanted, actual, variables); });
}

}  // namespace

std::optional<Operator> parse_operator(std::string_view name) {
    Operator out;
    if (starts_ignoring_case(name, "ForAllValues:")) {
        out.quantifier = Quantifier::for_all_values;
        name.remove_prefix(13);
    } else if (starts_ignoring_case(name, "ForAnyValue:")) {
        out.quantifier = Quantifier::for_any_value;
        name.remove_prefix(12);
    }
    constexpr std::string_view suffix = "IfExists";
    if (name.size() > suffix.size() && same_ignoring_case(name.substr(name.size() - suffix.size()), suffix)) {
        out.if_exists = true;
        name.remove_suffix(suffix.size());
    }
    for (const OperatorRow& row : operator_rows) {
        if (!same_ignoring_case(row.name, name)) continue;
        // Null asks whether the key exists; with IfExists or a set prefix that question has no sense, and IAM refuses it.
        if (row.comparison == Comparison::null && (out.if_exists || out.quantifier != Quantifier::none)) return std::nullopt;
        out.comparison = row.comparison;
        out.negated = row.negated;
        return out;
    }
    return std::nullopt;
}

Result<ConditionValue, std::string> compile_value(const Operator& op, std::string_view text, bool variables) {
    const auto is = [&](const char* takes) {
        return Unexpected("is '" + std::string(text.substr(0, 120)) + "'; this operator takes " + takes);
    };
    const Wildcards wildcards =
        op.comparison == Comparison::string_like || op.comparison == Comparison::arn_like ? Wildcards::star_and_question : Wildcards::none;
    switch (kind_of(op.comparison)) {
        case Kind::text: {
            auto pattern = Pattern::compile(text, {wildcards, variables && op.comparison != Comparison::binary_equals});
            if (!pattern) return Unexpected(std::move(pattern).error());
            return ConditionValue(std::move(pattern).value());
        }
        case Kind::number: {
            const auto number = parse_number(text);
            if (!number) return is("a decimal number");
            return ConditionValue(*number);
        }
        case Kind::date: {
            const auto date = parse_date(text);
            if (!date) return is("an ISO 8601 time (2025-06-28T12:00:00Z) or seconds since 1970");
            return ConditionValue(*date);
        }
        case Kind::boolean: {
            const auto flag = parse_bool(text);
            if (!flag) return is("true or false");
            return ConditionValue(*flag);
        }
        case Kind::address: {
            const auto range = AddressRange::parse(text);
            if (!range) return is("an IPv4 or IPv6 address or range (203.0.113.0/24)");
            return ConditionValue(*range);
        }
        case Kind::arn: {
            ArnPattern out;
            for (const std::string_view part : arn_pattern_parts(text)) {
                auto pattern = Pattern::compile(part, {wildcards, variables});
                if (!pattern) return Unexpected(std::move(pattern).error());
                out.parts.push_back(std::move(pattern).value());
            }
            return ConditionValue(std::move(out));
        }
    }
    return is("another form");
}

bool holds(const Condition& condition, const std::vector<std::string>* actual, Variables& variables) {
    const Operator& op = condition.op;
    if (op.comparison == Comparison::null) {
        const bool absent = actual == nullptr;
        return std::any_of(condition.values.begin(), condition.values.end(),
                           [&](const ConditionValue& wanted) { return std::get<bool>(wanted) == absent; });
    }
    if (actual == nullptr && op.if_exists) return true;
    const auto satisfied = [&](const std::string& value) { return fits_any(condition, value, variables) != op.negated; };
    switch (op.quantifier) {
        case Quantifier::for_all_values:
            return actual == nullptr || std::all_of(actual->begin(), actual->end(), satisfied);
        case Quantifier::for_any_value:
            return actual != nullptr && std::any_of(actual->begin(), actual->end(), satisfied);
        case Quantifier::none:
            break;
    }
    if (actual == nullptr || actual->empty()) return op.negated;
    // Without a prefix the key has one value; several are taken as alternatives: one suffices, none may fit when negated.
    return op.negated ? std::all_of(actual->begin(), actual->end(), satisfied) : std::any_of(actual->begin(), actual->end(), satisfied);
}

}  // namespace otabahn::policy
