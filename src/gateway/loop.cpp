// SPDX-License-Identifier: Apache-2.0
#include "gateway/loop.hpp"

#include "encoding/base64_string.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"

#include <algorithm>
#include <utility>

namespace otabahn::gateway {
namespace {

constexpr std::size_t admissions_at_once = 8;
constexpr std::uint64_t retained_swept_every = 10;  // seconds

}  // namespace

Loop::Loop(std::size_t number, Shared& shared, Loops& loops)
    : number_(number),
      shared_(shared),
      broker_(number, loops, shared.directory, shared.shares, shared.store, shared.retained, shared.settings,
              [this](std::uint64_t id) { return find_connection(id); }),
      streams_(shared.extended_quotas),
      now_(shared.parts.clock.now()) {}

Loop::~Loop() = default;

void Loop::run() {
    arm_tick();
    thread_ = std::thread([this] {
        running_ = this;
        io_->context.run();
    });
}

void Loop::join() {
    post([](Loop& loop) {
        loop.io_->tick_timer.cancel();
        loop.io_->retry_timer.cancel();
        loop.io_->work.reset();
        loop.io_->context.stop();
    });
    if (thread_.joinable()) thread_.join();
}

void Loop::close_links() {
    closed_ = true;
    newcomers_.clear();
    links_.clear();
    dirty_.clear();
}

Link* Loop::find(std::uint64_t id) {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : found->second.get();
}

Connection* Loop::find_connection(std::uint64_t id) {
    auto* link = find(id);
    return link == nullptr ? nullptr : link->connection();
}

void Loop::deal(boost::asio::ip::tcp::socket socket, bool crowded) {
    link_count_.fetch_add(1, std::memory_order_relaxed);
    handshake_count_.fetch_add(1, std::memory_order_relaxed);
    auto held = std::make_shared<boost::asio::ip::tcp::socket>(std::move(socket));  // std::function wants what it holds copyable
    post([held, crowded](Loop& owner) {
        owner.newcomers_.push_back({std::move(*held), crowded});
        if (owner.newcomers_.size() == 1) owner.post([](Loop& loop) { loop.admit_some(); });
    });
}

void Loop::deal(Arrival arrival) {
    link_count_.fetch_add(1, std::memory_order_relaxed);
    auto held = std::make_shared<Arrival>(std::move(arrival));  // likewise
    post([held](Loop& owner) { owner.adopt(std::move(*held)); });
}

void Loop::admit_some() {
    for (std::size_t count = 0; count < admissions_at_once && !newcomers_.empty(); ++count) {
        Newcomer next = std::move(newcomers_.front());
        newcomers_.pop_front();
        adopt(std::move(next.socket), next.crowded);
    }
    if (!newcomers_.empty()) post([](Loop& loop) { loop.admit_some(); });
}

void Loop::adopt(boost::asio::ip::tcp::socket socket, bool crowded) {
    if (stopping_ || (crowded && !end_silent_handshake())) {
        handshake_over();
        link_count_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    const auto done = [this](std::uint64_t other) {
        const auto* found = find(other);
        return found == nullptr || !found->in_handshake();
    };
    while (!handshaking_.empty() && done(handshaking_.front())) handshaking_.pop_front();
    handshaking_.push_back(last_link_ + 1);
    keep(std::make_shared<Link>(*this, ++last_link_, std::move(socket),
                                shared_.parts.tls.context(tls::Entrance::mqtt)));  // shared with the waits of its socket
}

void Loop::adopt(Arrival arrival) {
    if (stopping_) {
        link_count_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    boost::asio::ip::tcp::socket socket(io_->context);
    boost::system::error_code error;
    // Which of the two protocols it is makes no difference to what is done with it.
    socket.assign(boost::asio::ip::tcp::v4(), arrival.connected.socket.number(), error);
    if (error) {
        spdlog::error("a connection was not taken over from its door via={} what=\"{}\"", to_string(arrival.via), error.message());
        link_count_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    arrival.connected.socket.release();
    keep(std::make_shared<Link>(*this, ++last_link_, std::move(socket), std::move(arrival)));  // likewise
}

void Loop::keep(std::shared_ptr<Link> link) {
    ++tally_.accepted;
    links_.emplace(link->id(), link);
    link->start();
    schedule(*link);
}

// The oldest one, unless the wait is our own: somebody who has answered is not let go for somebody who comes.
bool Loop::end_silent_handshake() {
    for (; !handshaking_.empty(); handshaking_.pop_front()) {
        auto* link = find(handshaking_.front());
        if (link == nullptr || !link->in_handshake()) continue;
        if (!link->is_silent(now_ - shared_.silent_handshake)) return false;
        handshaking_.pop_front();
        link->abort();
        return true;
    }
    return false;
}

void Loop::remove(Link& link) {
    if (links_.erase(link.id()) != 0) link_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Loop::schedule(Link& link) {
    const auto due = link.deadline();
    if (!due) return;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*due - now_).count();
    const auto ahead = static_cast<std::uint64_t>(std::clamp<std::int64_t>(seconds, 1, wheel_slots - 1));
    if (link.scheduled_tick > tick_ && link.scheduled_tick <= tick_ + ahead) return;
    link.scheduled_tick = tick_ + ahead;
    wheel_[link.scheduled_tick % wheel_slots].push_back(link.id());
}

void Loop::arm_tick() {
    io_->tick_timer.expires_after(std::chrono::seconds(1));
    io_->tick_timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        tick();
        arm_tick();
    });
}

void Loop::tick() {
    const Turn turn(*this);
    ++tick_;
    auto due = std::exchange(wheel_[tick_ % wheel_slots], {});
    for (const std::uint64_t id : due) {
        auto* link = find(id);
        if (link == nullptr || link->scheduled_tick != tick_) continue;
        link->check(now_);
        if (auto* still = find(id)) schedule(*still);
    }
    broker_.expire(now_);
    streams_.expire(now_);
    renew_stale();
    const auto open = static_cast<std::int64_t>(links_.size());
    shared_.metrics.connections(open - reported_links_);
    reported_links_ = open;
    shared_.metrics.add(tally_, last_tally_);
    if (number_ == 0) shared_.metrics.set_waiting_operations(shared_.queue.waiting());
    if (number_ == 0 && tick_ % retained_swept_every == 0) shared_.retained.sweep(now_);
}

std::string Loop::random_client_id() { return "auto-" + encoding::to_hex(runtime::random_bytes(16)); }

void Loop::publish_for_service(const Scope& scope, runtime::Publication publication) {
    shared_.parts.bus.publish(scope, std::move(publication));
}

void Loop::say_goodbye() {
    stopping_ = true;
    std::vector<std::shared_ptr<Link>> all;
    for (const auto& [id, link] : links_) all.push_back(link);
    for (const auto& link : all) link->stop();
}

void Loop::abort_all() {
    std::vector<std::shared_ptr<Link>> all;
    for (const auto& [id, link] : links_) all.push_back(link);
    for (const auto& link : all) link->abort();
}

}  // namespace otabahn::gateway
