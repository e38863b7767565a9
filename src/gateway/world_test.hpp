// SPDX-License-Identifier: Apache-2.0
// Several brokers with the loops' queues in the test's hands, for the tests of sessions and groups across loops: connections
// without sockets, a real store, and whatever order of messages between loops a test wants.
#pragma once

#include "gateway/broker.hpp"
#include "gateway/connection.hpp"
#include "gateway/sql.hpp"
#include "mqtt/decode.hpp"
#include "mqtt/encode.hpp"
#include "retained/sql.hpp"
#include "store/store.hpp"

#include <array>
#include <deque>
#include <filesystem>
#include <mutex>

namespace otabahn::gateway::testing {

inline const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};

class World;

// One loop's surroundings: connections by id, everything else goes to its broker.
class Place final : public ConnectionHost {
  public:
    Place(World& world, std::size_t number);
    Connection* find(std::uint64_t id) {
        const auto found = connections.find(id);
        return found == connections.end() ? nullptr : found->second.get();
    }
    std::map<std::uint64_t, std::unique_ptr<Connection>> connections;
    Broker& broker() { return *broker_; }

    Timestamp now() const override { return clock; }
    const ConnectionSettings& settings() const override { return settings_; }
    const TopicTable& topics() const override { return topics_; }
    BufferPool& buffers() override { return buffers_; }
    Tally& tally() override { return tally_; }
    std::string random_client_id() override { return "auto"; }
    void load_admission(Connection& connection, const std::string&) override {
        auto document = policy::parse(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}})",
                                      policy::Dialect::iot);
        connection.admitted(AdmissionPtr(std::make_shared<Admission>(Admission{scope, "cert", "ACTIVE", {{"P", *document}}, {}, {}})));
    }
    void open_session(Connection& connection, SessionRequest request) override { broker_->open(connection, std::move(request)); }
    void leave_session(Connection& connection, Session& session) override { broker_->leave(connection, session, clock); }
    void index(Subscription& subscription) override { broker_->index(subscription); }
    void unindex(Subscription& subscription) override { broker_->unindex(subscription); }
    ShareJoin join_share(Session& session, std::string_view filter) override { return broker_->join_share(session, filter); }
    void leave_share(Session& session, std::string_view filter) override { broker_->leave_share(session, filter); }
    void share_changed(Session& session) override { broker_->share_changed(session); }
    void store_subscriptions(Connection& connection, SubscriptionChange change, std::string answer) override {
        broker_->store_subscriptions(connection, std::move(change), std::move(answer));
    }
    void fetch_retained(Session& session, std::vector<RetainedWish> wishes) override {
        broker_->fetch_retained(session, std::move(wishes), clock);
    }
    TicketPtr make_ticket(Connection&, std::uint16_t) override { return nullptr; }
    void publish(MessagePtr message, TicketPtr ticket) override { broker_->publish(message, ticket, clock); }
    void publish_for_service(const Scope&, runtime::Publication) override {}
    void call(Connection&, runtime::TopicService&, runtime::TopicCall) override {}
    void finish_calls_of(Connection&, std::deque<ServiceCall>) override {}
    bool answer_stream(Connection&, const streams::BlockRequest&, streams::BlockSink&) override { return true; }
    void wake(Connection&) override {}

    Timestamp clock = from_millis(1'700'000'000'000);

  private:
    ConnectionSettings settings_;
    TopicTable topics_{{}};
    BufferPool buffers_;
    Tally tally_;
    std::unique_ptr<Broker> broker_;
};

