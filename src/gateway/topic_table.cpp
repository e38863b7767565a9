// SPDX-License-Identifier: Apache-2.0
#include "gateway/topic_table.hpp"

#include "mqtt/topic.hpp"

namespace otabahn::gateway {
namespace {

struct ReservedRow {
    std::string_view filter;
    TopicKind publish;
};

// In the order of spec gateway 3; the first that matches decides. What stands after the services in of_publish().
constexpr ReservedRow reserved[] = {
    {"$aws/things/+/jobs/#", TopicKind::listen_only},
    {"$aws/things/+/streams/#", TopicKind::stream},
    {"$aws/things/+/shadow/get", TopicKind::shadow},
    {"$aws/things/+/shadow/update", TopicKind::shadow},
    {"$aws/things/+/shadow/delete", TopicKind::shadow},
    {"$aws/things/+/shadow/name/+/get", TopicKind::shadow},
    {"$aws/things/+/shadow/name/+/update", TopicKind::shadow},
    {"$aws/things/+/shadow/name/+/delete", TopicKind::shadow},
    {"$aws/things/+/shadow/#", TopicKind::listen_only},
    {"$aws/things/+/tunnels/notify", TopicKind::listen_only},
    {"$aws/events/#", TopicKind::listen_only},
    {"$aws/rules/#", TopicKind::rule},
};

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
