// SPDX-License-Identifier: Apache-2.0
// The shared subscriptions that one loop owns (spec gateway 1.9). A group belongs to one loop, by its key, and hangs there in the
// subscription index like any subscription, so a message reaches its owner alone. The owner knows each member's latest state
// (where its session lives, whether it is online), chooses one by chance and hands the message to that member's loop. A member that
// has gone or is busy meanwhile is told back, and the owner chooses again: neither a lock nor a broadcast is needed for a message.
//
// While no member is online, QoS 1 messages of a group with a persistent member wait in the store under the group's key; they
// are drained at AWS's rate, so that neither memory nor a member's queue grows with them.
#pragma once

#include "gateway/session.hpp"
#include "gateway/session_store.hpp"
#include "gateway/share_directory.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <unordered_map>
#include <vector>

namespace otabahn::gateway {

class ShareGroup;

// What a member's loop tells the owner. A later state of the session has a higher version.
struct ShareMember {
    SessionKey key;
    std::uint64_t session = 0;  // its number
    std::uint64_t version = 0;
    std::size_t loop = 0;
    std::uint8_t qos = 0;
    bool online = false;
    bool persistent = false;
};

// A message on its way to one member.
struct ShareHandout {
    ShareKey group;
    SessionKey member;
    std::uint64_t session = 0, version = 0;
    MessagePtr message;
    std::uint8_t qos = 0;
    TicketPtr ticket;
    bool queued = false;  // comes from the group's queue, and stays there when nobody takes it
    bool urgent = false;  // every member is busy, and the group has no queue
};

enum class ShareReturn : std::uint8_t { gone, busy };

class ShareGroups {
  public:
    // What the owner's surroundings do for it.
    class Host {
      public:
        virtual ~Host() = default;
        virtual void hang_up(Subscription& subscription, const Scope& scope) = 0;
        virtual void take_down(Subscription& subscription, const Scope& scope) = 0;
        virtual void hand_out(std::size_t loop, ShareHandout handout) = 0;
        virtual SessionStorage::Handle keep(const SessionKey& key, std::int64_t sequence, const MessagePtr& message, bool retain,
                                            const TicketPtr& ticket) = 0;
        virtual void drop(const SessionKey& key, std::int64_t sequence, const SessionStorage::Handle& handle) = 0;
        virtual void end(const SessionKey& key) = 0;
        // Answers by fetched().
        virtual void fetch(const ShareKey& group, std::size_t most) = 0;
        // Its end comes back by drained().
        virtual TicketPtr drain_ticket(const ShareKey& group, std::int64_t sequence) = 0;
    };

    ShareGroups(Host& host, const Limits& limits);
    ~ShareGroups();

    void set(const ShareKey& key, ShareMember member);
    void remove(const ShareKey& key, const SessionKey& member, std::uint64_t version);
    void restore(const ShareKey& key, std::int64_t last_sequence, std::size_t stored);

    void distribute(ShareGroup& group, const MessagePtr& message, const TicketPtr& ticket);
    void returned(ShareHandout handout, ShareReturn why);
    void tick();  // once a second: queues are drained
    void fetched(const ShareKey& key, std::optional<std::vector<StoredMessage>> messages);
    void drained(const ShareKey& key, std::int64_t sequence, bool taken);

    std::size_t size() const { return groups_.size(); }
    std::size_t stored(const ShareKey& key) const;

  private:
    ShareGroup* find(const ShareKey& key) const;
    void choose(ShareGroup& group, ShareHandout handout);
    void queue(ShareGroup& group, const ShareHandout& handout);

    Host& host_;
    const Limits& limits_;
    std::unordered_map<ShareKey, std::unique_ptr<ShareGroup>, ShareKeyHash> groups_;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace otabahn::gateway
