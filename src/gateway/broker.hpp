// SPDX-License-Identifier: Apache-2.0
// The sessions of one loop: opening, taking over, keeping and ending them, and giving messages to those that subscribed. Knows
// other loops only as an index to post to; everything here runs on its own loop.
//
// A client id has one session in the whole gateway. Whoever connects claims it in the directory; the loop that had it ends the
// old connection and hands the session over. Claims made meanwhile wait in line at the loop that is to get it.
//
// A message published while a session is between two loops may reach the new one before the session does. So the old loop keeps
// listening for it: what matches there is sent after the session until the new loop has listened for a while itself.
#pragma once

#include "gateway/connection_host.hpp"
#include "gateway/retained_store.hpp"
#include "gateway/session_directory.hpp"
#include "gateway/session_store.hpp"
#include "gateway/share_groups.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace otabahn::gateway {

class Broker;

// The loops as a broker sees them.
class Loops {
  public:
    virtual ~Loops() = default;
    virtual std::size_t count() const = 0;
    // Runs `work` on that loop, later; any thread.
    virtual void post(std::size_t loop, std::function<void(Broker&)> work) = 0;
    // Has that loop deliver a message, in line with what is posted.
    virtual void pass(std::size_t loop, const MessagePtr& message, const TicketPtr& ticket);
    // Whether that loop has a subscription of any kind; any thread.
    virtual bool listens(std::size_t loop) const = 0;
};

class Broker final : public SessionStorage, private ShareGroups::Host {
  public:
    using FindConnection = std::function<Connection*(std::uint64_t id)>;

    Broker(std::size_t loop, Loops& loops, SessionDirectory& directory, ShareDirectory& shares, SessionStore& store,
           RetainedStore& retained, const ConnectionSettings& settings, FindConnection find_connection)
        : loop_(loop),
          loops_(loops),
          directory_(directory),
          share_directory_(shares),
          store_(store),
          retained_(retained),
          settings_(settings),
          find_(std::move(find_connection)),
          groups_(*this, settings.limits) {}

    void adopt(const StoredSession& stored, Timestamp now);  // at start
    void open(Connection& connection, SessionRequest request);
    void leave(Connection& connection, Session& session, Timestamp now);
    void expire(Timestamp now);
    // DeleteConnection; false: there is no such client here.
    bool send_away(const SessionKey& key, Departure how);

    void index(Subscription& subscription);
    void unindex(Subscription& subscription);
    ShareJoin join_share(const Session& session, std::string_view filter);
    void leave_share(const Session& session, std::string_view filter);
    void share_changed(const Session& session);
    void restore_share(const ShareKey& key, std::int64_t last_sequence, std::size_t stored);  // at start, after its members
    void share_drained(const ShareKey& key, std::int64_t sequence, bool taken);
    std::size_t share_loop(const ShareKey& key) const { return ShareKeyHash{}(key) % loops_.count(); }
    void store_subscriptions(Connection& connection, SubscriptionChange change, std::string answer);

    // To the subscribers of all loops; a retained one also into the store.
    void publish(const MessagePtr& message, const TicketPtr& ticket, Timestamp now);
    void deliver(const MessagePtr& message, const TicketPtr& ticket);  // to those of this one

    // Gives a subscriber what is retained on the topics that it named.
    void fetch_retained(const Session& session, std::vector<RetainedWish> wishes, Timestamp now);

    std::size_t sessions() const { return slots_.size(); }
    std::size_t subscriptions() const { return subscription_count_.load(std::memory_order_relaxed); }  // any thread

    // SessionStorage
    Handle keep(const SessionKey& key, std::int64_t sequence, const MessagePtr& message, bool retain, const TicketPtr& ticket) override;
    void drop(const SessionKey& key, std::int64_t sequence, const Handle& handle) override;
    void fetch(const Session& session, std::uint64_t epoch, std::int64_t after, std::size_t most) override;

