// SPDX-License-Identifier: Apache-2.0
// A loop's part in shared subscriptions: as the owner of groups, and as the loop of their members.
#include "gateway/broker.hpp"

#include <atomic>
#include <utility>

namespace otabahn::gateway {
namespace {

// A queued message that was handed out; when the last holder lets go, a member has it, or nobody.
class DrainTicket final : public PublishTicket {
  public:
    DrainTicket(Loops& loops, std::size_t owner, ShareKey key, std::int64_t sequence)
        : loops_(loops), owner_(owner), key_(std::move(key)), sequence_(sequence) {}
    ~DrainTicket() override {
        loops_.post(owner_, [key = std::move(key_), sequence = sequence_, taken = taken_.load()](Broker& owner) {
            owner.share_drained(key, sequence, taken);
        });
    }
    void fail(PublishOutcome) override { taken_.store(false); }

  private:
    Loops& loops_;
    std::size_t owner_;
    ShareKey key_;
    std::int64_t sequence_;
    std::atomic<bool> taken_{true};
};

}  // namespace

void Broker::tell_share(const ShareKey& key, std::function<void(ShareGroups&)> news) {
    const std::size_t owner = share_loop(key);
    if (owner == loop_) return news(groups_);
    loops_.post(owner, [news = std::move(news)](Broker& broker) { news(broker.groups_); });
}

ShareJoin Broker::join_share(const Session& session, std::string_view filter) {
    return share_directory_.join({session.key().scope, std::string(filter)}, settings_.limits);
}

void Broker::leave_share(const Session& session, std::string_view filter) {
    const ShareKey key{session.key().scope, std::string(filter)};
    share_directory_.leave(key);
    tell_share(key, [key, member = session.key(), version = session.epoch()](ShareGroups& groups) { groups.remove(key, member, version); });
}

void Broker::share_changed(const Session& session) {
    for (const auto& subscription : session.subscriptions()) {
        if (!subscription->shared) continue;
        const ShareKey key{session.key().scope, subscription->filter};
        const ShareMember member{session.key(),     session.number(), session.epoch(),     loop_,
                                 subscription->qos, session.online(), session.persistent()};
        tell_share(key, [key, member](ShareGroups& groups) { groups.set(key, member); });
    }
}

void Broker::restore_share(const ShareKey& key, std::int64_t last_sequence, std::size_t stored) {
    tell_share(key, [key, last_sequence, stored](ShareGroups& groups) { groups.restore(key, last_sequence, stored); });
}

void Broker::hang_up(Subscription& subscription, const Scope& scope) {
    index_of(scope).add(subscription);
    subscription_count_.fetch_add(1, std::memory_order_relaxed);
}

void Broker::take_down(Subscription& subscription, const Scope& scope) {
    index_of(scope).remove(subscription);
    subscription_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Broker::hand_out(std::size_t loop, ShareHandout handout) {
    if (loop == loop_) return take_handout(std::move(handout));
    loops_.post(loop, [handout = std::move(handout)](Broker& broker) { broker.take_handout(handout); });
}

void Broker::take_handout(ShareHandout handout) {
    const auto found = slots_.find(handout.member);
    auto* session = found == slots_.end() ? nullptr : found->second.session.get();
    std::optional<ShareReturn> refused;
    if (session == nullptr || session->number() != handout.session || !session->online() ||
        session->find(handout.group.filter) == nullptr) {
        refused = ShareReturn::gone;
    } else if (handout.qos != 0 && !handout.urgent && session->congested()) {
        refused = ShareReturn::busy;
    }
    if (!refused) return session->offer(handout.message, {handout.qos}, handout.ticket, settings_.limits);
    // Never at once: whoever chose it is still choosing.
    const std::size_t owner = share_loop(handout.group);
    loops_.post(owner, [handout = std::move(handout), why = *refused](Broker& broker) { broker.groups_.returned(handout, why); });
}

void Broker::fetch(const ShareKey& group, std::size_t most) {
    store_.fetch({group.scope, group.filter}, 0, most, [this, group](std::optional<std::vector<StoredMessage>> messages) {
        auto moved = std::make_shared<std::optional<std::vector<StoredMessage>>>(std::move(messages));  // std::function wants it copyable
        loops_.post(loop_, [group, moved](Broker& owner) { owner.groups_.fetched(group, std::move(*moved)); });
    });
}

TicketPtr Broker::drain_ticket(const ShareKey& group, std::int64_t sequence) {
    return std::make_shared<DrainTicket>(loops_, loop_, group, sequence);
}

void Broker::share_drained(const ShareKey& key, std::int64_t sequence, bool taken) { groups_.drained(key, sequence, taken); }

}  // namespace otabahn::gateway
