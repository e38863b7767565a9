// SPDX-License-Identifier: Apache-2.0
// Sessions across loops, with the loops' queues in the test's hands: whatever order messages between them arrive in, a client id
// has one live connection in the end, the one that came last, and its session with everything in it.
#include "gateway/broker.hpp"

#include "gateway/connection.hpp"
#include "gateway/sql.hpp"
#include "mqtt/encode.hpp"
#include "retained/sql.hpp"
#include "store/store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <filesystem>
#include <mutex>
#include <random>

namespace otabahn::gateway {
namespace {

const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};

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
    static void subscribe(Connection& connection, const std::string& filter) {
        const mqtt::SubscribeEntry entry{filter, 1};
        std::vector<std::uint8_t> bytes(mqtt::encode_subscribe(1, std::span(&entry, 1), {}, mqtt::Version::v5, {}));
        mqtt::encode_subscribe(1, std::span(&entry, 1), {}, mqtt::Version::v5, bytes);
        connection.receive(bytes);
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
    void publish(std::size_t loop, const std::string& topic, std::uint8_t qos = 1) {
        places[loop]->broker().publish(std::make_shared<Message>(Message{scope, topic, "x", qos}), nullptr, places[loop]->clock);
    }

    SessionDirectory directory;
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

Place::Place(World& world, std::size_t number)
    : broker_(std::make_unique<Broker>(number, world, world.directory, *world.sessions, *world.retained, settings_,
                                       [this](std::uint64_t id) { return find(id); })) {}

TEST(Broker, SessionFollowsItsClientFromLoopToLoop) {
    World world(3);
    auto& first = world.connect(0, "c", 100);
    world.settle();
    World::subscribe(first, "t");
    world.settle();
    first.connection_lost("gone");
    world.publish(1, "t");
    world.settle();
    auto& second = world.connect(2, "c", 100);
    world.settle();
    EXPECT_EQ(World::messages(second), 1U);
    EXPECT_EQ(world.places[2]->broker().subscriptions(), 1U);
    // The loop that had it listens on for a moment.
    auto& left = world.places[0]->broker();
    left.expire(world.places[0]->clock);
    EXPECT_EQ(left.subscriptions(), 1U);
    left.expire(world.places[0]->clock + std::chrono::seconds(3));
    EXPECT_EQ(left.subscriptions(), 0U);
}

TEST(Broker, MessagePublishedWhileItsSessionIsBetweenLoopsArrivesOnce) {
    World world(3);
    auto& first = world.connect(0, "c", 100);
    world.settle();
    World::subscribe(first, "t");
    world.settle();
    world.publish(2, "t");
    auto& second = world.connect(1, "c", 100);
    world.publish(2, "t");
    while (world.step(0)) {
    }
    ASSERT_TRUE(first.ended());
    world.publish(2, "t");  // the session is in nobody's index
    world.settle();
    world.publish(2, "t");  // the loop that had it passes it on as well
    world.settle();
    EXPECT_EQ(World::messages(second), 4U);
}

TEST(Broker, MessagesPublishedDuringManyTakeoversAllArriveOnce) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        std::mt19937 random(seed);
        World world(3);
        auto& first = world.connect(0, "c", 100);
        world.settle();
        World::subscribe(first, "t");
        world.settle();
        std::size_t published = 0;
        for (int action = 0; action < 150; ++action) {
            const auto dice = random() % 10;
            if (dice < 2) {
                world.connect(random() % 3, "c", 100);
            } else if (dice < 5 && published < 60) {
                world.publish(random() % 3, "t");
                ++published;
            } else if (dice == 5) {
                world.queue->drain();
            } else {
                world.step(random() % 3);
            }
        }
        world.settle();
        auto& last = world.connect(random() % 3, "c", 100);
        world.settle();
        EXPECT_EQ(World::messages(last), published) << "seed " << seed;
    }
}

TEST(Broker, TrailOfAnEndedSessionGivesNothingToTheNextOneOfThatClient) {
    World world(3);
    auto& first = world.connect(0, "c", 100);
    world.settle();
    World::subscribe(first, "t");
    world.settle();
    auto& clean = world.connect(1, "c", 100, true);
    world.settle();
    world.publish(2, "t");
    world.settle();
    EXPECT_EQ(World::messages(clean), 0U);
    World::subscribe(clean, "t");
    world.settle();
    World::messages(clean);
    world.publish(2, "t");
    world.settle();
    EXPECT_EQ(World::messages(clean), 1U);
}

