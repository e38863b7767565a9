// SPDX-License-Identifier: Apache-2.0
// What every capability relies on, on each engine.
#include "store/store.hpp"

#include "store/store_suite.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>
#include <tuple>

namespace otabahn::store {
namespace {

using runtime::sql;
using runtime::SqlSession;
using runtime::SqlValue;
using runtime::StoreFailure;

constexpr std::string_view schema = R"(
CREATE TABLE test_item (
    name TEXT NOT NULL PRIMARY KEY,
    amount BIGINT,
    ratio DOUBLE PRECISION,
    note TEXT
);
CREATE TABLE test_part (
    item TEXT NOT NULL REFERENCES test_item (name),
    name TEXT NOT NULL,
    PRIMARY KEY (item, name)
);
)";
constexpr std::string_view insert_item =
    "INSERT INTO test_item (name, amount) VALUES (:name, :amount) ON CONFLICT DO NOTHING RETURNING name";
constexpr std::string_view insert_whole = "INSERT INTO test_item (name, amount, ratio, note) VALUES (:name, :amount, :ratio, :note)";
constexpr std::string_view find_amount = "SELECT amount FROM test_item WHERE name = :name";
constexpr std::string_view add_amount = "UPDATE test_item SET amount = amount + :more WHERE name = :name RETURNING amount";
constexpr std::string_view count_items = "SELECT COUNT(*), MAX(amount), SUM(amount), COALESCE(MIN(amount), 0) FROM test_item";

class StoreTest : public ::testing::TestWithParam<testing::TestEngine> {
  protected:
    StoreTest() : store_(GetParam().open({{"test", schema}})) {}

    Result<bool> insert(const std::string& name, std::int64_t amount) {
        return (*store_)->write([&](SqlSession& session) -> Result<bool> {
            return session.query_one(insert_item, {{"name", sql(name)}, {"amount", sql(amount)}}).has_value();
        });
    }
    std::optional<std::int64_t> amount(const std::string& name) {
        return (*store_)->read([&](SqlSession& session) -> std::optional<std::int64_t> {
            const auto row = session.query_one(find_amount, {{"name", sql(name)}});
            return row ? std::optional(row->integer(0)) : std::nullopt;
        });
    }

