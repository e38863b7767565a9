// SPDX-License-Identifier: Apache-2.0
// Persistent sessions in the store. A message that its subscriber acknowledges before its turn in the queue never reaches the
// database. Any thread.
#pragma once

#include "gateway/connection_host.hpp"
#include "gateway/store_queue.hpp"

#include <functional>
#include <utility>
#include <optional>
#include <vector>

namespace otabahn::gateway {

struct StoredSession {
    SessionKey key;
    mqtt::Version version{};
    std::uint32_t expiry_seconds = 0;
    std::optional<Timestamp> expires_at;
    std::vector<SubscriptionChange::Row> subscriptions;
    std::int64_t last_sequence = 0;
    std::size_t messages = 0;
};

class SessionStore {
  public:
    using Done = StoreQueue::Done;
    using Fetched = std::function<void(std::optional<std::vector<StoredMessage>>)>;  // nothing: the store failed
    using Handle = SessionStorage::Handle;

    explicit SessionStore(StoreQueue& queue) : queue_(queue) {}

    // Blocking, at start: every session that is stored.
    std::vector<StoredSession> load_all();
    // Blocking: the messages stored under a key, how many and the last one's sequence.
    std::pair<std::size_t, std::int64_t> load_backlog(const SessionKey& key);

    void save(SessionKey key, mqtt::Version version, std::uint32_t expiry_seconds, std::optional<Timestamp> expires_at, Done done);
    void end(SessionKey key);
    void change(SessionKey key, SubscriptionChange change, Done done);
    Handle keep(const SessionKey& key, std::int64_t sequence, const MessagePtr& message, bool retain, const TicketPtr& ticket);
    void drop(const SessionKey& key, std::int64_t sequence, const Handle& handle);
    void fetch(SessionKey key, std::int64_t after, std::size_t most, Fetched fetched);

  private:
    StoreQueue& queue_;
};

}  // namespace otabahn::gateway
