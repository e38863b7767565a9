// SPDX-License-Identifier: Apache-2.0
#include "gateway/session.hpp"

#include "mqtt/topic.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace otabahn::gateway {
namespace {

constexpr std::size_t fetch_at_once = 100;
constexpr std::size_t seen_at_most = 10'000;  // then forgotten: a copy too many is better than no bound

std::uint64_t new_epoch() {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Session::Session(SessionKey key, mqtt::Version version, SessionStorage& storage)
    : key_(std::move(key)), version_(version), storage_(&storage), number_(new_epoch()) {}

Subscription* Session::find(std::string_view filter) {
    for (auto& subscription : subscriptions_)
        if (subscription->filter == filter) return subscription.get();
    return nullptr;
}

Subscription& Session::add(std::string_view filter) {
    if (auto* found = find(filter)) return *found;
    auto& added = subscriptions_.emplace_back(std::make_unique<Subscription>());
    added->session = this;
    added->filter = filter;
    added->shared = mqtt::split_shared(filter).has_value();
    if (added->shared) ++shared_;
    return *added;
}

void Session::erase(std::string_view filter) {
    if (const auto* found = find(filter); found != nullptr && found->shared) --shared_;
    std::erase_if(subscriptions_, [&](const auto& subscription) { return subscription->filter == filter; });
}

std::optional<std::uint8_t> Session::granted(std::string_view topic) const {
    std::optional<std::uint8_t> best;
    for (const auto& subscription : subscriptions_)
        if (!subscription->shared && (!best || *best < subscription->qos) && mqtt::matches(subscription->filter, topic))
            best = subscription->qos;
    return best;
}

std::optional<Delivery> Session::wanted(const Message& message) const {
    std::optional<Delivery> best;
    for (const auto& subscription : subscriptions_) {
        if (subscription->shared) continue;
        if (subscription->no_local && key_.client_id == message.publisher_client_id) continue;
        if (!mqtt::matches(subscription->filter, message.topic)) continue;
        if (!best) best.emplace();
        best->qos = std::max(best->qos, std::min(subscription->qos, message.qos));
        best->retain = best->retain || (message.retain && subscription->retain_as_published);
    }
    return best;
}

std::unique_ptr<Session> Session::trail(std::size_t loop) const {
    auto out = std::make_unique<Session>(key_, version_, *storage_);
    out->number_ = number_;
    out->moved_to = loop;
    for (const auto& subscription : subscriptions_) {
        if (subscription->shared) continue;
        auto& copy = out->add(subscription->filter);
        copy.qos = subscription->qos;
        copy.no_local = subscription->no_local;
        copy.retain_as_published = subscription->retain_as_published;
    }
    return out;
}

bool Session::first_sight(const MessagePtr& message) {
    if (!seen_) return true;
    if (seen_->size() >= seen_at_most) seen_->clear();
    return seen_->insert(message).second;
}

void Session::attach(Outlet& outlet, std::uint16_t window) {
    epoch_ = new_epoch();
    outlet_ = &outlet;
    window_ = window;
    expires_at.reset();
    fetching_ = false;
}

void Session::detach() {
    epoch_ = new_epoch();
    outlet_ = nullptr;
    fetching_ = false;
    in_flight_.clear();
    in_flight_.shrink_to_fit();
    queue_.clear();
    queue_.shrink_to_fit();
    queue_head_ = queue_bytes_ = 0;
    // What was not acknowledged is fetched again, from the oldest on.
    fetched_sequence_ = 0;
    backlog_ = stored_;
}

void Session::restore(std::int64_t last_sequence, std::size_t stored) {
    next_sequence_ = last_sequence + 1;
    stored_ = backlog_ = stored;
}

std::uint16_t Session::next_packet_id() {
    for (;;) {
        if (++last_packet_id_ == 0) ++last_packet_id_;
        const bool taken =
            std::any_of(in_flight_.begin(), in_flight_.end(), [&](const Entry& entry) { return entry.packet_id == last_packet_id_; });
        if (!taken) return last_packet_id_;
    }
}

void Session::forget(const Entry& entry) {
    if (entry.sequence == 0) return;
    storage_->drop(key_, entry.sequence, entry.handle);
    --stored_;
}

void Session::send(Entry entry) {
    if (!outlet_->may_receive(*entry.message)) return forget(entry);
    entry.packet_id = next_packet_id();
    outlet_->deliver(*entry.message, 1, entry.packet_id, entry.retain);
    in_flight_.push_back(std::move(entry));
}

void Session::offer(const MessagePtr& message, Delivery how, const TicketPtr& ticket, const Limits& limits) {
    if (how.qos == 0) {
        if (outlet_ != nullptr && outlet_->has_room() && outlet_->may_receive(*message)) outlet_->deliver(*message, 0, 0, how.retain);
        return;
    }
    Entry entry{message, 0, {}, 0, how.retain};
    const bool store = persistent() && !message->transient;
    if (store) {
        if (stored_ >= limits.stored_messages) return;
        if (outlet_ != nullptr && !outlet_->may_receive(*message)) return;
        entry.sequence = next_sequence_++;
        ++stored_;
        entry.handle = storage_->keep(key_, entry.sequence, message, how.retain, ticket);
        const bool queue_full = queue_.size() - queue_head_ >= queued_messages / 4 || queue_bytes_ >= queued_bytes / 4;
        if (outlet_ == nullptr || backlog_ != 0 || queue_full) {
            ++backlog_;
            return;
        }
        fetched_sequence_ = entry.sequence;
    } else if (outlet_ == nullptr) {
        return;
    }
    if (queue_.empty() && window_open() && outlet_->has_room()) return send(std::move(entry));
    queue_bytes_ += message->payload.size();
    queue_.push_back(std::move(entry));
    // Replies wait for room before they are made (congested()), so they never overrun.
    if (!store && !message->transient && (queue_.size() - queue_head_ > queued_messages || queue_bytes_ > queued_bytes)) outlet_->overrun();
}

bool Session::acknowledge(std::uint16_t packet_id) {
    const auto found = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Entry& entry) { return entry.packet_id == packet_id; });
    if (found == in_flight_.end()) return false;
    forget(*found);
    in_flight_.erase(found);
    pump();
    return true;
}

