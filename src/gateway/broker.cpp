// SPDX-License-Identifier: Apache-2.0
#include "gateway/broker.hpp"

#include "gateway/connection.hpp"

#include <algorithm>
#include <utility>

namespace otabahn::gateway {
namespace {

// How long a message may take from its publisher's loop to the loop that had the session.
constexpr std::chrono::seconds trail_kept{3};
constexpr std::chrono::seconds copies_watched{6};

}  // namespace

void Loops::pass(std::size_t loop, const MessagePtr& message, const TicketPtr& ticket) {
    post(loop, [message, ticket](Broker& broker) { broker.deliver(message, ticket); });
}

SubscriptionIndex& Broker::index_of(const Scope& scope) {
    auto& index = indexes_[scope];
    if (!index) index = std::make_unique<SubscriptionIndex>();
    return *index;
}

void Broker::index(Subscription& subscription) {
    if (subscription.shared) return;
    index_of(subscription.session->key().scope).add(subscription);
    subscription_count_.fetch_add(1, std::memory_order_relaxed);
}

void Broker::unindex(Subscription& subscription) {
    if (!subscription.indexed()) return;
    index_of(subscription.session->key().scope).remove(subscription);
    subscription_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Broker::open(Connection& connection, SessionRequest request) {
    const SessionKey key = request.key;
    const auto claimed = directory_.claim(key, loop_);
    Claim claim{claimed.generation, std::nullopt, connection.peer().id, std::move(request)};
    if (claimed.previous_loop && *claimed.previous_loop != loop_) {
        claim.awaiting = true;
        loops_.post(*claimed.previous_loop, [key, generation = claimed.generation, to = loop_](Broker& owner) {
            owner.add_claim(key, Claim{generation, to});
        });
    }
    add_claim(key, std::move(claim));
}

void Broker::add_claim(const SessionKey& key, Claim claim) {
    auto& claims = slots_[key].claims;
    const auto place = std::find_if(claims.begin(), claims.end(), [&](const Claim& other) { return other.generation > claim.generation; });
    claims.insert(place, std::move(claim));
    serve(key);
}

void Broker::serve(const SessionKey& key) {
    for (;;) {
        const auto found = slots_.find(key);
        if (found == slots_.end()) return;
        auto& slot = found->second;
        if (slot.busy || slot.claims.empty() || slot.claims.front().awaiting) return;
        Claim claim = std::move(slot.claims.front());
        slot.claims.erase(slot.claims.begin());
        slot.busy = true;  // what ends a connection below comes back through leave()
        if (claim.for_loop) {
            hand_over(key, slot, claim);
            slot.busy = false;
            forget_if_unused(key);
        } else {
            serve_own(key, slot, std::move(claim));
        }
    }
}

void Broker::end_connection(Slot& slot) {
    if (slot.connection == 0) return;
    if (auto* connection = find_(slot.connection)) connection->taken_over();
    slot.connection = 0;
}

void Broker::hand_over(const SessionKey& key, Slot& slot, const Claim& claim) {
    end_connection(slot);
    const std::size_t to = *claim.for_loop;
    if (slot.session) {
        end_trail(key);
        watched_.erase(key);
        Trail trail{slot.session->trail(to), claim.generation};
        // In this order: other loops look at any moment whether this one listens.
        for (const auto& subscription : trail.session->subscriptions()) index(*subscription);
        for (const auto& subscription : slot.session->subscriptions()) unindex(*subscription);
        trails_.emplace(key, std::move(trail));
    }
    auto moved = std::make_shared<std::unique_ptr<Session>>(std::move(slot.session));  // std::function wants what it holds copyable
    loops_.post(to, [key, generation = claim.generation, from = loop_, moved](Broker& owner) {
        owner.received(key, generation, from, std::move(*moved));
    });
}

void Broker::received(const SessionKey& key, std::uint64_t generation, std::size_t from, std::unique_ptr<Session> session) {
    auto& slot = slots_[key];
    if (session) {
        session->adopt(*this);
        session->watch_for_copies();
        watched_[key].reset();
        for (const auto& subscription : session->subscriptions()) index(*subscription);
        end_trail(key);
        slot.session = std::move(session);
        if (slot.session->shares()) share_changed(*slot.session);
        // In case that whoever claimed it has gone meanwhile.
        if (slot.session->expires_at) expiries_.emplace(*slot.session->expires_at, key);
        loops_.post(from, [key, generation](Broker& owner) { owner.arrived(key, generation); });
    }
    for (auto& claim : slot.claims)
        if (claim.generation == generation) claim.awaiting = false;
    serve(key);
}

void Broker::arrived(const SessionKey& key, std::uint64_t generation) {
    const auto found = trails_.find(key);
    if (found != trails_.end() && found->second.generation == generation) found->second.arrived = true;
}

void Broker::end_trail(const SessionKey& key) {
    const auto found = trails_.find(key);
    if (found == trails_.end()) return;
    for (const auto& subscription : found->second.session->subscriptions()) unindex(*subscription);
    trails_.erase(found);
}

// The session was posted ahead of this message, so it is here, or has left a trail, or has ended.
void Broker::follow(const SessionKey& key, std::uint64_t number, const MessagePtr& message, const TicketPtr& ticket) {
    if (const auto found = slots_.find(key); found != slots_.end() && found->second.session) {
        auto& session = *found->second.session;
        if (session.number() != number) return;
        if (const auto how = session.wanted(*message); how && session.first_sight(message))
            session.offer(message, *how, ticket, settings_.limits);
        return;
    }
    if (const auto found = trails_.find(key); found != trails_.end() && found->second.session->number() == number)
        loops_.post(*found->second.session->moved_to,
                    [key, number, message, ticket](Broker& owner) { owner.follow(key, number, message, ticket); });
}

void Broker::fetch_retained(const Session& session, std::vector<RetainedWish> wishes, Timestamp now) {
    retained_.fetch(session.key().scope, std::move(wishes), now,
                    [this, key = session.key(), number = session.number()](std::vector<RetainedFound> found) {
                        loops_.post(loop_,
                                    [key, number, found = std::move(found)](Broker& owner) { owner.give_retained(key, number, found); });
                    });
}

void Broker::give_retained(const SessionKey& key, std::uint64_t number, const std::vector<RetainedFound>& found) {
    if (const auto slot = slots_.find(key); slot != slots_.end() && slot->second.session) {
        auto& session = *slot->second.session;
        if (session.number() != number) return;
        for (const auto& [message, qos] : found) session.offer(message, {qos, true}, nullptr, settings_.limits);
        return;
    }
    if (const auto trail = trails_.find(key); trail != trails_.end() && trail->second.session->number() == number)
        loops_.post(*trail->second.session->moved_to, [key, number, found](Broker& owner) { owner.give_retained(key, number, found); });
}

void Broker::expire_moves(Timestamp now) {
    for (auto at = trails_.begin(); at != trails_.end();) {
        auto& trail = at->second;
        if (trail.arrived && !trail.ends_at) trail.ends_at = now + trail_kept;
        if (!trail.ends_at || now < *trail.ends_at) {
            ++at;
            continue;
        }
        for (const auto& subscription : trail.session->subscriptions()) unindex(*subscription);
        at = trails_.erase(at);
    }
    for (auto at = watched_.begin(); at != watched_.end();) {
        auto& ends_at = at->second;
        if (!ends_at) ends_at = now + copies_watched;
        if (now < *ends_at) {
            ++at;
            continue;
        }
        if (const auto found = slots_.find(at->first); found != slots_.end() && found->second.session)
            found->second.session->stop_watching();
        at = watched_.erase(at);
    }
}

void Broker::serve_own(const SessionKey& key, Slot& slot, Claim claim) {
    slot.generation = claim.generation;
    end_connection(slot);
    auto* connection = find_(claim.connection);
    if (connection == nullptr || connection->ended()) {  // it went away while it waited
        slot.busy = false;
        return forget_if_unused(key);
    }
    const auto& request = *claim.request;
    // A session of the other protocol version cannot be resumed (spec gateway 1.5).
    if (slot.session && (request.clean_start || slot.session->version() != request.version)) discard(slot);
    const bool present = slot.session != nullptr;
    if (!present) slot.session = std::make_unique<Session>(key, request.version, *this);
    auto& session = *slot.session;
    session.expiry_seconds = request.expiry_seconds;
    session.expires_at.reset();
    slot.connection = claim.connection;
    if (!session.persistent() && !session.in_store) return finish(key, claim.generation, present, true);
    session.in_store = true;
    store_.save(key, session.version(), session.expiry_seconds, std::nullopt,
                [this, key, generation = claim.generation, present](bool stored) {
                    loops_.post(loop_, [key, generation, present, stored](Broker& owner) {
                        owner.finish(key, generation, present, stored);
                        owner.serve(key);
                    });
                });
}

void Broker::finish(const SessionKey& key, std::uint64_t generation, bool present, bool stored) {
    const auto found = slots_.find(key);
    if (found == slots_.end() || found->second.generation != generation) return;
    auto& slot = found->second;
    slot.busy = false;
    auto* connection = find_(slot.connection);
    if (connection == nullptr || connection->ended()) {
        slot.connection = 0;
        if (slot.session->persistent()) {
            slot.session->expires_at = from_millis(0);  // nobody ever used it: gone with the next look
            expiries_.emplace(*slot.session->expires_at, key);
        } else {
            discard(slot);
        }
        return forget_if_unused(key);
    }
    connection->session_opened(stored ? slot.session.get() : nullptr, present);
    if (!stored) {
        slot.connection = 0;
        discard(slot);
        forget_if_unused(key);
    }
}

void Broker::leave(Connection& connection, Session& session, Timestamp now) {
    const SessionKey key = session.key();
    const auto found = slots_.find(key);
    if (found == slots_.end() || found->second.session.get() != &session) return;
    auto& slot = found->second;
    if (slot.connection == connection.peer().id) slot.connection = 0;
    session.detach();
    if (session.persistent()) {
        session.expires_at = now + std::chrono::seconds(session.expiry_seconds);
        expiries_.emplace(*session.expires_at, key);
        session.in_store = true;
        store_.save(key, session.version(), session.expiry_seconds, session.expires_at, nullptr);
        if (session.shares()) share_changed(session);
        return;
    }
    discard(slot);
    forget_if_unused(key);
}

bool Broker::send_away(const SessionKey& key, Departure how) {
    const auto found = slots_.find(key);
    if (found == slots_.end() || found->second.busy) return false;
    if (auto* connection = find_(found->second.connection); connection != nullptr && !connection->ended()) {
        connection->sent_away(how);
        return true;
    }
    if (!how.clean_session || !found->second.session) return false;
    discard(found->second);
    forget_if_unused(key);
    return true;
}

void Broker::discard(Slot& slot) {
    if (!slot.session) return;
    for (const auto& subscription : slot.session->subscriptions()) {
        unindex(*subscription);
        if (subscription->shared) leave_share(*slot.session, subscription->filter);
    }
    if (slot.session->in_store) store_.end(slot.session->key());
    slot.session.reset();
}

void Broker::forget_if_unused(const SessionKey& key) {
    const auto found = slots_.find(key);
    if (found == slots_.end()) return;
    const auto& slot = found->second;
    if (slot.session || slot.busy || !slot.claims.empty()) return;
    directory_.release(key, slot.generation);
    slots_.erase(found);
}

void Broker::expire(Timestamp now) {
    expire_moves(now);
    groups_.tick();
    while (!expiries_.empty() && expiries_.begin()->first <= now) {
        const auto [due, key] = *expiries_.begin();
        expiries_.erase(expiries_.begin());
        const auto found = slots_.find(key);
        if (found == slots_.end() || found->second.busy || found->second.connection != 0) continue;
        auto& slot = found->second;
        if (!slot.session || slot.session->expires_at != due) continue;
        discard(slot);
        forget_if_unused(key);
    }
}

void Broker::store_subscriptions(Connection& connection, SubscriptionChange change, std::string answer) {
    store_.change(connection.session()->key(), std::move(change),
                  [this, id = connection.peer().id, answer = std::move(answer)](bool stored) {
                      loops_.post(loop_, [id, answer, stored](Broker& owner) {
                          auto* subscriber = owner.find_(id);
                          if (subscriber == nullptr) return;
                          if (stored) {
                              subscriber->transmit(answer);
                          } else {
                              subscriber->store_failed("the subscriptions could not be stored");
                          }
                      });
                  });
}

void Broker::publish(const MessagePtr& message, const TicketPtr& ticket, Timestamp now) {
    if (message->retain) retained_.put(message, ticket, now);
    for (std::size_t loop = 0; loop < loops_.count(); ++loop)
        if (loop != loop_ && loops_.listens(loop)) loops_.pass(loop, message, ticket);
    deliver(message, ticket);
}

void Broker::deliver(const MessagePtr& message, const TicketPtr& ticket) {
    const auto index = indexes_.find(message->scope);
    if (index == indexes_.end()) return;
    ++mark_;
    matches_.clear();
    group_matches_.clear();
    index->second->match(message->topic, [&](Subscription& subscription) {
        if (subscription.group != nullptr) {
            group_matches_.push_back(subscription.group);
            return;
        }
        auto& session = *subscription.session;
        if (subscription.no_local && session.key().client_id == message->publisher_client_id) return;
        const Delivery how{std::min(subscription.qos, message->qos), message->retain && subscription.retain_as_published};
        if (session.mark == mark_) {
            auto& best = matches_[session.mark_index].how;
            best.qos = std::max(best.qos, how.qos);
            best.retain = best.retain || how.retain;
            return;
        }
        session.mark = mark_;
        session.mark_index = matches_.size();
        matches_.push_back({&session, how});
    });
    for (const auto& match : matches_) {
        auto& session = *match.session;
        if (session.moved_to) {
            loops_.post(*session.moved_to, [key = session.key(), number = session.number(), message, ticket](Broker& owner) {
                owner.follow(key, number, message, ticket);
            });
        } else if (session.first_sight(message)) {
            session.offer(message, match.how, ticket, settings_.limits);
        }
    }
    for (auto* group : group_matches_) groups_.distribute(*group, message, ticket);
}

SessionStorage::Handle Broker::keep(const SessionKey& key, std::int64_t sequence, const MessagePtr& message, bool retain,
                                    const TicketPtr& ticket) {
    return store_.keep(key, sequence, message, retain, ticket);
}

void Broker::drop(const SessionKey& key, std::int64_t sequence, const Handle& handle) { store_.drop(key, sequence, handle); }

void Broker::fetch(const Session& session, std::uint64_t epoch, std::int64_t after, std::size_t most) {
    const SessionKey& key = session.key();
    store_.fetch(key, after, most, [this, key, epoch](std::optional<std::vector<StoredMessage>> messages) {
        auto moved = std::make_shared<std::optional<std::vector<StoredMessage>>>(std::move(messages));  // std::function wants it copyable
        loops_.post(loop_, [key, epoch, moved](Broker& owner) {
            const auto found = owner.slots_.find(key);
            if (found != owner.slots_.end() && found->second.session) found->second.session->fetched(epoch, std::move(*moved));
        });
    });
}

}  // namespace otabahn::gateway