  private:
    // Claims are served in the order of their generations; each follows the one that the directory named as its predecessor.
    struct Claim {
        std::uint64_t generation = 0;
        std::optional<std::size_t> for_loop;  // another loop's: it gets the session
        std::uint64_t connection = 0;         // else this loop's own
        std::optional<SessionRequest> request;
        bool awaiting = false;  // the session is on its way from the loop that had it
    };
    struct Slot {
        std::unique_ptr<Session> session;
        std::uint64_t connection = 0;  // 0: offline
        std::uint64_t generation = 0;  // of the claim by which this loop has the session
        bool busy = false;             // a claim's session is just being stored
        std::vector<Claim> claims;     // by generation
    };

    // What stays behind of a session that was handed over: its key, number and subscriptions, indexed.
    struct Trail {
        std::unique_ptr<Session> session;
        std::uint64_t generation = 0;  // of the claim that it was handed over to
        bool arrived = false;          // the other loop has indexed it
        std::optional<Timestamp> ends_at{};
    };

    void add_claim(const SessionKey& key, Claim claim);
    void serve(const SessionKey& key);
    void serve_own(const SessionKey& key, Slot& slot, Claim claim);
    void finish(const SessionKey& key, std::uint64_t generation, bool present, bool stored);
    void hand_over(const SessionKey& key, Slot& slot, const Claim& claim);
    void received(const SessionKey& key, std::uint64_t generation, std::size_t from, std::unique_ptr<Session> session);
    void follow(const SessionKey& key, std::uint64_t number, const MessagePtr& message, const TicketPtr& ticket);
    void give_retained(const SessionKey& key, std::uint64_t number, const std::vector<RetainedFound>& found);
    void arrived(const SessionKey& key, std::uint64_t generation);
    void end_trail(const SessionKey& key);
    void expire_moves(Timestamp now);
    void end_connection(Slot& slot);
    void discard(Slot& slot);
    void forget_if_unused(const SessionKey& key);
    void tell_share(const ShareKey& key, std::function<void(ShareGroups&)> news);
    void take_handout(ShareHandout handout);

    // ShareGroups::Host; keep() and drop() are SessionStorage's as well.
    void hang_up(Subscription& subscription, const Scope& scope) override;
    void take_down(Subscription& subscription, const Scope& scope) override;
    void hand_out(std::size_t loop, ShareHandout handout) override;
    void end(const SessionKey& key) override { store_.end(key); }
    void fetch(const ShareKey& group, std::size_t most) override;
    TicketPtr drain_ticket(const ShareKey& group, std::int64_t sequence) override;

    SubscriptionIndex& index_of(const Scope& scope);

    std::size_t loop_;
    Loops& loops_;
    SessionDirectory& directory_;
    ShareDirectory& share_directory_;
    SessionStore& store_;
    RetainedStore& retained_;
    const ConnectionSettings& settings_;
    FindConnection find_;

    std::unordered_map<SessionKey, Slot, SessionKeyHash> slots_;
    std::unordered_map<Scope, std::unique_ptr<SubscriptionIndex>> indexes_;
    std::atomic<std::size_t> subscription_count_{0};
    std::multimap<Timestamp, SessionKey> expiries_;
    std::unordered_map<SessionKey, Trail, SessionKeyHash> trails_;
    std::unordered_map<SessionKey, std::optional<Timestamp>, SessionKeyHash> watched_;  // came a moment ago: copies are looked for
    struct Match {
        Session* session;
        Delivery how;
    };
    std::vector<Match> matches_;
    std::vector<ShareGroup*> group_matches_;
    std::uint64_t mark_ = 0;
    ShareGroups groups_;
};

// Blocking, before the loops run: hands every stored session to one of them.
void adopt_sessions(const std::vector<Broker*>& brokers, SessionStore& store, Timestamp now);

}  // namespace otabahn::gateway
