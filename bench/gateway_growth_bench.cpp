// SPDX-License-Identifier: Apache-2.0
// What a message costs the gateway without sockets, TLS and store, among few and among a million clients: decode, judge the
// publisher, find who subscribed, judge the subscriber, encode. Each message goes to another client, far away in memory, so that
// what is measured is a fleet's case and not a cache's. Built on demand: ninja gateway_growth_bench.
#include "gateway/broker.hpp"
#include "gateway/connection.hpp"
#include "mqtt/encode.hpp"
#include "runtime/pool.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <deque>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

using namespace otabahn;
using namespace otabahn::gateway;

namespace {

constexpr std::size_t stride = 7919;  // a prime: the next client is far away
const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};

// Sessions that end with their connection never ask it.
class NoStore final : public runtime::Store {
  protected:
    void run_read(const std::function<void(runtime::SqlSession&)>&) override { throw std::logic_error("nothing is read here"); }
    void run_write(const std::function<bool(runtime::SqlSession&)>&) override { throw std::logic_error("nothing is written here"); }
};

class Fleet final : public ConnectionHost, public Loops {
  public:
    explicit Fleet(std::size_t size) {
        const double before = resident_bytes();
        connections_.reserve(size);
        for (std::size_t number = 0; number < size; ++number) join(number);
        bytes_each = (resident_bytes() - before) / static_cast<double>(size);
    }
    ~Fleet() override { connections_.clear(); }
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    // From the first client to client `number`; false: it did not arrive.
    bool travel(std::size_t number, std::uint8_t qos) {
        static const std::array<std::uint8_t, 100> payload{};
        const std::string topic = topic_of(number);
        mqtt::Publish packet;
        packet.topic = topic;
        packet.payload = payload;
        packet.qos = qos;
        packet.packet_id = 1;
        send(*connections_[0], [&](mqtt::Out out) { return mqtt::encode(packet, mqtt::Version::v3_1_1, out); });
        auto& to = *connections_[number];
        const auto scan = mqtt::scan_frame(to.output().pending(), 1 << 20);
        if (scan.state != mqtt::FrameScan::State::complete) return false;
        const auto came = mqtt::decode_publish(scan.frame, mqtt::Version::v3_1_1);
        if (!came || came->payload.size() != payload.size()) return false;
        const mqtt::Puback answer{.packet_id = came->packet_id};
        to.output().clear();
        if (qos != 0) send(to, [&](mqtt::Out out) { return mqtt::encode_puback(answer, mqtt::Version::v3_1_1, out); });
        return true;
    }
    double bytes_each = 0;

    // ConnectionHost
    Timestamp now() const override { return from_millis(1'700'000'000'000); }
    const ConnectionSettings& settings() const override { return settings_; }
    const TopicTable& topics() const override { return topics_; }
    BufferPool& buffers() override { return buffers_; }
    Tally& tally() override { return tally_; }
    std::string random_client_id() override { return "nobody"; }
    void load_admission(Connection& connection, const std::string&) override { connection.admitted(admission_); }
    void open_session(Connection& connection, SessionRequest request) override { broker_.open(connection, std::move(request)); }
    void leave_session(Connection& connection, Session& session) override { broker_.leave(connection, session, now()); }
    void index(Subscription& subscription) override { broker_.index(subscription); }
    void unindex(Subscription& subscription) override { broker_.unindex(subscription); }
    ShareJoin join_share(Session& session, std::string_view filter) override { return broker_.join_share(session, filter); }
    void leave_share(Session& session, std::string_view filter) override { broker_.leave_share(session, filter); }
    void share_changed(Session& session) override { broker_.share_changed(session); }
    void store_subscriptions(Connection&, SubscriptionChange, std::string) override { throw std::logic_error("nothing is stored here"); }
    void fetch_retained(Session&, std::vector<RetainedWish>) override {}
    TicketPtr make_ticket(Connection&, std::uint16_t packet_id) override { return std::make_shared<Ticket>(*this, packet_id); }
    void publish(MessagePtr message, TicketPtr ticket) override { broker_.publish(message, ticket, now()); }
    void publish_for_service(const Scope&, runtime::Publication) override {}
    void call(Connection&, runtime::TopicService&, runtime::TopicCall) override {}
    void finish_calls_of(Connection&, std::deque<ServiceCall>) override {}
    bool answer_stream(Connection&, const streams::BlockRequest&, streams::BlockSink&) override { return true; }
    void wake(Connection&) override {}

