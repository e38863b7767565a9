// SPDX-License-Identifier: Apache-2.0
// An MQTT session: its subscriptions and the QoS 1 messages that its client has not acknowledged. Online or not; lives on
// one loop at a time and is never touched from another. Pure: what it sends and stores goes through Outlet and SessionStorage.
//
// A persistent session's QoS 1 messages are stored before their publisher is told so. While more are stored than fit the
// window, new ones go to the store alone and are fetched again in order, so a slow or absent client costs no memory.
#pragma once

#include "gateway/limits.hpp"
#include "gateway/message.hpp"
#include "gateway/subscription_index.hpp"
#include "mqtt/reason.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::gateway {

struct SessionKey {
    Scope scope;
    std::string client_id;
    auto operator<=>(const SessionKey&) const = default;
};

struct SessionKeyHash {
    std::size_t operator()(const SessionKey& key) const noexcept {
        return std::hash<Scope>{}(key.scope) * 31 + std::hash<std::string>{}(key.client_id);
    }
};

enum class PublishOutcome : std::uint8_t { stored, not_stored, over_quota };

// What a publisher waits for: when the last holder lets go, everything is delivered or stored, and the PUBACK may be sent.
// Shared by every pending store operation and every loop that still has the message to distribute.
class PublishTicket {
  public:
    virtual ~PublishTicket() = default;
    virtual void fail(PublishOutcome outcome) = 0;  // no plain PUBACK
};
using TicketPtr = std::shared_ptr<PublishTicket>;

// The connection under a session.
class Outlet {
  public:
    virtual ~Outlet() = default;
    virtual bool may_receive(const Message& message) = 0;  // iot:Receive, size, expiry: false leaves it out silently
    virtual bool has_room() const = 0;
    virtual void deliver(const Message& message, std::uint8_t qos, std::uint16_t packet_id, bool retain) = 0;
    virtual void overrun() = 0;  // it reads too slowly: the connection ends
};

struct StoredMessage {
    std::int64_t sequence = 0;
    MessagePtr message;
    bool retain = false;
};

// How one subscriber gets a message.
struct Delivery {
    std::uint8_t qos = 0;
    bool retain = false;  // RETAIN is set on it
};

class Session;

class SessionStorage {
  public:
    using Handle = std::shared_ptr<void>;  // of a message on its way into the store
    virtual ~SessionStorage() = default;
    virtual Handle keep(const SessionKey& key, std::int64_t sequence, const MessagePtr& message, bool retain, const TicketPtr& ticket) = 0;
    virtual void drop(const SessionKey& key, std::int64_t sequence, const Handle& handle) = 0;
    // Answers with Session::fetched(epoch, …), later.
    virtual void fetch(const Session& session, std::uint64_t epoch, std::int64_t after, std::size_t most) = 0;
};

class Session {
  public:
    Session(SessionKey key, mqtt::Version version, SessionStorage& storage);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const SessionKey& key() const { return key_; }
    mqtt::Version version() const { return version_; }
    std::uint64_t number() const { return number_; }  // unique in the process: a later session of the same client has another
    bool online() const { return outlet_ != nullptr; }

    // 0: it ends with its connection.
    std::uint32_t expiry_seconds = 0;
    std::optional<Timestamp> expires_at{};  // offline
    bool persistent() const { return expiry_seconds != 0; }

    Subscription* find(std::string_view filter);
    Subscription& add(std::string_view filter);  // new, unless found
    void erase(std::string_view filter);
    const std::vector<std::unique_ptr<Subscription>>& subscriptions() const { return subscriptions_; }
    bool shares() const { return shared_ != 0; }  // it has shared subscriptions
    // The highest QoS of its subscriptions that match; nothing when none does.
    std::optional<std::uint8_t> granted(std::string_view topic) const;
    // How this session wants that message; nothing when no subscription of it does.
    std::optional<Delivery> wanted(const Message& message) const;

    // While a session moves between loops, a message reaches it on two ways; from watch_for_copies() on only the first one counts.
    void watch_for_copies() {
        if (!seen_) seen_ = std::make_unique<Seen>();
    }
    void stop_watching() { seen_.reset(); }
    bool first_sight(const MessagePtr& message);

    void attach(Outlet& outlet, std::uint16_t window);
    void detach();
    // For a session that came from another loop or from the store.
    void adopt(SessionStorage& storage) {
        storage_ = &storage;
        mark = 0;
    }
    void restore(std::int64_t last_sequence, std::size_t stored);

    void offer(const MessagePtr& message, Delivery how, const TicketPtr& ticket, const Limits& limits);
    bool acknowledge(std::uint16_t packet_id);
    void fetched(std::uint64_t epoch, std::optional<std::vector<StoredMessage>> messages);  // nothing: asked again at the next pump()
    // Sends what waits, as far as the window and the connection allow.
    void pump();

    // Its client acknowledges more slowly than it asks: further requests wait.
    bool congested() const { return queue_.size() - queue_head_ > queued_messages / 4 || queue_bytes_ > queued_bytes / 4; }
    std::size_t in_flight() const { return in_flight_.size(); }
    std::size_t waiting() const { return queue_.size() - queue_head_ + backlog_; }
    std::size_t stored() const { return stored_; }
    std::uint64_t epoch() const { return epoch_; }
    std::int64_t last_sequence() const { return next_sequence_ - 1; }

    // What a loop keeps of it after it was handed to another: same key, number and subscriptions, nothing else.
    std::unique_ptr<Session> trail(std::size_t moved_to) const;
    std::optional<std::size_t> moved_to{};  // of a trail: the loop that has the session, or knows who has

    // There is a row of it in the store.
    bool in_store = false;

    // Set by whoever distributes a message, so that overlapping subscriptions give one copy.
    std::uint64_t mark = 0;
    std::size_t mark_index = 0;

  private:
    struct Entry {
        MessagePtr message;
        std::int64_t sequence = 0;  // 0: not stored
        SessionStorage::Handle handle;
        std::uint16_t packet_id = 0;
        bool retain = false;
    };
    // By owner, without keeping the messages' contents.
    using Seen = std::set<std::weak_ptr<const Message>, std::owner_less<>>;

    std::uint16_t next_packet_id();
    void send(Entry entry);
    void forget(const Entry& entry);
    bool window_open() const { return in_flight_.size() < window_; }

    SessionKey key_;
    mqtt::Version version_;
    SessionStorage* storage_;
    std::uint64_t number_;
    std::unique_ptr<Seen> seen_;
    std::vector<std::unique_ptr<Subscription>> subscriptions_;
    std::size_t shared_ = 0;

    Outlet* outlet_ = nullptr;
    std::uint16_t window_ = 0;
    std::uint16_t last_packet_id_ = 0;
    std::vector<Entry> in_flight_;
    std::vector<Entry> queue_;
    std::size_t queue_head_ = 0;
    std::size_t queue_bytes_ = 0;

    std::int64_t next_sequence_ = 1;
    std::int64_t fetched_sequence_ = 0;  // what is stored up to here is in memory or was acknowledged
    std::size_t backlog_ = 0;            // stored and not in memory
    std::size_t backlog_asked_ = 0;      // of it, what was there when the fetch began
    std::size_t stored_ = 0;             // stored and not acknowledged
    bool fetching_ = false;
    std::uint64_t epoch_ = 0;  // of the attachment, unique in the process: a late answer of the store is for another one
};

}  // namespace otabahn::gateway
