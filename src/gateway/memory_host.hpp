// SPDX-License-Identifier: Apache-2.0
// The surroundings of connections without sockets, threads or database, for tests and for the fuzzer: sessions and stored messages
// in memory, everything answered at once unless a test holds it back. Connections are known by their peer's id.
#pragma once

#include "gateway/connection.hpp"
#include "gateway/connection_host.hpp"
#include "mqtt/topic.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::gateway {

class MemoryHost final : public ConnectionHost, public SessionStorage {
  public:
    explicit MemoryHost(std::vector<runtime::TopicService*> services = {}) : topics_(std::move(services)) {}
    ~MemoryHost() override { connections_.clear(); }

    // What a certificate's admission is; a failed one by default.
    std::function<Result<AdmissionPtr>(const std::string& certificate, const std::string& client_id)> admit = [](auto&, auto&) {
        return Result<AdmissionPtr>(fail(ErrorCode::not_found, "The certificate is not registered."));
    };
    std::function<bool(const streams::BlockRequest&, streams::BlockSink&)> stream = [](const auto&, auto&) { return true; };
    bool hold_calls = false;       // services answer when finish_calls() is called
    bool hold_admissions = false;  // so does the registry
    Timestamp clock = from_millis(1'700'000'000'000);
    ConnectionSettings configuration{};
    std::vector<runtime::Publication> published_for_services;
    std::map<std::string, MessagePtr> retained;  // by topic

    Connection& connect(std::uint64_t id, std::string certificate = "cert", std::string address = "10.0.0.1") {
        auto& place = connections_[id];
        place = std::make_unique<Connection>(*this, Peer{id, std::move(address), std::move(certificate), std::nullopt, nullptr});
        return *place;
    }
    void disconnect(std::uint64_t id) { connections_.erase(id); }
    Connection* find(std::uint64_t id) {
        const auto found = connections_.find(id);
        return found == connections_.end() ? nullptr : found->second.get();
    }
    Session* find_session(const SessionKey& key) {
        const auto found = sessions_.find(key);
        return found == sessions_.end() ? nullptr : found->second.get();
    }
    std::size_t stored_messages() const { return stored_.size(); }
    std::size_t subscriptions() const { return index_.size(); }

    // What a loop does at the end of each turn.
    void settle() {
        for (auto& [id, connection] : connections_) connection->settle();
        for (auto fetch = std::exchange(fetches_, {}); !fetch.empty(); fetch = std::exchange(fetches_, {}))
            for (auto& answer : fetch) answer();
    }
    void finish_calls() {
        for (auto& call : std::exchange(held_, {})) call();
    }
    void publish_from_service(const Scope& scope, const std::string& topic, const std::string& payload, std::uint8_t qos) {
        publish(std::make_shared<Message>(Message{scope, topic, payload, qos}), nullptr);
    }

    Timestamp now() const override { return clock; }
    const ConnectionSettings& settings() const override { return configuration; }
    const TopicTable& topics() const override { return topics_; }
    BufferPool& buffers() override { return buffers_; }
    Tally& tally() override { return tally_; }
    std::string random_client_id() override { return "auto-" + std::to_string(++last_id_); }

    void load_admission(Connection& connection, const std::string& client_id) override {
        auto answer = [this, id = connection.peer().id, certificate = connection.peer().certificate_id, client_id] {
            if (auto* asking = find(id)) asking->admitted(admit(certificate, client_id));
        };
        if (hold_admissions) {
            held_.emplace_back(std::move(answer));
        } else {
            answer();
        }
    }
    void open_session(Connection& connection, SessionRequest request) override {
        if (auto* old = find(owners_[request.key]); old != nullptr && old != &connection) old->taken_over();
        auto* session = find_session(request.key);
        if (session != nullptr && (request.clean_start || session->version() != request.version)) {
            end_session(*session);
            session = nullptr;
        }
        const bool present = session != nullptr;
        if (!present) session = (sessions_[request.key] = std::make_unique<Session>(request.key, request.version, *this)).get();
        session->expiry_seconds = request.expiry_seconds;
        owners_[request.key] = connection.peer().id;
        connection.session_opened(session, present);
    }
    void leave_session(Connection&, Session& session) override {
        session.detach();
        owners_[session.key()] = 0;
        if (!session.persistent()) end_session(session);
    }
    void index(Subscription& subscription) override { index_.add(subscription); }
    void unindex(Subscription& subscription) override {
        if (subscription.indexed()) index_.remove(subscription);
    }
    ShareJoin join_share(Session& session, std::string_view filter) override {
        return shares_.join({session.key().scope, std::string(filter)}, configuration.limits);
    }
    void leave_share(Session& session, std::string_view filter) override { shares_.leave({session.key().scope, std::string(filter)}); }
    void share_changed(Session&) override {}
    void store_subscriptions(Connection& connection, SubscriptionChange, std::string answer) override { connection.transmit(answer); }
    void fetch_retained(Session& session, std::vector<RetainedWish> wishes) override {
        fetches_.emplace_back([this, key = session.key(), wishes = std::move(wishes)] {
            auto* subscriber = find_session(key);
            for (const auto& wish : wishes)
                if (const auto found = retained.find(wish.topic); subscriber != nullptr && found != retained.end())
                    subscriber->offer(found->second, {std::min(wish.qos, found->second->qos), true}, nullptr, configuration.limits);
        });
    }
    TicketPtr make_ticket(Connection& connection, std::uint16_t packet_id) override {
        return std::make_shared<Ticket>(*this, connection.peer().id, packet_id);
    }
    void publish(MessagePtr message, TicketPtr ticket) override {
        retain(message, ticket);
        std::vector<std::pair<Session*, Delivery>> matches;
        index_.match(message->topic, [&](Subscription& subscription) {
            if (subscription.session->key().scope != message->scope) return;
            if (subscription.no_local && subscription.session->key().client_id == message->publisher_client_id) return;
            matches.emplace_back(subscription.session,
                                 Delivery{std::min(subscription.qos, message->qos), message->retain && subscription.retain_as_published});
        });
        give_shares(message, ticket);
        for (auto& [session, how] : matches) session->offer(message, how, ticket, configuration.limits);
    }
    void publish_for_service(const Scope&, runtime::Publication publication) override {
        published_for_services.push_back(std::move(publication));
    }
    void call(Connection& connection, runtime::TopicService& service, runtime::TopicCall call) override {
        start(connection.peer().id, {&service, std::move(call)});
    }
    void finish_calls_of(Connection& connection, std::deque<ServiceCall> calls) override {
        abandoned_[connection.peer().id] = std::move(calls);
    }
    bool answer_stream(Connection&, const streams::BlockRequest& request, streams::BlockSink& sink) override {
        return stream(request, sink);
    }
    void wake(Connection&) override {}

