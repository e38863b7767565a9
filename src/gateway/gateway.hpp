// SPDX-License-Identifier: Apache-2.0
// The device gateway: MQTT 3.1.1 and 5 over mutual TLS. One event loop per core, a connection lives on one of them; what blocks
// (registry, store, services) runs on the pool that the program gives. Owned by the program; started once, stopped once.
#pragma once

#include "base/error.hpp"
#include "gateway/admission.hpp"
#include "gateway/arrival.hpp"
#include "gateway/departure.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/pool.hpp"
#include "runtime/store.hpp"
#include "runtime/topics.hpp"
#include "streams/streams.hpp"
#include "tls/server.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace prometheus {
class Registry;
}

namespace otabahn::api::iot_data {
struct PublishRequest;
}

namespace otabahn::gateway {

class PolicyGate;

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8883;  // 0 takes a free one
    std::size_t loops = 1;
    bool extended_quotas = false;
    bool explain_refusals = true;  // reason strings to MQTT 5 clients
    std::chrono::seconds stop_deadline{5};
    // What strangers can take of the process's descriptors. 0: 15000, or what the limit of open files leaves beside the rest.
    std::size_t max_connections = 0;
    std::size_t max_handshakes = 0;  // of these, not finished; 0: half of them
    std::chrono::seconds handshake_deadline{10};
    std::chrono::milliseconds silent_handshake{250};  // where there are too many, one whose peer says nothing for so long makes room
};

// Streams as the gateway needs them; tests give their own. Blocking.
class StreamSource {
  public:
    virtual ~StreamSource() = default;
    virtual Result<std::shared_ptr<const streams::OpenStream>> load(const Scope& scope, const StreamId& stream) = 0;
};

class StreamsSource final : public StreamSource {
  public:
    explicit StreamsSource(streams::Streams& streams) : streams_(streams) {}
    Result<std::shared_ptr<const streams::OpenStream>> load(const Scope& scope, const StreamId& stream) override {
        return streams_.load(scope, stream);
    }

  private:
    streams::Streams& streams_;
};

// What it works with; all of it outlives the gateway.
struct Parts {
    runtime::Store& store;
    runtime::Bus& bus;
    const runtime::Clock& clock;
    runtime::BlockingPool& pool;
    const tls::Server& tls;
    IdentitySource& identities;
    StreamSource& streams;
    std::vector<runtime::TopicService*> services;
    prometheus::Registry& metrics;
    runtime::BlockingPool* store_pool = nullptr;  // for what sessions store: never one on which somebody waits for it; null: pool
};

struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
};

class Gateway {
  public:
    Gateway(Options options, Parts parts);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // Reads the persistent sessions, binds and accepts; blocking. A refusal names the file or address that did not do.
    Result<Endpoint> start();
    // From another door, while it runs; any thread. Refused, and closed, when as many are open as may be.
    void take(Arrival arrival);
    // These block, on a pool's thread, while it runs. A message of QoS 1 is stored, or with those who are to have it, when it returns.
    Result<void> publish(const Scope& scope, const api::iot_data::PublishRequest& request);
    Result<void> disconnect(const Scope& scope, const std::string& client_id, Departure how);
    // A device that asks by HTTPS: what its certificate may do. The gate is the caller's alone.
    Result<std::shared_ptr<PolicyGate>> admit_device(const std::string& certificate_id, const std::optional<Region>& region,
                                                     const std::string& address);
    // Says goodbye to every client, waits for what is being stored, then closes what is left after the deadline.
    void stop();

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace otabahn::gateway
