// SPDX-License-Identifier: Apache-2.0
// What the store holds becomes sessions and groups again when the gateway starts, before any loop runs.
#include "gateway/broker.hpp"

#include "mqtt/topic.hpp"

#include <set>

namespace otabahn::gateway {

void Broker::adopt(const StoredSession& stored, Timestamp now) {
    auto& slot = slots_[stored.key];
    slot.generation = directory_.claim(stored.key, loop_).generation;
    slot.session = std::make_unique<Session>(stored.key, stored.version, *this);
    auto& session = *slot.session;
    session.expiry_seconds = stored.expiry_seconds;
    session.in_store = true;
    session.restore(stored.last_sequence, stored.messages);
    // One that was connected when the server went away counts from now.
    session.expires_at = stored.expires_at.value_or(now + std::chrono::seconds(stored.expiry_seconds));
    expiries_.emplace(*session.expires_at, stored.key);
    for (const auto& row : stored.subscriptions) {
        auto& subscription = session.add(row.filter);
        subscription.qos = row.qos;
        subscription.no_local = row.no_local;
        subscription.retain_as_published = row.retain_as_published;
        index(subscription);
        if (subscription.shared) share_directory_.adopt({session.key().scope, subscription.filter});
    }
    if (session.shares()) share_changed(session);
}

void adopt_sessions(const std::vector<Broker*>& brokers, SessionStore& store, Timestamp now) {
    std::set<ShareKey> shares;
    for (const auto& stored : store.load_all()) {
        brokers[SessionKeyHash{}(stored.key) % brokers.size()]->adopt(stored, now);
        for (const auto& row : stored.subscriptions)
            if (mqtt::split_shared(row.filter)) shares.insert({stored.key.scope, row.filter});
    }
    for (const auto& key : shares) {
        const auto [messages, last] = store.load_backlog({key.scope, key.filter});
        brokers.front()->restore_share(key, last, messages);
    }
}

}  // namespace otabahn::gateway
