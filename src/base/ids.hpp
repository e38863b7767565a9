// SPDX-License-Identifier: Apache-2.0
// Ids as types: made only by parse, which applies the AWS model's pattern and length; no implicit conversion, and two
// kinds do not compare. The patterns are those of the models (a test in awsapi holds them together).
#pragma once

#include "base/error.hpp"

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace otabahn {

namespace id_rules {
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_alnum(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z'); }

template <class Predicate>
constexpr bool all_of(std::string_view text, std::size_t least, std::size_t most, Predicate allowed) {
    if (text.size() < least || text.size() > most) return false;
    for (char c : text)
        if (!allowed(c)) return false;
    return true;
}
}  // namespace id_rules

struct AccountIdRule {
    static constexpr std::string_view kind = "account id", form = "12 digits";
    static constexpr bool fits(std::string_view t) { return id_rules::all_of(t, 12, 12, id_rules::is_digit); }
};
struct RegionRule {
    static constexpr std::string_view kind = "region", form = "1 to 32 of a-z 0-9 -";
    static constexpr bool fits(std::string_view t) {
        return id_rules::all_of(t, 1, 32, [](char c) { return id_rules::is_digit(c) || id_rules::is_lower(c) || c == '-'; });
    }
};
struct ThingNameRule {
    static constexpr std::string_view kind = "thing name", form = "1 to 128 of a-z A-Z 0-9 : _ -";
    static constexpr bool fits(std::string_view t) {
        return id_rules::all_of(t, 1, 128, [](char c) { return id_rules::is_alnum(c) || c == ':' || c == '_' || c == '-'; });
    }
};
struct ThingGroupNameRule {
    static constexpr std::string_view kind = "thing group name", form = ThingNameRule::form;
    static constexpr bool fits(std::string_view t) { return ThingNameRule::fits(t); }
};
struct JobIdRule {
    static constexpr std::string_view kind = "job id", form = "1 to 64 of a-z A-Z 0-9 _ -";
    static constexpr bool fits(std::string_view t) {
        return id_rules::all_of(t, 1, 64, [](char c) { return id_rules::is_alnum(c) || c == '_' || c == '-'; });
    }
};
struct StreamIdRule {
    static constexpr std::string_view kind = "stream id", form = "1 to 128 of a-z A-Z 0-9 _ -";
    static constexpr bool fits(std::string_view t) {
        return id_rules::all_of(t, 1, 128, [](char c) { return id_rules::is_alnum(c) || c == '_' || c == '-'; });
    }
};
struct CertificateIdRule {
    static constexpr std::string_view kind = "certificate id", form = "64 lower-case hex digits";
    static constexpr bool fits(std::string_view t) {
        return id_rules::all_of(t, 64, 64, [](char c) { return id_rules::is_digit(c) || (c >= 'a' && c <= 'f'); });
    }
};

template <class Rule>
class Id {
  public:
    static Result<Id> parse(std::string_view text) {
        if (!Rule::fits(text))
            return fail(ErrorCode::invalid_request, "'" + std::string(text.substr(0, 160)) + "' is no " + std::string(Rule::kind) +
                                                        ": it takes " + std::string(Rule::form) + ".");
        return Id(std::string(text));
    }
    // For text that a parse has accepted before: what our own store gives back.
    static Id trusted(std::string text) { return Id(std::move(text)); }

    const std::string& text() const { return text_; }
    auto operator<=>(const Id&) const = default;

  private:
    explicit Id(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

using AccountId = Id<AccountIdRule>;
using Region = Id<RegionRule>;
using ThingName = Id<ThingNameRule>;
using ThingGroupName = Id<ThingGroupNameRule>;
using JobId = Id<JobIdRule>;
using StreamId = Id<StreamIdRule>;
using CertificateId = Id<CertificateIdRule>;

// Where a resource lives; part of every key.
struct Scope {
    AccountId account;
    Region region;
    auto operator<=>(const Scope&) const = default;

    // arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE
    std::string arn(std::string_view service, std::string_view resource) const {
        std::string out = "arn:aws:";
        out.append(service).append(":").append(region.text()).append(":").append(account.text()).append(":").append(resource);
        return out;
    }
};

}  // namespace otabahn

template <class Rule>
struct std::hash<otabahn::Id<Rule>> {
    std::size_t operator()(const otabahn::Id<Rule>& id) const noexcept { return std::hash<std::string>{}(id.text()); }
};
template <>
struct std::hash<otabahn::Scope> {
    std::size_t operator()(const otabahn::Scope& scope) const noexcept {
        return std::hash<std::string>{}(scope.account.text()) * 31 + std::hash<std::string>{}(scope.region.text());
    }
};
