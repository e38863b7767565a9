// SPDX-License-Identifier: Apache-2.0
#include "gateway/policy_gate.hpp"

#include <algorithm>
#include <charconv>

namespace otabahn::gateway {
namespace {

constexpr std::size_t remembered_answers = 8;

struct ActionRow {
    std::string_view action, resource;
};

// In the order of Action; spec gateway 2.2.
constexpr ActionRow actions[] = {
    {"iot:Connect", "client/"},        {"iot:Publish", "topic/"}, {"iot:RetainPublish", "topic/"},
    {"iot:Subscribe", "topicfilter/"}, {"iot:Receive", "topic/"},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool starts(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && same(text.substr(0, prefix.size()), prefix);
}

// Field.N or Field.List of a certificate's subject or issuer: at most five, 1024 characters each (spec gateway 2.5).
std::optional<std::vector<std::string>> field_of(const std::map<std::string, std::vector<std::string>>& fields, std::string_view key) {
    const std::size_t dot = key.find('.');
    const std::string_view name = key.substr(0, dot);
    for (const auto& [field, values] : fields) {
        if (!same(field, name)) continue;
        std::vector<std::string> usable;
        for (const auto& value : values)
            if (usable.size() < 5) usable.push_back(value.substr(0, 1024));
        if (dot == std::string_view::npos) return usable.empty() ? std::nullopt : std::optional(std::vector{usable.front()});
        const std::string_view suffix = key.substr(dot + 1);
        if (same(suffix, "List")) return usable;
        std::size_t index = 0;
        const auto parsed = std::from_chars(suffix.data(), suffix.data() + suffix.size(), index);
        if (parsed.ec != std::errc{} || parsed.ptr != suffix.data() + suffix.size() || index >= usable.size()) return std::nullopt;
        return std::vector{usable[index]};
    }
    return std::nullopt;
}

}  // namespace

void PolicyGate::renew(AdmissionPtr admission) {
    admission_ = std::move(admission);
    remembered_.clear();
    oldest_ = 0;
}

std::optional<std::string_view> PolicyGate::text_of(std::string_view key) const {
    if (same(key, "iot:ClientId") && !client_id_.empty()) return client_id_;
    if (same(key, "iot:CertificateId") && !admission_->certificate_id.empty()) return admission_->certificate_id;
    if (same(key, "aws:SourceIp")) return source_ip_;
    for (const auto& [name, value] : admission_->facts)
        if (same(key, name)) return value;
    constexpr std::string_view thing_prefix = "iot:Connection.Thing.";
    if (!starts(key, thing_prefix)) return std::nullopt;
    const std::string_view rest = key.substr(thing_prefix.size());
    if (same(rest, "IsAttached")) return admission_->thing ? "true" : "false";
    if (!admission_->thing) return std::nullopt;
    if (same(rest, "ThingName")) return admission_->thing->name;
    if (same(rest, "ThingTypeName"))
        return admission_->thing->type.empty() ? std::nullopt : std::optional<std::string_view>(admission_->thing->type);
    constexpr std::string_view attribute = "Attributes[";
    if (!starts(rest, attribute) || !rest.ends_with(']')) return std::nullopt;
    const auto found = admission_->thing->attributes.find(std::string(rest.substr(attribute.size(), rest.size() - attribute.size() - 1)));
    if (found == admission_->thing->attributes.end()) return std::nullopt;
    return found->second;
}

std::optional<std::vector<std::string>> PolicyGate::value_of(std::string_view key, const ConnectFacts* facts) const {
    if (const auto text = text_of(key)) return std::vector{std::string(*text)};
    if (facts != nullptr && same(key, "iot:ConnectAttributes")) {
        std::vector<std::string> attributes;
        if (facts->persistent) attributes.emplace_back("PersistentConnect");
        if (facts->will_topic) attributes.emplace_back("LastWill");
        return attributes;
    }
    if (facts != nullptr && facts->will_topic && same(key, "iot:LastWillTopic"))
        return std::vector{admission_->scope.arn("iot", "topic/" + *facts->will_topic)};
    if (!admission_->certificate) return std::nullopt;
    const auto& certificate = *admission_->certificate;
    if (same(key, "iot:Certificate.SerialNumber")) return std::vector{certificate.serial};
    constexpr std::string_view subject = "iot:Certificate.Subject.", issuer = "iot:Certificate.Issuer.",
                               names = "iot:Certificate.Subject.AlternativeName.";
    if (starts(key, names)) return certificate.alternative_names.empty() ? std::nullopt : std::optional(certificate.alternative_names);
    if (starts(key, subject)) return field_of(certificate.subject, key.substr(subject.size()));
    if (starts(key, issuer)) return field_of(certificate.issuer, key.substr(issuer.size()));
    return std::nullopt;
}

policy::Decision PolicyGate::judge(Action action, std::string_view name, const ConnectFacts* facts, bool explain, std::string* line) {
    if (admission_->root) return {policy::Verdict::allowed, "", -1, ""};
    const auto& row = actions[static_cast<std::size_t>(action)];
    std::string resource = "arn:aws:iot:";
    resource.reserve(64 + name.size());
    resource.append(admission_->scope.region.text()).append(":").append(admission_->scope.account.text()).append(":");
    resource.append(row.resource).append(name);
    return decide(row.action, resource, facts, explain, line);
}

Result<void> PolicyGate::permit(std::string_view action, std::string_view resource) {
    std::string why;
    const std::string arn = resource == "*" ? std::string(resource) : admission_->scope.arn("iot", resource);
    if (decide(action, arn, nullptr, true, &why).allowed()) return {};
    return fail(ErrorCode::access_denied, std::move(why), arn);
}

policy::Decision PolicyGate::decide(std::string_view action, const std::string& arn, const ConnectFacts* facts, bool explain,
                                    std::string* line) {
    policy::Question question;
    question.action = action;
    question.resource = arn;
    question.values = [this, facts](std::string_view key) { return value_of(key, facts); };
    question.single = [this](std::string_view key) { return text_of(key); };
    question.explain = explain;
    policy::Decision decision = policy::evaluate(admission_->policies, question);
    if (line != nullptr) *line = policy::describe(decision, question);
    return decision;
}

bool PolicyGate::may(Action action, std::string_view name) {
    const std::size_t hash = std::hash<std::string_view>{}(name)*31 + static_cast<std::size_t>(action);
    for (const auto& answer : remembered_)
        if (answer.hash == hash && answer.action == action && answer.name == name) return answer.allowed;
    Remembered answer{hash, action, judge(action, name, nullptr, false).allowed(), std::string(name)};
    const bool allowed = answer.allowed;
    if (remembered_.size() < remembered_answers) {
        remembered_.push_back(std::move(answer));
    } else {
        remembered_[oldest_] = std::move(answer);
        oldest_ = (oldest_ + 1) % remembered_answers;
    }
    return allowed;
}

std::string PolicyGate::explain(Action action, std::string_view name, const ConnectFacts* facts) {
    std::string line;
    judge(action, name, facts, true, &line);
    return line;
}

}  // namespace otabahn::gateway
