// SPDX-License-Identifier: Apache-2.0
// Persistent sessions in the store. Every loop appends its operations to one queue; a job on the blocking pool takes all that
// waits and commits it as one group, in order, so what was appended earlier is seen by what comes later. A message that its
// subscriber acknowledges before its turn never reaches the database. Any thread.
#pragma once

#include "gateway/connection_host.hpp"
#include "runtime/pool.hpp"
#include "runtime/store.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
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
    using Done = std::function<void(bool stored)>;                                   // called on a pool thread
    using Fetched = std::function<void(std::optional<std::vector<StoredMessage>>)>;  // nothing: the store failed
    using Handle = SessionStorage::Handle;

    SessionStore(runtime::Store& store, runtime::BlockingPool& pool) : store_(store), pool_(pool) {}

    // Blocking, at start: every session that is stored.
    std::vector<StoredSession> load_all();

    void save(SessionKey key, mqtt::Version version, std::uint32_t expiry_seconds, std::optional<Timestamp> expires_at, Done done);
    void end(SessionKey key);
    void change(SessionKey key, SubscriptionChange change, Done done);
    Handle keep(const SessionKey& key, std::int64_t sequence, const MessagePtr& message, const TicketPtr& ticket);
    void drop(const SessionKey& key, std::int64_t sequence, const Handle& handle);
    void fetch(SessionKey key, std::int64_t after, std::size_t most, Fetched fetched);

    // Blocks until nothing waits and nothing runs.
    void drain();
    std::size_t waiting() const;

  private:
    struct Operation {
        std::function<void(runtime::SqlSession&)> apply;  // may run more than once
        Done done;
        bool taken = false, cancelled = false;  // under the store's mutex
    };
    using OperationPtr = std::shared_ptr<Operation>;  // by the queue, and by the session whose message it stores

    OperationPtr append(std::function<void(runtime::SqlSession&)> apply, Done done);
    void run();
    bool commit(const std::vector<OperationPtr>& group);

    runtime::Store& store_;
    runtime::BlockingPool& pool_;
    mutable std::mutex mutex_;
    std::condition_variable idle_;
    std::deque<OperationPtr> queue_;
    bool running_ = false;
};

}  // namespace otabahn::gateway
