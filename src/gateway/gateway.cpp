// SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway.hpp"

#include "gateway/gateway_state.hpp"
#include "runtime/log.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace otabahn::gateway {

namespace {

ConnectionSettings settings_of(const Options& options) {
    return {options.extended_quotas ? extended_limits : aws_limits, options.explain_refusals};
}

constexpr std::size_t usual_connections = 15'000;
constexpr std::size_t files_of_others = 2000;  // store, objects, HTTP, streams

std::size_t connections_of(const Options& options) {
    if (options.max_connections != 0) return options.max_connections;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return usual_connections;
    const auto most = static_cast<std::size_t>(files.rlim_cur);
    // Where few files may be open at all, half of them.
    return std::min(usual_connections, most > 2 * files_of_others ? most - files_of_others : most / 2);
}

}  // namespace

Gateway::State::State(Options options, Parts parts)
    : options_(std::move(options)),
      shared_{parts,
              settings_of(options_),
              options_.handshake_deadline,
              options_.silent_handshake,
              options_.extended_quotas,
              TopicTable(parts.services),
              {},
              {},
              {},
              StoreQueue(parts.store, parts.store_pool != nullptr ? *parts.store_pool : parts.pool),
              SessionStore(shared_.queue),
              RetainedStore(shared_.queue, shared_.settings.limits.retained_messages),
              Metrics(parts.metrics)} {}

Result<Endpoint> Gateway::State::start() {
    for (std::size_t number = 0; number < std::max<std::size_t>(options_.loops, 1); ++number)
        loops_.push_back(std::make_unique<Loop>(number, shared_, *this));
    if (auto adopted = adopt_sessions(); !adopted) return Unexpected(std::move(adopted).error());
    const std::size_t connections = connections_of(options_);
    listener_ = std::make_unique<Listener>(loops_, connections, options_.max_handshakes != 0 ? options_.max_handshakes : connections / 2);
    auto endpoint = listener_->listen(options_.host, options_.port);
    if (!endpoint) return endpoint;
    subscribe();
    listener_->start();
    for (auto& loop : loops_) loop->run();
    running_ = true;
    spdlog::info("gateway listens address={}:{} loops={} quotas={}", endpoint->host, endpoint->port, loops_.size(),
                 options_.extended_quotas ? "extended" : "aws");
    return endpoint;
}

void Gateway::State::take(Arrival arrival) {
    std::size_t open = 0;
    Loop* least = loops_.front().get();
    for (const auto& loop : loops_) {
        open += loop->links();
        if (loop->links() < least->links()) least = loop.get();
    }
    if (open < connections_of(options_)) return least->deal(std::move(arrival));
    loops_.front()->post([](Loop& loop) { loop.tally().refuse(Refusal::connections); });
    spdlog::warn("connection refused via={} address={} open={} limit={}", to_string(arrival.via), arrival.connected.address, open,
                 connections_of(options_));
}

Result<void> Gateway::State::adopt_sessions() {
    try {
        std::vector<Broker*> brokers;
        for (auto& loop : loops_) brokers.push_back(&loop->broker());
        gateway::adopt_sessions(brokers, shared_.store, shared_.parts.clock.now());
        return {};
    } catch (const runtime::StoreFailure& failure) {
        return fail(ErrorCode::unavailable,
                    std::string("The gateway cannot read the persistent sessions from the store: ") + failure.what());
    }
}

void Gateway::State::subscribe() {
    relay_->state = this;
    shared_.parts.bus.on_publication([relay = relay_](const Scope& scope, const runtime::Publication& publication) {
        const std::lock_guard lock(relay->mutex);
        if (relay->state == nullptr) return;
        auto message = std::make_shared<const Message>(
            Message{scope, publication.topic, publication.payload, static_cast<std::uint8_t>(std::clamp(publication.qos, 0, 1))});
        for (auto& loop : relay->state->loops_)
            if (loop->broker().subscriptions() != 0) loop->post([message](Loop& owner) { owner.broker().deliver(message, nullptr); });
    });
    shared_.parts.bus.on_change([relay = relay_](const runtime::Change& change) {
        const std::lock_guard lock(relay->mutex);
        if (relay->state == nullptr) return;
        for (auto& loop : relay->state->loops_) loop->post([change](Loop& owner) { owner.on_change(change); });
    });
}

void Gateway::State::wait_for_links(std::chrono::steady_clock::time_point until) {
    const auto open = [this] { return std::any_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->links() != 0; }); };
    while (open() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void Gateway::State::stop() {
    {
        const std::lock_guard lock(relay_->mutex);
        relay_->state = nullptr;
    }
    if (running_) {
        loops_.front()->post([this](Loop&) { listener_->close(); });
        for (auto& loop : loops_) loop->post([](Loop& owner) { owner.say_goodbye(); });
        wait_for_links(std::chrono::steady_clock::now() + options_.stop_deadline);
        for (auto& loop : loops_) loop->post([](Loop& owner) { owner.abort_all(); });
        wait_for_links(std::chrono::steady_clock::now() + std::chrono::seconds(1));
        shared_.jobs.wait();
        shared_.queue.drain();
        for (auto& loop : loops_) loop->join();
        running_ = false;
    }
    for (auto& loop : loops_) loop->close_links();
    listener_.reset();
    for (auto& loop : loops_) loop->close_context();
    loops_.clear();
}

Gateway::Gateway(Options options, Parts parts) : state_(std::make_unique<State>(std::move(options), std::move(parts))) {}
Gateway::~Gateway() { state_->stop(); }
Result<Endpoint> Gateway::start() { return state_->start(); }
void Gateway::take(Arrival arrival) { state_->take(std::move(arrival)); }
void Gateway::stop() { state_->stop(); }

}  // namespace otabahn::gateway
