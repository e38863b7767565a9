// SPDX-License-Identifier: Apache-2.0
#include "gateway/session.hpp"

#include <gtest/gtest.h>

#include <map>

namespace otabahn::gateway {
namespace {

const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};

class Wire final : public Outlet {
  public:
    bool open = true;
    bool ended = false;
    std::string refuse;
    std::vector<std::pair<std::string, std::uint16_t>> sent;
    bool may_receive(const Message& message) override { return message.topic != refuse; }
    bool has_room() const override { return open; }
    void deliver(const Message& message, std::uint8_t, std::uint16_t packet_id, bool) override {
        sent.emplace_back(message.payload, packet_id);
    }
    void overrun() override { ended = true; }
};

class Table final : public SessionStorage {
  public:
    std::map<std::int64_t, MessagePtr> rows;
    std::vector<std::pair<std::uint64_t, std::int64_t>> asked;
    Handle keep(const SessionKey&, std::int64_t sequence, const MessagePtr& message, bool, const TicketPtr&) override {
        rows[sequence] = message;
        return nullptr;
    }
    void drop(const SessionKey&, std::int64_t sequence, const Handle&) override { rows.erase(sequence); }
    void fetch(const Session&, std::uint64_t epoch, std::int64_t after, std::size_t) override { asked.emplace_back(epoch, after); }
    void answer(Session& session, std::size_t most = 100) {
        const auto [epoch, after] = asked.front();
        asked.erase(asked.begin());
        std::vector<StoredMessage> found;
        for (auto at = rows.upper_bound(after); at != rows.end() && found.size() < most; ++at) found.push_back({at->first, at->second});
        session.fetched(epoch, std::move(found));
    }
};

MessagePtr message(const std::string& payload, bool transient = false) {
    auto out = std::make_shared<Message>(Message{scope, "t", payload, 1});
    out->transient = transient;
    return out;
}

class SessionTest : public ::testing::Test {
  protected:
    void offer(const std::string& payload, std::uint8_t qos = 1) { session.offer(message(payload), {qos}, nullptr, aws_limits); }
    Table table;
    Wire wire;
    Session session{SessionKey{scope, "c"}, mqtt::Version::v5, table};
};

TEST_F(SessionTest, WindowHoldsBackUntilAnAcknowledgement) {
    session.attach(wire, 2);
    for (const char* payload : {"1", "2", "3"}) offer(payload);
    EXPECT_EQ(wire.sent.size(), 2U);
    EXPECT_FALSE(session.acknowledge(99));
    EXPECT_TRUE(session.acknowledge(wire.sent[0].second));
    ASSERT_EQ(wire.sent.size(), 3U);
    EXPECT_EQ(wire.sent[2].first, "3");
}

TEST_F(SessionTest, Qos0IsLostWhenNobodyReadsOrNobodyIsThere) {
    offer("offline", 0);
    session.attach(wire, 2);
    wire.open = false;
    offer("full", 0);
    wire.open = true;
    offer("fine", 0);
    ASSERT_EQ(wire.sent.size(), 1U);
    EXPECT_EQ(wire.sent[0].first, "fine");
}

TEST_F(SessionTest, CleanSessionThatNeverReadsIsEnded) {
    session.attach(wire, 1);
    for (std::size_t i = 0; i <= queued_messages; ++i) offer("x");
    EXPECT_FALSE(wire.ended);
    offer("x");
    EXPECT_TRUE(wire.ended);
    EXPECT_TRUE(table.rows.empty());
}

TEST_F(SessionTest, PersistentSessionThatNeverReadsGrowsInTheStoreAlone) {
    session.expiry_seconds = 100;
    session.attach(wire, 1);
    for (int i = 0; i < 5000; ++i) offer(std::to_string(i));
    EXPECT_FALSE(wire.ended);
    EXPECT_EQ(table.rows.size(), 5000U);
    // Everything comes, in order, as it is acknowledged.
    for (std::size_t next = 0; next < 5000; ++next) {
        while (!table.asked.empty()) table.answer(session);
        ASSERT_EQ(wire.sent.size(), next + 1);
        ASSERT_EQ(wire.sent[next].first, std::to_string(next));
        session.acknowledge(wire.sent[next].second);
    }
    EXPECT_TRUE(table.rows.empty());
    EXPECT_EQ(session.waiting(), 0U);
}

TEST_F(SessionTest, UnacknowledgedMessagesComeAgainFirst) {
    session.expiry_seconds = 100;
    session.attach(wire, 10);
    offer("1");
    offer("2");
    session.acknowledge(wire.sent[0].second);
    session.detach();
    offer("3");
    wire.sent.clear();
    session.attach(wire, 10);
    session.pump();
    table.answer(session);
    ASSERT_EQ(wire.sent.size(), 2U);
    EXPECT_EQ(wire.sent[0].first, "2");
    EXPECT_EQ(wire.sent[1].first, "3");
}

TEST_F(SessionTest, LateAnswerOfTheStoreIsForTheOldConnection) {
    session.expiry_seconds = 100;
    offer("1");
    session.attach(wire, 10);
    session.pump();
    session.detach();
    Wire next;
    session.attach(next, 10);
    table.answer(session);
    EXPECT_TRUE(next.sent.empty());
    session.pump();
    table.answer(session);
    EXPECT_EQ(next.sent.size(), 1U);
}

TEST_F(SessionTest, StoreThatFailsIsAskedAgain) {
    session.expiry_seconds = 100;
    offer("1");
    session.attach(wire, 10);
    session.pump();
    session.fetched(table.asked.front().first, std::nullopt);
    table.asked.clear();
    session.pump();
    table.answer(session);
    EXPECT_EQ(wire.sent.size(), 1U);
}

TEST_F(SessionTest, MessageThatComesDuringAFetchThatFindsNothingIsNotForgotten) {
    session.expiry_seconds = 100;
    offer("lost");
    table.rows.clear();  // its group failed
    session.attach(wire, 10);
    session.pump();
    offer("next");
    const std::uint64_t epoch = table.asked.front().first;
    table.asked.clear();
    session.fetched(epoch, std::vector<StoredMessage>());  // asked before the second one was stored
    ASSERT_EQ(table.asked.size(), 1U);
    table.answer(session);
    ASSERT_EQ(wire.sent.size(), 1U);
    EXPECT_EQ(wire.sent[0].first, "next");
    EXPECT_EQ(session.stored(), 1U);
}

TEST_F(SessionTest, StoredMessagesAreBoundedAndTheNewestAreLost) {
    session.expiry_seconds = 100;
    Limits limits;
    limits.stored_messages = 3;
    for (const char* payload : {"1", "2", "3", "4"}) session.offer(message(payload), {1}, nullptr, limits);
    EXPECT_EQ(table.rows.size(), 3U);
    EXPECT_EQ(table.rows.rbegin()->second->payload, "3");
}

TEST_F(SessionTest, RepliesAreNeverStored) {
    session.expiry_seconds = 100;
    session.offer(message("reply", true), {1}, nullptr, aws_limits);
    EXPECT_TRUE(table.rows.empty());
    session.attach(wire, 1);
    session.offer(message("reply", true), {1}, nullptr, aws_limits);
    EXPECT_EQ(wire.sent.size(), 1U);
    EXPECT_TRUE(table.rows.empty());
}

TEST_F(SessionTest, MessageThatMayNoLongerBeReceivedLeavesTheStore) {
    session.expiry_seconds = 100;
    offer("1");
    wire.refuse = "t";
    session.attach(wire, 10);
    session.pump();
    table.answer(session);
    EXPECT_TRUE(wire.sent.empty());
    EXPECT_TRUE(table.rows.empty());
}

TEST_F(SessionTest, PacketIdsInFlightAreNotUsedAgain) {
    session.attach(wire, 65'535);
    offer("first");
    const std::uint16_t first = wire.sent[0].second;
    for (int i = 0; i < 65'540; ++i) {
        offer("x");
        EXPECT_NE(wire.sent.back().second, first);
        EXPECT_NE(wire.sent.back().second, 0);
        session.acknowledge(wire.sent.back().second);
    }
}

TEST_F(SessionTest, GrantedQosIsTheHighestOfWhatMatches) {
    session.add("a/#").qos = 0;
    session.add("a/b").qos = 1;
    EXPECT_EQ(session.granted("a/b"), 1);
    EXPECT_EQ(session.granted("a/c"), 0);
    EXPECT_EQ(session.granted("b"), std::nullopt);
}

}  // namespace
}  // namespace otabahn::gateway
