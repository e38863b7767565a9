// SPDX-License-Identifier: Apache-2.0
#include "jobs/request.hpp"

#include <boost/json.hpp>

#include <array>
#include <charconv>
#include <vector>

namespace otabahn::jobs {
namespace {

namespace json = boost::json;

std::optional<std::vector<std::string_view>> segments_after_jobs(std::string_view topic, std::string_view& thing) {
    constexpr std::string_view prefix = "$aws/things/";
    if (!topic.starts_with(prefix)) return std::nullopt;
    topic.remove_prefix(prefix.size());
    const auto slash = topic.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    thing = topic.substr(0, slash);
    topic.remove_prefix(slash + 1);
    std::vector<std::string_view> out;
    for (;;) {
        const auto end = topic.find('/');
        out.push_back(topic.substr(0, end));
        if (end == std::string_view::npos) break;
        topic.remove_prefix(end + 1);
    }
    if (out.front() != "jobs") return std::nullopt;
    out.erase(out.begin());
    return out;
}

// Reads the members of one request; the first that is wrong is kept.
class Members {
  public:
    explicit Members(const json::object& object) : object_(object) {}

    std::optional<std::string> text(std::string_view name) {
        const auto* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (!value->is_string()) return refuse(name, "a string");
        return std::string(value->get_string());
    }
    std::optional<bool> flag(std::string_view name) {
        const auto* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (!value->is_bool()) return refuse(name, "true or false");
        return value->get_bool();
    }
    // A number, or its digits in a string: AWS's own library sends versions so (spec jobs 4.10).
    std::optional<std::int64_t> number(std::string_view name) {
        const auto* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (value->is_int64()) return value->get_int64();
        if (value->is_string()) {
            const std::string_view digits = value->get_string();
            std::int64_t out = 0;
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
            if (error == std::errc{} && end == digits.data() + digits.size()) return out;
        }
        return refuse(name, "an integer");
    }
    std::optional<StatusDetails> details(std::string_view name) {
        const auto* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (!value->is_object()) return refuse(name, "an object of strings");
        StatusDetails out;
        for (const auto& [key, entry] : value->get_object()) {
            if (!entry.is_string()) return refuse(name, "an object of strings; '" + std::string(key) + "' is none");
            out.emplace(key, entry.get_string());
        }
        if (auto checked = check_details(out); !checked) return refuse(std::move(checked).error());
        return out;
    }

    std::nullopt_t refuse(Error error) {
        if (!failure_) failure_ = std::move(error);
        return std::nullopt;
    }
    const std::optional<Error>& failure() const { return failure_; }

  private:
    const json::value* find(std::string_view name) const {
        const auto* value = object_.if_contains(json::string_view(name.data(), name.size()));
        return value == nullptr || value->is_null() ? nullptr : value;
    }
    std::nullopt_t refuse(std::string_view name, const std::string& due) {
        return refuse(Error(ErrorCode::invalid_request, "The member '" + std::string(name) + "' of the request must be " + due + "."));
    }

    const json::object& object_;
    std::optional<Error> failure_;
};

void read_update(Members& members, TopicRequest& out) {
    if (const auto word = members.text("status")) {
        out.status = parse_execution_status(*word);
        if (!out.status)
            members.refuse(Error(ErrorCode::invalid_request, "Value '" + word->substr(0, 64) +
                                                                 "' at 'status' failed to satisfy constraint: Member must satisfy enum "
                                                                 "value set: [IN_PROGRESS, SUCCEEDED, FAILED, REJECTED]"));
    } else if (!members.failure()) {
        members.refuse(Error(ErrorCode::invalid_request, "Value null at 'status' failed to satisfy constraint: Member must not be null"));
    }
    out.details = members.details("statusDetails");
    out.expected_version = members.number("expectedVersion");
    out.execution_number = members.number("executionNumber");
    out.step_timeout_minutes = members.number("stepTimeoutInMinutes");
    out.include_execution_state = members.flag("includeJobExecutionState");
    out.include_job_document = members.flag("includeJobDocument");
}

}  // namespace

bool is_jobs_topic(std::string_view topic) {
    std::string_view thing;
    return segments_after_jobs(topic, thing).has_value();
}

std::optional<TopicName> parse_topic(std::string_view topic) {
    std::string_view thing;
    const auto segments = segments_after_jobs(topic, thing);
    if (!segments) return std::nullopt;
    auto name = ThingName::parse(thing);
    if (!name) return std::nullopt;
    const auto& parts = *segments;
    if (parts.size() == 1 && parts[0] == "get") return TopicName{*name, TopicOperation::get_pending, ""};
    if (parts.size() == 1 && parts[0] == "start-next") return TopicName{*name, TopicOperation::start_next, ""};
    if (parts.size() != 2) return std::nullopt;
    if (parts[1] == "get" && (parts[0] == next_job || JobIdRule::fits(parts[0])))
        return TopicName{*name, TopicOperation::describe, std::string(parts[0])};
    if (parts[1] == "update" && JobIdRule::fits(parts[0])) return TopicName{*name, TopicOperation::update, std::string(parts[0])};
    return std::nullopt;
}

Result<TopicRequest, RequestFailure> parse_request(TopicOperation operation, std::string_view payload) {
    TopicRequest out;
    json::value value = json::object();
    if (!payload.empty()) {
        boost::system::error_code error;
        value = json::parse(json::string_view(payload.data(), payload.size()), error);
        if (error)
            return Unexpected(RequestFailure(Error(ErrorCode::invalid_json, "The payload is no valid JSON: " + error.message() + ".")));
        if (!value.is_object())
            return Unexpected(RequestFailure(Error(ErrorCode::invalid_json, "The payload is JSON, but no object ({…}).")));
    }
    Members members(value.get_object());
    out.client_token = members.text("clientToken");
    switch (operation) {
        case TopicOperation::get_pending:
            break;
        case TopicOperation::start_next:
            out.details = members.details("statusDetails");
            out.step_timeout_minutes = members.number("stepTimeoutInMinutes");
            break;
        case TopicOperation::describe:
            out.execution_number = members.number("executionNumber");
            out.include_job_document = members.flag("includeJobDocument");
            break;
        case TopicOperation::update:
            read_update(members, out);
            break;
    }
    if (members.failure()) return Unexpected(RequestFailure(*members.failure(), out.client_token));
    return out;
}

}  // namespace otabahn::jobs