    // Loops
    std::size_t count() const override { return 1; }
    void post(std::size_t, std::function<void(Broker&)> work) override { work(broker_); }
    bool listens(std::size_t) const override { return true; }

  private:
    class Ticket final : public PublishTicket {
      public:
        Ticket(Fleet& fleet, std::uint16_t packet_id) : fleet_(fleet), packet_id_(packet_id) {}
        ~Ticket() override { fleet_.connections_[0]->published(packet_id_, outcome_); }
        void fail(PublishOutcome outcome) override { outcome_ = outcome; }

      private:
        Fleet& fleet_;
        std::uint16_t packet_id_;
        PublishOutcome outcome_ = PublishOutcome::stored;
    };

    static std::string topic_of(std::size_t number) { return "bench/device/" + std::to_string(number); }

    static AdmissionPtr allow_everything() {
        auto document = policy::parse(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}})",
                                      policy::Dialect::iot);
        return std::make_shared<Admission>(Admission{scope, "certificate", "ACTIVE", {{"bench", *document}}, {}, {}});
    }

    static double resident_bytes() {
        double pages = 0;
        std::ifstream file("/proc/self/statm");
        file >> pages >> pages;
        return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
    }

    template <class F>
    void send(Connection& connection, F encode_into) {
        std::array<std::uint8_t, 512> room;
        const std::size_t size = encode_into(std::span(room));
        connection.receive(ByteView(room).first(size));
        if (&connection == connections_[0].get()) connection.output().clear();  // a PUBACK
    }

    void join(std::size_t number) {
        auto& connection =
            *connections_.emplace_back(std::make_unique<Connection>(*this, Peer{number + 1, "127.0.0.1", "certificate", {}, nullptr}));
        const std::string client_id = "client-" + std::to_string(number), filter = topic_of(number);
        mqtt::Connect connect;
        connect.client_id = client_id;
        connect.keep_alive = 1200;
        send(connection, [&](mqtt::Out out) { return mqtt::encode(connect, out); });
        const std::array entries{mqtt::SubscribeEntry{.filter = filter, .qos = 1}};
        send(connection, [&](mqtt::Out out) { return mqtt::encode_subscribe(1, entries, {}, mqtt::Version::v3_1_1, out); });
        connection.output().clear();
    }

    ConnectionSettings settings_;
    TopicTable topics_{{}};
    BufferPool buffers_;
    Tally tally_;
    AdmissionPtr admission_ = allow_everything();
    NoStore store_;
    runtime::BlockingPool pool_{"bench", 1, 1};
    StoreQueue queue_{store_, pool_};
    SessionStore sessions_{queue_};
    RetainedStore retained_{queue_, 0};
    SessionDirectory directory_;
    ShareDirectory shares_;
    Broker broker_{
        0,          *this,
        directory_, shares_,
        sessions_,  retained_,
        settings_,  [this](std::uint64_t id) {
                       return id == 0 || id > connections_.size() ? nullptr : connections_[id - 1].get(); }};
    std::vector<std::unique_ptr<Connection>> connections_;
};

// Arguments: clients, each with a session and a subscription; QoS.
void message(benchmark::State& state) {
    // One fleet at a time; the library comes several times to the same.
    static std::unique_ptr<Fleet> fleet;
    static std::size_t size = 0;
    if (size != static_cast<std::size_t>(state.range(0))) {
        fleet.reset();
        size = static_cast<std::size_t>(state.range(0));
        fleet = std::make_unique<Fleet>(size);
    }
    std::size_t number = 1;
    for (auto _ : state) {
        number = (number + stride) % size;
        if (number == 0) number = 1;
        if (!fleet->travel(number, static_cast<std::uint8_t>(state.range(1)))) {
            state.SkipWithError("a message did not arrive");
            break;
        }
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["bytes_each"] = fleet->bytes_each;
}

}  // namespace

BENCHMARK(message)->Apply([](benchmark::internal::Benchmark* bench) {
    for (const int clients : {100, 10'000, 100'000, 1'000'000})
        for (const int qos : {0, 1}) bench->Args({clients, qos});
});
BENCHMARK_MAIN();
