// SPDX-License-Identifier: Apache-2.0
// Judges one connection's operations by its policies (spec gateway 2) and remembers the latest answers, so that a device which
// asks for blocks on one topic is not evaluated anew for each request. Lives on the connection's loop.
#pragma once

#include "gateway/admission.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::gateway {

enum class Action : std::uint8_t { connect, publish, retain_publish, subscribe, receive };

// What this CONNECT uses, for iot:ConnectAttributes and iot:LastWillTopic.
struct ConnectFacts {
    bool persistent = false;
    std::optional<std::string> will_topic;
};

class PolicyGate {
  public:
    PolicyGate(AdmissionPtr admission, std::string client_id, std::string source_ip)
        : admission_(std::move(admission)), client_id_(std::move(client_id)), source_ip_(std::move(source_ip)) {}

    const AdmissionPtr& admission() const { return admission_; }
    void renew(AdmissionPtr admission);  // forgets what it remembered

    bool may(Action action, std::string_view name);
    bool may_connect(const ConnectFacts& facts) { return judge(Action::connect, client_id_, &facts, false).allowed(); }
    // Any other action; the resource's ARN behind the account, or *. The refusal says what decided.
    Result<void> permit(std::string_view action, std::string_view resource);
    // One line that says what decided, for logs and reason strings.
    std::string explain(Action action, std::string_view name, const ConnectFacts* facts = nullptr);

  private:
    struct Remembered {
        std::size_t hash = 0;
        Action action{};
        bool allowed = false;
        std::string name;
    };
    policy::Decision judge(Action action, std::string_view name, const ConnectFacts* facts, bool explain, std::string* line = nullptr);
    policy::Decision decide(std::string_view action, const std::string& arn, const ConnectFacts* facts, bool explain, std::string* line);
    std::optional<std::vector<std::string>> value_of(std::string_view key, const ConnectFacts* facts) const;
    std::optional<std::string_view> text_of(std::string_view key) const;

    AdmissionPtr admission_;
    std::string client_id_;
    std::string source_ip_;
    std::vector<Remembered> remembered_;
    std::size_t oldest_ = 0;
};

}  // namespace otabahn::gateway