    Handle keep(const SessionKey& key, std::int64_t sequence, const MessagePtr& message, bool retain, const TicketPtr&) override {
        stored_[{key, sequence}] = {message, retain};
        return nullptr;
    }
    void drop(const SessionKey& key, std::int64_t sequence, const Handle&) override { stored_.erase({key, sequence}); }
    void fetch(const Session& session, std::uint64_t epoch, std::int64_t after, std::size_t most) override {
        fetches_.emplace_back([this, key = session.key(), epoch, after, most] {
            std::vector<StoredMessage> found;
            for (auto at = stored_.upper_bound({key, after}); at != stored_.end() && at->first.first == key && found.size() < most; ++at)
                found.push_back({at->first.second, at->second.first, at->second.second});
            if (auto* asking = find_session(key)) asking->fetched(epoch, std::move(found));
        });
    }

  private:
    class Ticket final : public PublishTicket {
      public:
        Ticket(MemoryHost& host, std::uint64_t connection, std::uint16_t packet_id)
            : host_(host), connection_(connection), packet_id_(packet_id) {}
        ~Ticket() override {
            if (auto* connection = host_.find(connection_)) connection->published(packet_id_, outcome_);
        }
        void fail(PublishOutcome outcome) override { outcome_ = outcome; }

      private:
        MemoryHost& host_;
        std::uint64_t connection_;
        std::uint16_t packet_id_;
        PublishOutcome outcome_ = PublishOutcome::stored;
    };

    // The first member that is online.
    void give_shares(const MessagePtr& message, const TicketPtr& ticket) {
        std::map<std::string, std::pair<Session*, std::uint8_t>> chosen;
        for (auto& [key, session] : sessions_)
            for (const auto& subscription : session->subscriptions())
                if (subscription->shared && session->online() && key.scope == message->scope &&
                    mqtt::matches(mqtt::split_shared(subscription->filter)->filter, message->topic))
                    chosen.try_emplace(subscription->filter, session.get(), subscription->qos);
        for (auto& [filter, member] : chosen)
            member.first->offer(message, {std::min(member.second, message->qos)}, ticket, configuration.limits);
    }

    void retain(const MessagePtr& message, const TicketPtr& ticket) {
        if (!message->retain) return;
        if (message->payload.empty()) {
            retained.erase(message->topic);
        } else if (!retained.contains(message->topic) && configuration.limits.retained_messages != 0 &&
                   static_cast<std::int64_t>(retained.size()) >= configuration.limits.retained_messages) {
            if (ticket) ticket->fail(PublishOutcome::over_quota);
        } else {
            retained[message->topic] = message;
        }
    }
    void start(std::uint64_t id, ServiceCall next) {
        auto answer = [this, id, next = std::move(next)] {
            auto replies = next.service->call(next.call);
            if (auto* asking = find(id); asking != nullptr && !asking->ended()) return asking->answered(std::move(replies));
            for (auto& publication : replies.then) publish_for_service(next.call.scope, std::move(publication));
            auto& rest = abandoned_[id];
            if (rest.empty()) return;
            auto after = std::move(rest.front());
            rest.pop_front();
            start(id, std::move(after));
        };
        if (hold_calls) {
            held_.emplace_back(std::move(answer));
        } else {
            answer();
        }
    }

    void end_session(Session& session) {
        for (const auto& subscription : session.subscriptions()) {
            unindex(*subscription);
            if (subscription->shared) leave_share(session, subscription->filter);
        }
        const SessionKey key = session.key();
        std::erase_if(stored_, [&](const auto& entry) { return entry.first.first == key; });
        sessions_.erase(key);
    }

    TopicTable topics_;
    BufferPool buffers_;
    Tally tally_;
    std::uint64_t last_id_ = 0;
    SubscriptionIndex index_;
    ShareDirectory shares_;
    std::map<SessionKey, std::unique_ptr<Session>> sessions_;
    std::map<SessionKey, std::uint64_t> owners_;
    std::map<std::pair<SessionKey, std::int64_t>, std::pair<MessagePtr, bool>> stored_;
    std::vector<std::function<void()>> fetches_, held_;
    std::map<std::uint64_t, std::deque<ServiceCall>> abandoned_;
    std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
};

}  // namespace otabahn::gateway