    std::unique_ptr<testing::TestStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Engines, StoreTest, ::testing::ValuesIn(testing::engines()), testing::engine_name);

TEST_P(StoreTest, ValuesComeBackWithTheirTypes) {
    const std::string text = "Grüße, 'quoted' \"twice\" \\ \n:name $1 ?1";
    const auto lowest = std::numeric_limits<std::int64_t>::min();
    ASSERT_TRUE((*store_)->write([&](SqlSession& session) -> Result<void> {
        EXPECT_EQ(session.execute(insert_whole, {{"name", sql("a")}, {"amount", sql(lowest)}, {"ratio", sql(0.1)}, {"note", sql(text)}}),
                  1);
        EXPECT_EQ(session.execute(insert_whole, {{"name", sql("b")}, {"amount", SqlValue()}, {"ratio", SqlValue()}, {"note", SqlValue()}}),
                  1);
        EXPECT_EQ(
            session.execute(insert_whole, {{"name", sql("c")}, {"amount", sql(5'000'000'000)}, {"ratio", sql(2.0)}, {"note", sql("")}}), 1);
        return {};
    }));
    (*store_)->read([&](SqlSession& session) {
        const auto rows = session.query("SELECT name, amount, ratio, note FROM test_item ORDER BY name", {});
        EXPECT_EQ(rows.size(), 3u);
        EXPECT_EQ(rows.at(0).integer(1), lowest);
        EXPECT_EQ(rows.at(0).real(2), 0.1);
        EXPECT_EQ(rows.at(0).text(3), text);
        EXPECT_TRUE(rows.at(1).is_null(1) && rows.at(1).is_null(2) && rows.at(1).is_null(3));
        EXPECT_EQ(rows.at(2).integer(1), 5'000'000'000);
        EXPECT_EQ(rows.at(2).real(2), 2.0);
        EXPECT_FALSE(rows.at(2).is_null(3));
        return 0;
    });
}

TEST_P(StoreTest, AnExpressionOverBigintsIsAnInteger) {
    ASSERT_TRUE(insert("a", 3'000'000'000));
    ASSERT_TRUE(insert("b", 3'000'000'000));
    (*store_)->read([&](SqlSession& session) {
        const auto row = session.query_one(count_items, {});
        EXPECT_EQ(row->integer(0), 2);
        EXPECT_EQ(row->integer(1), 3'000'000'000);
        EXPECT_EQ(row->integer(2), 6'000'000'000);
        EXPECT_EQ(row->integer(3), 3'000'000'000);
        return 0;
    });
}

TEST_P(StoreTest, AnExpectedConflictIsAStatementWithoutARow) {
    EXPECT_TRUE(*insert("a", 1));
    EXPECT_FALSE(*insert("a", 2));
    EXPECT_EQ(amount("a"), 1);
}

TEST_P(StoreTest, AnUpdateReturnsWhatItWroteAndExecuteCountsRows) {
    ASSERT_TRUE(insert("a", 1));
    const auto after = (*store_)->write([&](SqlSession& session) -> Result<std::int64_t> {
        EXPECT_EQ(session.execute("UPDATE test_item SET amount = 0 WHERE name = :name", {{"name", sql("none")}}), 0);
        return session.query_one(add_amount, {{"name", sql("a")}, {"more", sql(41)}})->integer(0);
    });
    EXPECT_EQ(*after, 42);
}

TEST_P(StoreTest, ANullAndAValueTakeTurnsInOneStatement) {
    const auto count = [&](std::optional<std::string> note) {
        return (*store_)->read([&](SqlSession& session) {
            return session
                .query_one("SELECT COUNT(*) FROM test_item WHERE CAST(:note AS TEXT) IS NULL OR note = :note", {{"note", sql(note)}})
                ->integer(0);
        });
    };
    ASSERT_TRUE(insert("a", 1));
    for (int turn = 0; turn < 2; ++turn) {
        EXPECT_EQ(count(std::nullopt), 1);
        EXPECT_EQ(count("x"), 0);
    }
}

TEST_P(StoreTest, KeysComeInTheOrderOfTheirBytes) {
    for (const char* name : {"b", "B", "a-b", "a_b", "aB", "Z", "\xc3\xa4"}) ASSERT_TRUE(insert(name, 1));
    const auto names = (*store_)->read([](SqlSession& session) {
        std::string out;
        for (const auto& row : session.query("SELECT name FROM test_item WHERE name > :after ORDER BY name", {{"after", sql("B")}}))
            out += row.text(0) + " ";
        return out;
    });
    EXPECT_EQ(names, "Z a-b aB a_b b \xc3\xa4 ");
}

TEST_P(StoreTest, AnOperationThatFailsAfterItWroteIsUndone) {
    const auto refused = (*store_)->write([&](SqlSession& session) -> Result<void> {
        session.query(insert_item, {{"name", sql("a")}, {"amount", sql(1)}});
        return fail(ErrorCode::conflict, "Changed its mind.");
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(amount("a"), std::nullopt);
}

TEST_P(StoreTest, AnOperationThatThrowsIsUndoneAndItsExceptionReachesItsCaller) {
    EXPECT_THROW((*store_)->write([&](SqlSession& session) -> Result<void> {
        session.query(insert_item, {{"name", sql("a")}, {"amount", sql(1)}});
        throw std::out_of_range("a bug");
    }),
                 std::out_of_range);
    EXPECT_EQ(amount("a"), std::nullopt);
    EXPECT_TRUE(insert("b", 1));
}

TEST_P(StoreTest, AWrongStatementFailsWithItsTextAndTheStoreGoesOn) {
    try {
        std::ignore = (*store_)->write([](SqlSession& session) -> Result<void> {
            session.execute("INSERT INTO nowhere (a) VALUES (1)", {});
            return {};
        });
        FAIL() << "the statement passed";
    } catch (const StoreFailure& failure) {
        EXPECT_NE(std::string(failure.what()).find("INSERT INTO nowhere"), std::string::npos) << failure.what();
    }
    EXPECT_THROW((*store_)->read([](SqlSession& session) { return session.query("SELECT a FROM nowhere", {}).size(); }), StoreFailure);
    EXPECT_TRUE(*insert("a", 1));
    EXPECT_EQ(amount("a"), 1);
}

TEST_P(StoreTest, AnErrorThatTheOperationPassedOverCommitsNothing) {
    const auto swallow = [&] {
        return (*store_)->write([](SqlSession& session) -> Result<void> {
            session.query(insert_item, {{"name", sql("a")}, {"amount", sql(1)}});
            try {
                session.execute("INSERT INTO nowhere (a) VALUES (1)", {});
            } catch (const StoreFailure&) {
            }
            return {};
        });
    };
    EXPECT_THROW(swallow(), StoreFailure);
    EXPECT_EQ(amount("a"), std::nullopt);
}

TEST_P(StoreTest, AForeignKeyIsHeld) {
    EXPECT_THROW((*store_)->write([](SqlSession& session) -> Result<void> {
        session.execute("INSERT INTO test_part (item, name) VALUES (:item, :name)", {{"item", sql("none")}, {"name", sql("p")}});
        return {};
    }),
                 StoreFailure);
}

TEST_P(StoreTest, AReadMayNotWrite) {
    EXPECT_THROW((*store_)->read([](SqlSession& session) {
        return session.query(insert_item, {{"name", sql("a")}, {"amount", sql(1)}}).size();
    }),
                 StoreFailure);
    EXPECT_EQ(amount("a"), std::nullopt);
}

TEST_P(StoreTest, AReadSeesOneStateWhateverIsWrittenMeanwhile) {
    ASSERT_TRUE(insert("a", 1));
    (*store_)->read([&](SqlSession& session) {
        EXPECT_EQ(session.query_one(find_amount, {{"name", sql("a")}})->integer(0), 1);
        std::thread([&] {
            EXPECT_TRUE((*store_)->write([](SqlSession& writing) -> Result<void> {
                writing.execute(add_amount, {{"name", sql("a")}, {"more", sql(1)}});
                return {};
            }));
        }).join();
        EXPECT_EQ(session.query_one(find_amount, {{"name", sql("a")}})->integer(0), 1);
        return 0;
    });
    EXPECT_EQ(amount("a"), 2);
}

TEST_P(StoreTest, AnOperationInsideAnotherIsRefusedInsteadOfWaitingForItself) {
    EXPECT_THROW((*store_)->read([&](SqlSession&) { return amount("a"); }), std::logic_error);
    EXPECT_THROW((*store_)->write([&](SqlSession&) -> Result<bool> { return insert("a", 1); }), std::logic_error);
    EXPECT_THROW((*store_)->write([&](SqlSession&) -> Result<bool> { return amount("a").has_value(); }), std::logic_error);
    EXPECT_EQ(amount("a"), std::nullopt);
}

// Whatever shares a group with failing and throwing operations is there once, exactly when its caller was told so.
TEST_P(StoreTest, InAGroupOneCallersFailureIsNobodyElses) {
    ASSERT_TRUE(insert("sum", 0));
    std::atomic<int> kept{0}, refused{0}, thrown{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 24; ++caller)
        callers.emplace_back([&, caller] {
            for (int turn = 0; turn < 10; ++turn) {
                try {
                    const auto outcome = (*store_)->write([&](SqlSession& session) -> Result<void> {
                        session.query(add_amount, {{"name", sql("sum")}, {"more", sql(1)}});
                        if (caller % 8 == 3 && turn % 3 == 1) return fail(ErrorCode::conflict, "no");
                        if (caller % 8 == 5 && turn % 3 == 2) session.execute("UPDATE nowhere SET a = 1", {});
                        return {};
                    });
                    ++(outcome ? kept : refused);
                } catch (const StoreFailure&) {
                    ++thrown;
                }
            }
        });
    for (auto& caller : callers) caller.join();
    EXPECT_EQ(refused, 3 * 3);
    EXPECT_EQ(thrown, 3 * 3);
    EXPECT_EQ(amount("sum"), kept.load());
}

TEST_P(StoreTest, MoreReadersThanSessionsWaitTheirTurn) {
    ASSERT_TRUE(insert("a", 7));
    std::atomic<int> right{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 32; ++caller)
        callers.emplace_back([&] {
            for (int turn = 0; turn < 20; ++turn) right += amount("a") == 7;
        });
    for (auto& caller : callers) caller.join();
    EXPECT_EQ(right, 32 * 20);
}

}  // namespace
}  // namespace otabahn::store