class World final : public Loops {
  public:
    explicit World(std::size_t loops) : queues_(loops) {
        std::string name = (std::filesystem::temp_directory_path() / "otabahn-broker-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        store_ = *store::open_sqlite(folder_ / "state.db", {{"gateway", sql::schema}, {"retained", retained::sql::schema}});
        queue = std::make_unique<StoreQueue>(*store_, pool_);
        sessions = std::make_unique<SessionStore>(*queue);
        retained = std::make_unique<RetainedStore>(*queue, 0);
        for (std::size_t number = 0; number < loops; ++number) places.push_back(std::make_unique<Place>(*this, number));
    }
    ~World() override {
        settle();
        for (auto& place : places) place->connections.clear();
        settle();
        places.clear();
        store_.reset();
        std::filesystem::remove_all(folder_);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    std::size_t count() const override { return places.size(); }
    void post(std::size_t loop, std::function<void(Broker&)> work) override {
        const std::lock_guard lock(mutex_);
        queues_[loop].push_back(std::move(work));
    }
    bool listens(std::size_t loop) const override { return places[loop]->broker().subscriptions() != 0; }

    // A new server over the same store.
    void restart() {
        settle();
        for (auto& place : places) place->connections.clear();
        settle();
        const std::size_t loops = places.size();
        places.clear();
        directory = std::make_unique<SessionDirectory>();
        shares = std::make_unique<ShareDirectory>();
        std::vector<Broker*> brokers;
        for (std::size_t number = 0; number < loops; ++number) {
            places.push_back(std::make_unique<Place>(*this, number));
            brokers.push_back(&places.back()->broker());
        }
        adopt_sessions(brokers, *sessions, places[0]->clock);
        settle();
    }

    // One message of that loop's queue; false: it has none.
    bool step(std::size_t loop) {
        std::function<void(Broker&)> work;
        {
            const std::lock_guard lock(mutex_);
            if (queues_[loop].empty()) return false;
            work = std::move(queues_[loop].front());
            queues_[loop].pop_front();
        }
        work(places[loop]->broker());
        return true;
    }
    void settle() {
        for (bool busy = true; busy;) {
            queue->drain();
            busy = false;
            for (std::size_t loop = 0; loop < places.size(); ++loop)
                while (step(loop)) busy = true;
        }
    }

    Connection& connect(std::size_t loop, const std::string& client_id, std::uint32_t expiry, bool clean = false) {
        const std::uint64_t id = ++last_id_;
        auto& connection = *(places[loop]->connections[id] =
                                 std::make_unique<Connection>(*places[loop], Peer{id, "10.0.0.1", "cert", std::nullopt, nullptr}));
        mqtt::Connect packet;
        packet.version = mqtt::Version::v5;
        packet.clean_start = clean;
        packet.client_id = client_id;
        std::array<std::uint8_t, 8> buffer{};
        mqtt::PropertyBuilder builder(buffer);
        if (expiry != 0) builder.number(mqtt::PropertyId::session_expiry_interval, expiry);
        packet.properties = *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(mqtt::PacketType::connect));
        std::vector<std::uint8_t> bytes(mqtt::encode(packet, {}));
        mqtt::encode(packet, bytes);
        connection.receive(bytes);
        return connection;
    }
    static void subscribe(Connection& connection, const std::string& filter, std::uint8_t qos = 1) {
        const mqtt::SubscribeEntry entry{filter, qos};
        std::vector<std::uint8_t> bytes(mqtt::encode_subscribe(1, std::span(&entry, 1), {}, mqtt::Version::v5, {}));
        mqtt::encode_subscribe(1, std::span(&entry, 1), {}, mqtt::Version::v5, bytes);
        connection.receive(bytes);
    }
    // Connected and subscribed, with everything settled.
    Connection& member(std::size_t loop, const std::string& client_id, std::uint32_t expiry, const std::string& filter) {
        auto& connection = connect(loop, client_id, expiry);
        settle();
        subscribe(connection, filter);
        settle();
        return connection;
    }
    // Everything that came; `acknowledged`: and is acknowledged.
    static std::vector<std::string> payloads(Connection& connection, bool acknowledged = true) {
        std::vector<std::string> out;
        std::vector<std::uint16_t> ids;
        const std::vector<std::uint8_t> bytes(connection.output().pending().begin(), connection.output().pending().end());
        connection.output().clear();
        for (ByteView rest(bytes); !rest.empty();) {
            const auto scan = mqtt::scan_frame(rest, 1U << 28);
            if (scan.frame.type == mqtt::PacketType::publish) {
                const auto packet = *mqtt::decode_publish(scan.frame, mqtt::Version::v5);
                out.emplace_back(as_text(packet.payload));
                if (packet.qos != 0) ids.push_back(packet.packet_id);
            }
            rest = rest.subspan(scan.frame.size);
        }
        for (const auto id : ids) {
            if (!acknowledged) break;
            std::array<std::uint8_t, 16> ack{};
            const auto size = mqtt::encode_puback({id, mqtt::ReasonCode::success, {}}, mqtt::Version::v5, ack);
            connection.receive(std::span(ack.data(), size));
        }
        return out;
    }
    void tick(std::chrono::seconds ahead = std::chrono::seconds(1)) {
        for (auto& place : places) {
            place->clock += ahead;
            place->broker().expire(place->clock);
        }
        settle();
    }
    static std::size_t messages(Connection& connection) {
        std::size_t count = 0;
        ByteView rest = connection.output().pending();
        while (!rest.empty()) {
            const auto scan = mqtt::scan_frame(rest, 1U << 28);
            if (scan.frame.type == mqtt::PacketType::publish) ++count;
            rest = rest.subspan(scan.frame.size);
        }
        connection.output().clear();
        return count;
    }
    void publish(std::size_t loop, const std::string& topic, std::uint8_t qos = 1, const std::string& payload = "x") {
        places[loop]->broker().publish(std::make_shared<Message>(Message{scope, topic, payload, qos}), nullptr, places[loop]->clock);
    }

    std::unique_ptr<SessionDirectory> directory = std::make_unique<SessionDirectory>();
    std::unique_ptr<ShareDirectory> shares = std::make_unique<ShareDirectory>();
    std::unique_ptr<StoreQueue> queue;
    std::unique_ptr<SessionStore> sessions;
    std::unique_ptr<RetainedStore> retained;
    std::vector<std::unique_ptr<Place>> places;

  private:
    std::filesystem::path folder_;
    std::unique_ptr<runtime::Store> store_;
    runtime::BlockingPool pool_{"test", 1, 64};
    std::mutex mutex_;
    std::vector<std::deque<std::function<void(Broker&)>>> queues_;
    std::uint64_t last_id_ = 0;
};

inline Place::Place(World& world, std::size_t number)
    : broker_(std::make_unique<Broker>(number, world, *world.directory, *world.shares, *world.sessions, *world.retained, settings_,
                                       [this](std::uint64_t id) { return find(id); })) {}

}  // namespace otabahn::gateway::testing