TEST(Broker, OverlappingSubscriptionsGiveOneCopyAtTheHigherQos) {
    World world(1);
    auto& client = world.connect(0, "c", 0);
    World::subscribe(client, "a/#");
    World::subscribe(client, "a/+");
    World::subscribe(client, "a/b");
    world.publish(0, "a/b");
    EXPECT_EQ(World::messages(client), 1U);
}

TEST(Broker, ExpiredSessionIsForgottenWithItsMessages) {
    World world(1);
    auto& client = world.connect(0, "c", 100);
    world.settle();
    World::subscribe(client, "t");
    client.connection_lost("gone");
    world.publish(0, "t");
    world.settle();
    EXPECT_EQ(world.sessions->load_all().size(), 1U);
    world.places[0]->broker().expire(world.places[0]->clock + std::chrono::seconds(99));
    EXPECT_EQ(world.places[0]->broker().sessions(), 1U);
    world.places[0]->broker().expire(world.places[0]->clock + std::chrono::seconds(100));
    world.settle();
    EXPECT_EQ(world.places[0]->broker().sessions(), 0U);
    EXPECT_TRUE(world.sessions->load_all().empty());
}

TEST(Broker, MessageAcknowledgedBeforeItsTurnNeverReachesTheStore) {
    World world(1);
    const SessionKey key{scope, "c"};
    std::vector<SessionStorage::Handle> handles;
    world.queue->drain();
    for (std::int64_t sequence = 1; sequence <= 100; ++sequence)
        handles.push_back(world.sessions->keep(key, sequence, std::make_shared<Message>(Message{scope, "t", "x", 1}), false, nullptr));
    for (std::int64_t sequence = 1; sequence <= 100; ++sequence)
        world.sessions->drop(key, sequence, handles[static_cast<std::size_t>(sequence - 1)]);
    std::optional<std::vector<StoredMessage>> left;
    world.sessions->fetch(key, 0, 1000, [&](auto found) { left = std::move(found); });
    world.queue->drain();
    ASSERT_TRUE(left.has_value());
    EXPECT_TRUE(left->empty());
}

// Whatever a database client may throw.
class BrokenStore final : public runtime::Store {
  protected:
    void run_read(const std::function<void(runtime::SqlSession&)>&) override { throw std::runtime_error("broken"); }
    void run_write(const std::function<bool(runtime::SqlSession&)>&) override { throw std::runtime_error("broken"); }
};

TEST(Broker, StoreThatThrowsAnythingFailsTheGroupAndNoLaterOneIsHeldUp) {
    BrokenStore store;
    runtime::BlockingPool pool{"test", 1, 64};
    StoreQueue queue(store, pool);
    SessionStore sessions(queue);
    for (int round = 0; round < 2; ++round) {
        std::optional<bool> stored;
        sessions.save({scope, "c"}, mqtt::Version::v5, 100, std::nullopt, [&](bool done) { stored = done; });
        queue.drain();
        EXPECT_EQ(stored, false);
    }
}

TEST(Broker, TakeoversInAnyOrderLeaveTheLastConnectionAlone) {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        std::mt19937 random(seed);
        World world(3);
        const bool persistent = seed % 2 == 0;
        std::vector<Connection*> all;
        for (int action = 0; action < 40; ++action) {
            switch (random() % 4) {
                case 0:
                    all.push_back(&world.connect(random() % 3, "c", persistent ? 100 : 0));
                    break;
                case 1:
                    if (!all.empty() && random() % 3 == 0) all[random() % all.size()]->connection_lost("gone");
                    break;
                default:
                    world.step(random() % 3);
                    break;
            }
        }
        auto& last = world.connect(random() % 3, "c", persistent ? 100 : 0);
        world.settle();
        for (const auto* connection : all) ASSERT_TRUE(connection->ended()) << "seed " << seed;
        ASSERT_FALSE(last.ended()) << "seed " << seed;
        ASSERT_NE(last.session(), nullptr) << "seed " << seed;
        std::size_t sessions = 0;
        for (const auto& place : world.places) sessions += place->broker().sessions();
        EXPECT_EQ(sessions, 1U) << "seed " << seed;
        World::subscribe(last, "t");
        world.settle();
        World::messages(last);
        world.publish(0, "t");
        world.settle();
        EXPECT_EQ(World::messages(last), 1U) << "seed " << seed;
    }
}

}  // namespace
}  // namespace otabahn::gateway