void Session::pump() {
    if (outlet_ == nullptr) return;
    while (queue_head_ < queue_.size() && window_open() && outlet_->has_room()) {
        Entry entry = std::move(queue_[queue_head_++]);
        queue_bytes_ -= entry.message->payload.size();
        send(std::move(entry));
    }
    if (queue_head_ == queue_.size() && queue_head_ != 0) {
        queue_.clear();
        queue_head_ = 0;
        if (queue_.capacity() > 16) queue_.shrink_to_fit();
    } else if (queue_head_ > queued_messages) {  // a queue that is refilled before it is empty
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_head_));
        queue_head_ = 0;
    }
    if (queue_.empty() && backlog_ != 0 && !fetching_ && window_open()) {
        fetching_ = true;
        backlog_asked_ = backlog_;
        storage_->fetch(*this, epoch_, fetched_sequence_, fetch_at_once);
    }
}

void Session::fetched(std::uint64_t epoch, std::optional<std::vector<StoredMessage>> messages) {
    if (epoch != epoch_ || outlet_ == nullptr) return;
    fetching_ = false;
    if (!messages) return;
    if (messages->empty()) {
        // The store holds no more than what was fetched: what was counted then has gone otherwise, what came since has not.
        const std::size_t gone = std::min(backlog_asked_, backlog_);
        backlog_ -= gone;
        stored_ -= std::min(gone, stored_);
    }
    for (auto& stored : *messages) {
        fetched_sequence_ = stored.sequence;
        if (backlog_ != 0) --backlog_;
        queue_bytes_ += stored.message->payload.size();
        queue_.push_back(Entry{std::move(stored.message), stored.sequence, {}, 0, stored.retain});
    }
    pump();
}

}  // namespace otabahn::gateway
