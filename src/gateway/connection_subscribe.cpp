// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE: form, limits and policy of each filter, and the answer that each version has for a refusal.
#include "gateway/connection.hpp"

#include "mqtt/topic.hpp"

#include <algorithm>
#include <vector>

namespace otabahn::gateway {

using mqtt::ReasonCode;

ReasonCode Connection::judge_filter(const mqtt::SubscribeEntry& entry, std::string& why, Refusal& cause) {
    cause = Refusal::topic;
    if (!mqtt::is_topic_filter(entry.filter)) {
        why = "the filter is empty or places a wildcard wrongly";
        return ReasonCode::topic_filter_invalid;
    }
    if (!host_.topics().within_limits(entry.filter, limits())) {
        why = "a filter has at most 256 bytes and 7 slashes";
        return ReasonCode::topic_filter_invalid;
    }
    const auto shared = mqtt::split_shared(entry.filter);
    if (shared && shared->name.size() > limits().share_name_bytes) {
        why = "the name of a shared subscription has at most 128 bytes";
        return ReasonCode::topic_filter_invalid;
    }
    if (!host_.topics().may_subscribe(shared ? shared->filter : entry.filter)) {
        cause = Refusal::reserved_topic;
        why = "topics that start with $ are reserved, and nothing is published there";
        return ReasonCode::topic_filter_invalid;
    }
    // What AWS compares for a shared one is not known (spec gateway 1.9): a policy may name it whole or by the filter within.
    if (!gate_->may(Action::subscribe, entry.filter) && !(shared && gate_->may(Action::subscribe, shared->filter))) {
        cause = Refusal::subscribe_denied;
        why = gate_->explain(Action::subscribe, entry.filter);
        return ReasonCode::not_authorized;
    }
    if (session_->find(entry.filter) == nullptr && session_->subscriptions().size() >= limits().subscriptions) {
        cause = Refusal::quota;
        why = "a connection has at most 50 subscriptions";
        return ReasonCode::quota_exceeded;
    }
    if (shared && session_->find(entry.filter) == nullptr) {
        cause = Refusal::quota;
        switch (host_.join_share(*session_, entry.filter)) {
            case ShareJoin::joined:
                break;
            case ShareJoin::too_many_groups:
                why = "the account has as many groups of shared subscriptions as it may (100)";
                return ReasonCode::quota_exceeded;
            case ShareJoin::too_many_members:
                why = "this shared subscription has as many members as it may (100)";
                return ReasonCode::quota_exceeded;
        }
    }
    return entry.qos == 0 ? ReasonCode::success : ReasonCode::granted_qos_1;
}

void Connection::on_subscribe(const mqtt::Subscribe& subscribe) {
    if (subscribe.properties.has(mqtt::PropertyId::subscription_identifier)) {
        host_.tally().refuse(Refusal::not_supported);
        return end(EndCause::client_error, ReasonCode::subscription_identifiers_not_supported,
                   "subscription identifiers are not supported");
    }
    if (subscribe.properties.user_property_bytes() > limits().user_property_bytes)
        return end(EndCause::client_error, ReasonCode::quota_exceeded, "user properties have at most 8 KB");
    const bool too_many = subscribe.count() > limits().filters_per_subscribe;

    std::vector<std::uint8_t> codes;
    SubscriptionChange change;
    std::string first_refusal;
    bool exactly_once = false;
    std::vector<RetainedWish> wishes;
    subscribe.for_each([&](const mqtt::SubscribeEntry& entry) {
        if (ended_) return;
        if (entry.no_local && mqtt::split_shared(entry.filter))  // MQTT 5, 3.8.3.1
            return end(EndCause::client_error, ReasonCode::protocol_error, "a shared subscription may not ask for No Local");
        std::string why;
        Refusal cause = Refusal::quota;
        ReasonCode code = ReasonCode::quota_exceeded;
        if (too_many) {
            why = "a SUBSCRIBE has at most 8 filters";
        } else {
            code = judge_filter(entry, why, cause);
        }
        if (static_cast<std::uint8_t>(code) >= 0x80) {
            host_.tally().refuse(cause);
            log_refusal("subscribe", entry.filter, why);
            if (first_refusal.empty()) first_refusal = why;
            // MQTT 3.1.1 on AWS: a filter that is denied or malformed costs the connection, a count that is exceeded a 0x80 (spec 1.11).
            if (!v5() && code != ReasonCode::quota_exceeded)
                return end(code == ReasonCode::not_authorized ? EndCause::auth_error : EndCause::client_error, code, why);
            codes.push_back(v5() ? static_cast<std::uint8_t>(code) : 0x80);
            return;
        }
        exactly_once = exactly_once || entry.qos == 2;
        codes.push_back(static_cast<std::uint8_t>(code));
        // Only whoever names the topic itself is given what is retained there (spec gateway 1.7).
        const bool asks = entry.retain_handling == 0 || (entry.retain_handling == 1 && session_->find(entry.filter) == nullptr);
        if (asks && !mqtt::has_wildcard(entry.filter) && !entry.filter.starts_with('$'))
            wishes.push_back({std::string(entry.filter), std::min<std::uint8_t>(entry.qos, 1)});
        auto& subscription = session_->add(entry.filter);
        subscription.qos = entry.qos == 0 ? 0 : 1;
        subscription.no_local = entry.no_local;
        subscription.retain_as_published = entry.retain_as_published;
        // Where it hangs does not depend on its options; and not even for a moment is one that is granted left out.
        if (subscription.shared) {
            host_.share_changed(*session_);
        } else if (!subscription.indexed()) {
            host_.index(subscription);
        }
        change.added.push_back({subscription.filter, subscription.qos, subscription.no_local, subscription.retain_as_published});
    });
    if (ended_) return;
    if (!v5() && exactly_once) {
        // AWS never answers a SUBSCRIBE for QoS 2 in MQTT 3.1.1 (spec gateway 1.5); QoS 1 is what it gets.
        host_.tally().refuse(Refusal::not_supported);
        return log_refusal("subscribe", "QoS 2", "QoS 2 is not supported, and MQTT 3.1.1 clients get no SUBACK for it");
    }
    const mqtt::Suback packet{subscribe.packet_id, reason_properties(first_refusal), codes};
    std::string answer(mqtt::encode(packet, version_, {}), '\0');
    mqtt::encode(packet, version_, mqtt::Out(reinterpret_cast<std::uint8_t*>(answer.data()), answer.size()));
    if (session_->persistent() && !change.added.empty()) {
        host_.store_subscriptions(*this, std::move(change), std::move(answer));
    } else {
        transmit(answer);
    }
    if (!wishes.empty()) host_.fetch_retained(*session_, std::move(wishes));
}

void Connection::on_unsubscribe(const mqtt::Unsubscribe& unsubscribe) {
    if (unsubscribe.count() > limits().filters_per_subscribe) {
        host_.tally().refuse(Refusal::quota);
        return end(EndCause::client_error, ReasonCode::protocol_error, "an UNSUBSCRIBE has at most 8 filters");
    }
    std::vector<std::uint8_t> codes;
    SubscriptionChange change;
    unsubscribe.for_each([&](std::string_view filter) {
        if (!mqtt::is_topic_filter(filter)) {
            codes.push_back(static_cast<std::uint8_t>(ReasonCode::topic_filter_invalid));
            return;
        }
        auto* subscription = session_->find(filter);
        // AWS lists no 0x11 for UNSUBACK (spec gateway 1.10).
        codes.push_back(static_cast<std::uint8_t>(ReasonCode::success));
        if (subscription == nullptr) return;
        if (subscription->shared) {
            host_.leave_share(*session_, filter);
        } else {
            host_.unindex(*subscription);
        }
        session_->erase(filter);
        change.removed.emplace_back(filter);
    });
    const mqtt::Unsuback packet{unsubscribe.packet_id, {}, codes};
    std::string answer(mqtt::encode(packet, version_, {}), '\0');
    mqtt::encode(packet, version_, mqtt::Out(reinterpret_cast<std::uint8_t*>(answer.data()), answer.size()));
    if (session_->persistent() && !change.removed.empty()) {
        host_.store_subscriptions(*this, std::move(change), std::move(answer));
    } else {
        transmit(answer);
    }
}

}  // namespace otabahn::gateway
