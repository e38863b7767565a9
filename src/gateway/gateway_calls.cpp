// SPDX-License-Identifier: Apache-2.0
// What others ask of a running gateway, from a pool's thread: to publish, to send a client away, to judge a device. The loops never
// wait for that pool, and what they wait for in the store runs on another, so whoever waits here is answered.
#include "gateway/gateway_state.hpp"

#include "gateway/https_message.hpp"
#include "runtime/log.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <utility>

namespace otabahn::gateway {
namespace {

constexpr std::chrono::seconds patience{30};

// Tells a waiting thread; the last one to let go of it does.
class WaitingTicket final : public PublishTicket {
  public:
    ~WaitingTicket() override { promise_.set_value(outcome_.load()); }
    void fail(PublishOutcome outcome) override { outcome_.store(outcome); }
    std::future<PublishOutcome> outcome() { return promise_.get_future(); }

  private:
    std::promise<PublishOutcome> promise_;
    std::atomic<PublishOutcome> outcome_{PublishOutcome::stored};
};

Unexpected<Error> reserved(const std::string& topic, const std::string& why) {
    return fail(ErrorCode::invalid_request, "Nothing can be published to the reserved topic " + topic + " by HTTPS: " + why, topic);
}

}  // namespace

Result<void> Gateway::State::publish(const Scope& scope, const api::iot_data::PublishRequest& request) {
    auto made = make_https_message(scope, request, shared_.topics, shared_.settings.limits, shared_.parts.clock.now());
    if (!made) return Unexpected(std::move(made).error());
    const TopicClass is = shared_.topics.of_publish(made->topic);
    switch (is.kind) {
        case TopicKind::ordinary:
            return distribute(std::make_shared<const Message>(std::move(*made)));
        case TopicKind::service:
            if (made->topic.find("/jobs/") != std::string::npos) return reserved(made->topic, "use the jobs data plane's own calls.");
            return ask(*made, *is.service);
        case TopicKind::stream:
            return reserved(made->topic, "a stream's blocks go to the connection that asked for them; connect by MQTT.");
        case TopicKind::rule:
            return reserved(made->topic, "rules are not served here.");
        case TopicKind::listen_only:
            return reserved(made->topic, "only the service publishes there.");
        case TopicKind::unknown:
            break;
    }
    return reserved(made->topic, "topics that start with $ are reserved, and this one is not known.");
}

Result<void> Gateway::State::distribute(const MessagePtr& message) {
    auto ticket = std::make_shared<WaitingTicket>();  // by all who still have it to deliver or to store
    auto waiting = ticket->outcome();
    const std::size_t loop = std::hash<std::string>{}(message->topic) % loops_.size();  // a topic's messages keep their order
    const bool waits = message->qos != 0 || message->retain;
    loops_[loop]->post([message, ticket = TicketPtr(std::move(ticket))](Loop& owner) {
        ++owner.tally().messages_in;
        owner.broker().publish(message, ticket, owner.now());
    });
    if (!waits) return {};
    if (waiting.wait_for(patience) != std::future_status::ready)
        return fail(ErrorCode::unavailable, "The message was not stored in time: publish it again.");
    switch (waiting.get()) {
        case PublishOutcome::stored:
            return {};
        case PublishOutcome::over_quota:
            return fail(ErrorCode::throttled, "The account has as many retained messages as it may: delete some by empty payloads.");
        case PublishOutcome::not_stored:
            break;
    }
    return fail(ErrorCode::unavailable, "The message could not be stored: publish it again.");
}

// Nobody asked on a connection, so the answers go to whoever subscribed to them.
Result<void> Gateway::State::ask(const Message& request, runtime::TopicService& service) {
    auto replies = service.call({request.scope, request.topic, request.payload, request.qos, "", "", 0});
    for (auto& reply : replies) shared_.parts.bus.publish(request.scope, {std::move(reply.topic), std::move(reply.payload), reply.qos});
    for (auto& publication : replies.then) shared_.parts.bus.publish(request.scope, std::move(publication));
    return {};
}

Result<void> Gateway::State::disconnect(const Scope& scope, const std::string& client_id, Departure how) {
    struct Search {
        std::atomic<std::size_t> left;
        std::atomic<bool> found = false;
        std::promise<void> done;
    };
    auto search = std::make_shared<Search>();  // by the loops that still look
    search->left = loops_.size();
    auto done = search->done.get_future();
    for (auto& loop : loops_)
        loop->post([search, key = SessionKey{scope, client_id}, how](Loop& owner) {
            if (owner.broker().send_away(key, how)) search->found = true;
            if (--search->left == 0) search->done.set_value();
        });
    if (done.wait_for(patience) != std::future_status::ready)
        return fail(ErrorCode::unavailable, "The gateway did not answer in time: ask again.");
    if (!search->found) return fail(ErrorCode::not_found, "No client " + client_id + " is connected.", client_id);
    spdlog::info("client sent away client={} scope={}/{} clean_session={} prevent_will={}", client_id, scope.account.text(),
                 scope.region.text(), how.clean_session, how.prevent_will);
    return {};
}

Result<std::shared_ptr<PolicyGate>> Gateway::State::admit_device(const std::string& certificate_id, const std::optional<Region>& region,
                                                                 const std::string& address) {
    auto admission = load_admission(shared_.parts.identities, shared_.documents, CertificateId::trusted(certificate_id), region, "");
    if (!admission) return Unexpected(std::move(admission).error());
    const std::string& status = (*admission)->status;
    if (status != "ACTIVE")
        return fail(ErrorCode::unauthenticated, std::string(refusal_word(status)) + ": certificate " + certificate_id + " is " + status +
                                                    ": only an ACTIVE one may connect.");
    return std::make_shared<PolicyGate>(std::move(*admission), "", address);  // by the request alone, on whichever thread it is
}

Result<void> Gateway::publish(const Scope& scope, const api::iot_data::PublishRequest& request) { return state_->publish(scope, request); }
Result<void> Gateway::disconnect(const Scope& scope, const std::string& client_id, Departure how) {
    return state_->disconnect(scope, client_id, how);
}
Result<std::shared_ptr<PolicyGate>> Gateway::admit_device(const std::string& certificate_id, const std::optional<Region>& region,
                                                          const std::string& address) {
    return state_->admit_device(certificate_id, region, address);
}

}  // namespace otabahn::gateway
