// SPDX-License-Identifier: Apache-2.0
#include "gateway/topic_table.hpp"

#include "mqtt/topic.hpp"

#include <algorithm>
#include <iterator>

namespace otabahn::gateway {
namespace {

struct ReservedRow {
    std::string_view filter;
    TopicKind publish;
};

// In the order of spec gateway 3; the first that matches decides. What stands after the services in of_publish().
constexpr ReservedRow reserved[] = {
    {"$aws/things/+/jobs/#", TopicKind::listen_only},   {"$aws/things/+/streams/#", TopicKind::stream},
    {"$aws/things/+/shadow/#", TopicKind::listen_only}, {"$aws/things/+/tunnels/notify", TopicKind::listen_only},
    {"$aws/events/#", TopicKind::listen_only},          {"$aws/rules/#", TopicKind::rule},
};

// Reserved topics that a will may go to: it is published there, and no service takes it for a request (spec gateway 5.3).
constexpr std::string_view for_wills[] = {"$aws/things/+/shadow/+", "$aws/things/+/shadow/name/+/+"};

bool is_reserved(std::string_view text) { return !text.empty() && text.front() == '$'; }

}  // namespace

TopicClass TopicTable::of_publish(std::string_view topic) const {
    if (!is_reserved(topic)) return {};
    for (auto* service : services_)
        if (service->fits(topic)) return {TopicKind::service, service};
    for (const auto& row : reserved)
        if (mqtt::matches(row.filter, topic)) return {row.publish, nullptr};
    return {TopicKind::unknown, nullptr};
}

bool TopicTable::may_be_will(std::string_view topic) const {
    if (!is_reserved(topic)) return true;
    return std::any_of(std::begin(for_wills), std::end(for_wills), [&](std::string_view filter) { return mqtt::matches(filter, topic); });
}

bool TopicTable::may_subscribe(std::string_view filter) const { return !is_reserved(filter) || filter.starts_with("$aws/"); }

bool TopicTable::within_limits(std::string_view text, const Limits& limits) const {
    if (text.size() > limits.topic_bytes) return false;
    std::size_t slashes = mqtt::count_slashes(text);
    if (text.starts_with("$aws/rules/"))
        slashes = slashes > 3 ? slashes - 3 : 0;
    else if (text.starts_with("$aws/"))
        return slashes <= 64;
    else if (text.starts_with("$share/"))
        slashes -= 2;
    return slashes <= limits.topic_slashes;
}

}  // namespace otabahn::gateway
