// SPDX-License-Identifier: Apache-2.0
#include "http/device_rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace otabahn::http {
namespace {

struct RuleRow {
    std::string_view operation, prefix, label;  // the resource is prefix + the label's value; no label: the prefix
    std::string_view other_prefix{};            // of the action beside iot:
};

constexpr std::string_view jobs = "iotjobsdata:";
constexpr std::array rules{
    RuleRow{"Publish", "topic/", "topic"},
    RuleRow{"GetRetainedMessage", "topic/", "topic"},
    RuleRow{"ListRetainedMessages", "*", ""},
    RuleRow{"GetThingShadow", "thing/", "thingName"},
    RuleRow{"UpdateThingShadow", "thing/", "thingName"},
    RuleRow{"DeleteThingShadow", "thing/", "thingName"},
    RuleRow{"ListNamedShadowsForThing", "*", ""},
    RuleRow{"DeleteConnection", "client/", "clientId"},
    RuleRow{"DescribeJobExecution", "thing/", "thingName", jobs},
    RuleRow{"GetPendingJobExecutions", "thing/", "thingName", jobs},
    RuleRow{"StartNextPendingJobExecution", "thing/", "thingName", jobs},
    RuleRow{"UpdateJobExecution", "thing/", "thingName", jobs},
};

constexpr std::array<std::string_view, 2> topic_paths{"/topics/", "/retainedMessage/"};

std::string label_of(const awsapi::Route& route, std::string_view name) {
    for (const auto& [label, value] : route.labels)
        if (label == name) return value;
    return {};
}

}  // namespace

std::optional<std::vector<DeviceQuestion>> device_questions(const awsapi::Route& route, const awsapi::Request& request) {
    const auto row = std::find_if(rules.begin(), rules.end(), [&](const RuleRow& rule) { return rule.operation == route.operation->name; });
    if (row == rules.end()) return std::nullopt;
    const std::string name(row->operation);
    std::string resource(row->prefix);
    if (!row->label.empty()) resource += label_of(route, row->label);
    if (const std::string* shadow = request.find_query("name"); shadow != nullptr && name.ends_with("ThingShadow"))
        resource += "/" + *shadow;
    std::vector<DeviceQuestion> out;
    out.push_back({{"iot:" + name}, resource});
    if (!row->other_prefix.empty()) out.front().actions.insert(out.front().actions.begin(), std::string(row->other_prefix) + name);
    const std::string* retain = request.find_query("retain");
    if (name == "Publish" && retain != nullptr && *retain != "false") out.push_back({{"iot:RetainPublish"}, resource});
    return out;
}

const awsapi::ServiceRow& device_service(const awsapi::Request& request) {
    const bool of_jobs = request.path.starts_with("/things/") && request.path.find("/jobs", 8) != std::string::npos;
    return *awsapi::find_service(of_jobs ? "iot-jobs-data" : "iot-data");
}

void escape_topic(awsapi::Request& request) {
    for (const std::string_view prefix : topic_paths) {
        if (!request.path.starts_with(prefix)) continue;
        std::string topic;
        for (const char c : std::string_view(request.path).substr(prefix.size())) c == '/' ? topic += "%2F" : topic += c;
        request.path = std::string(prefix) + topic;
    }
}

}  // namespace otabahn::http
