// SPDX-License-Identifier: Apache-2.0
// Shared subscriptions across loops (spec gateway 1.9): one member gets each message, wherever it lives and whatever moves meanwhile.
#include "gateway/world_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace otabahn::gateway {
namespace {

using testing::World;

constexpr const char* group = "$share/workers/t/#";

std::size_t count_of(std::vector<Connection*> members) {
    std::size_t sum = 0;
    for (auto* member : members) sum += World::payloads(*member).size();
    return sum;
}

TEST(BrokerShares, EachMessageGoesToOneMemberOnWhicheverLoop) {
    World world(3);
    std::vector<Connection*> members;
    for (std::size_t loop = 0; loop < 3; ++loop) {
        members.push_back(&world.connect(loop, "m" + std::to_string(loop), 0));
        world.settle();
        World::subscribe(*members.back(), group);
    }
    world.settle();
    count_of(members);
    for (int i = 0; i < 300; ++i) {
        world.publish(static_cast<std::size_t>(i % 3), "t/x", static_cast<std::uint8_t>(i % 2));
        world.settle();
    }
    std::size_t sum = 0;
    for (auto* member : members) {
        const auto got = World::payloads(*member).size();
        EXPECT_GT(got, 30U);  // by chance, none is left out
        sum += got;
    }
    // An in-flight window holds 100, and nobody acknowledged meanwhile: nothing is lost below it.
    EXPECT_EQ(sum, 300U);
}

TEST(BrokerShares, EveryMatchingGroupAndEveryOrdinarySubscriptionGetsACopy) {
    World world(2);
    auto& first = world.connect(0, "a", 0);
    auto& second = world.connect(1, "b", 0);
    world.settle();
    World::subscribe(first, "$share/one/t/#");
    World::subscribe(first, "$share/two/t/#");
    World::subscribe(first, "$share/one/t/+");
    World::subscribe(second, "t/x");
    World::subscribe(first, "t/x");
    world.settle();
    count_of({&first, &second});
    world.publish(1, "t/x");
    world.settle();
    EXPECT_EQ(World::messages(first), 4U);
    EXPECT_EQ(World::messages(second), 1U);
}

TEST(BrokerShares, MembersOfOneScopeAreNotThoseOfAnother) {
    World world(2);
    auto& member = world.member(0, "a", 0, group);
    World::messages(member);
    const Scope other{AccountId::trusted("000000000000"), Region::trusted("eu-west-1")};
    for (auto& place : world.places)
        place->broker().publish(std::make_shared<Message>(Message{other, "t/x", "x", 1}), nullptr, place->clock);
    world.settle();
    EXPECT_EQ(World::messages(member), 0U);
}

TEST(BrokerShares, MemberThatLeavesGetsNothingMoreAndTheOthersGetItAll) {
    World world(2);
    auto& first = world.connect(0, "a", 0);
    auto& second = world.connect(1, "b", 0);
    world.settle();
    World::subscribe(first, group);
    World::subscribe(second, group);
    world.settle();
    count_of({&first, &second});
    first.connection_lost("gone");
    world.settle();
    for (int i = 0; i < 20; ++i) world.publish(0, "t/x");
    world.settle();
    EXPECT_EQ(World::payloads(second).size(), 20U);
}

TEST(BrokerShares, MessageForAMemberThatHasJustGoneIsGivenToAnother) {
    World world(3);
    auto& first = world.connect(0, "a", 0);
    auto& second = world.connect(1, "b", 0);
    world.settle();
    World::subscribe(first, group);
    World::subscribe(second, group);
    world.settle();
    count_of({&first, &second});
    for (int i = 0; i < 20; ++i) world.publish(2, "t/x");
    while (world.step(2)) {
    }
    first.connection_lost("gone");  // what was meant for it is on its way
    world.settle();
    EXPECT_EQ(World::payloads(second).size(), 20U);
}

TEST(BrokerShares, WithoutAPersistentMemberNothingIsKept) {
    World world(2);
    auto& first = world.member(0, "a", 0, group);
    first.connection_lost("gone");
    world.publish(1, "t/x");
    world.settle();
    auto& second = world.member(1, "b", 0, group);
    World::messages(second);
    world.tick();
    EXPECT_EQ(World::messages(second), 0U);
}

TEST(BrokerShares, QueueOfAPersistentMembersGroupIsDrainedToWhoeverComesAtTwentyASecond) {
    World world(2);
    auto& persistent = world.member(0, "a", 100, group);
    persistent.connection_lost("gone");
    world.settle();
    for (int i = 0; i < 50; ++i) world.publish(1, "t/x", 1, std::to_string(i));
    world.publish(1, "t/x", 0);  // QoS 0 is dropped
    world.settle();
    auto& other = world.member(1, "b", 0, group);
    World::payloads(other);
    std::vector<std::string> got;
    for (const std::size_t expected : {20U, 20U, 10U, 0U}) {
        world.tick();
        const auto now = World::payloads(other);
        EXPECT_EQ(now.size(), expected);
        got.insert(got.end(), now.begin(), now.end());
    }
    ASSERT_EQ(got.size(), 50U);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST(BrokerShares, PersistentMemberTakesTheQueueWhenItResumesOnAnotherLoop) {
    World world(3);
    auto& first = world.member(0, "a", 100, group);
    first.connection_lost("gone");
    for (int i = 0; i < 10; ++i) world.publish(1, "t/x", 1, std::to_string(i));
    world.settle();
    auto& second = world.connect(2, "a", 100);
    world.settle();
    EXPECT_EQ(World::payloads(second).size(), 0U);
    world.tick();
    EXPECT_EQ(World::payloads(second).size(), 10U);
    world.publish(0, "t/x");
    world.settle();
    EXPECT_EQ(World::payloads(second).size(), 1U);
}

TEST(BrokerShares, QueueSurvivesARestartWithItsMembers) {
    World world(2);
    auto& member = world.member(0, "a", 100, group);
    member.connection_lost("gone");
    for (int i = 0; i < 3; ++i) world.publish(0, "t/x", 1, std::to_string(i));
    world.settle();
    world.restart();
    for (int i = 3; i < 5; ++i) world.publish(1, "t/x", 1, std::to_string(i));
    world.settle();
    auto& again = world.connect(1, "a", 100);
    world.settle();
    world.tick();
    EXPECT_THAT(World::payloads(again), ::testing::ElementsAre("0", "1", "2", "3", "4"));
}

TEST(BrokerShares, LastMemberTakesTheQueueWithIt) {
    World world(1);
    auto& member = world.member(0, "a", 100, group);
    member.connection_lost("gone");
    world.publish(0, "t/x");
    world.settle();
    EXPECT_EQ(world.sessions->load_backlog({testing::scope, group}).first, 1U);
    world.tick(std::chrono::seconds(100));  // the session ends
    world.tick();
    EXPECT_EQ(world.sessions->load_backlog({testing::scope, group}).first, 0U);
    EXPECT_EQ(world.places[0]->broker().subscriptions(), 0U);
}

TEST(BrokerShares, LimitsOfGroupsAndMembers) {
    ShareDirectory directory;
    Limits limits;
    limits.share_groups = 2, limits.share_members = 2;
    const auto join = [&](const char* filter) { return directory.join({testing::scope, filter}, limits); };
    EXPECT_EQ(join("$share/a/t"), ShareJoin::joined);
    EXPECT_EQ(join("$share/b/t"), ShareJoin::joined);
    EXPECT_EQ(join("$share/a/u"), ShareJoin::too_many_groups);  // a group is the pair of name and filter
    EXPECT_EQ(join("$share/a/t"), ShareJoin::joined);
    EXPECT_EQ(join("$share/a/t"), ShareJoin::too_many_members);
    directory.leave({testing::scope, "$share/b/t"});
    EXPECT_EQ(join("$share/a/u"), ShareJoin::joined);
}

TEST(BrokerShares, WhateverMovesWhileMessagesAreOnTheirWayEachPersistentOneArrivesOnce) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 random(seed);
        World world(3);
        std::vector<Connection*> all;
        for (const char* id : {"a", "b"}) {
            all.push_back(&world.connect(random() % 3, id, 100));
            world.settle();
            World::subscribe(*all.back(), group);
        }
        world.settle();
        std::size_t published = 0, got = 0;
        for (int action = 0; action < 120; ++action) {
            switch (random() % 8) {
                case 0:
                    all.push_back(&world.connect(random() % 3, random() % 2 == 0 ? "a" : "b", 100));
                    break;
                case 1:
                    all[random() % all.size()]->connection_lost("gone");
                    break;
                case 2:
                    if (published < 40) {
                        world.publish(random() % 3, "t/x", 1, std::to_string(published));
                        ++published;
                    }
                    break;
                case 3:
                    world.queue->drain();
                    break;
                default:
                    world.step(random() % 3);
            }
        }
        world.settle();
        for (auto* connection : all)
            if (!connection->ended()) connection->connection_lost("gone");
        world.settle();
        auto& a = world.connect(random() % 3, "a", 100);
        auto& b = world.connect(random() % 3, "b", 100);
        world.settle();
        for (int round = 0; round < 6; ++round) {
            world.tick();
            got += count_of({&a, &b});
        }
        // Whoever is cut off while a message is on its way may get it again; none was acknowledged before.
        EXPECT_EQ(got, published) << "seed " << seed;
    }
}

}  // namespace
}  // namespace otabahn::gateway
