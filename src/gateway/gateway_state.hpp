// SPDX-License-Identifier: Apache-2.0
// The gateway's inside: its loops, and what they share. Private to gateway.cpp, which starts and stops it, and gateway_calls.cpp.
#pragma once

#include "gateway/gateway.hpp"
#include "gateway/listener.hpp"
#include "gateway/loop.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::gateway {

class Gateway::State final : public Loops {
  public:
    State(Options options, Parts parts);

    Result<Endpoint> start();
    void take(Arrival arrival);
    void stop();
    Result<void> publish(const Scope& scope, const api::iot_data::PublishRequest& request);
    Result<void> disconnect(const Scope& scope, const std::string& client_id, Departure how);
    Result<std::shared_ptr<PolicyGate>> admit_device(const std::string& certificate_id, const std::optional<Region>& region,
                                                     const std::string& address);

    std::size_t count() const override { return loops_.size(); }
    void post(std::size_t loop, std::function<void(Broker&)> work) override {
        loops_[loop]->post([work = std::move(work)](Loop& owner) { work(owner.broker()); });
    }
    void pass(std::size_t loop, const MessagePtr& message, const TicketPtr& ticket) override { loops_[loop]->pass(message, ticket); }
    bool listens(std::size_t loop) const override { return loops_[loop]->broker().subscriptions() != 0; }

  private:
    // The bus keeps its subscribers for good, so they ask first whether the gateway is still there.
    struct Relay {
        std::mutex mutex;
        State* state = nullptr;
    };

    Result<void> distribute(const MessagePtr& message);
    Result<void> ask(const Message& request, runtime::TopicService& service);
    Result<void> adopt_sessions();
    void subscribe();
    void wait_for_links(std::chrono::steady_clock::time_point until);

    Options options_;
    Shared shared_;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::unique_ptr<Listener> listener_;
    std::shared_ptr<Relay> relay_ = std::make_shared<Relay>();  // with the bus
    bool running_ = false;
};

}  // namespace otabahn::gateway
