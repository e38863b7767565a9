// SPDX-License-Identifier: Apache-2.0
// Sessions across loops: whatever order messages between them arrive in, a client id has one live connection in the end, the one
// that came last, and its session with everything in it.
#include "gateway/world_test.hpp"

#include <gtest/gtest.h>

#include <random>

namespace otabahn::gateway {
namespace {

using testing::scope;
using testing::World;

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
