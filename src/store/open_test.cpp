// SPDX-License-Identifier: Apache-2.0
// Opening and opening again: schemas, crashes, lost servers.
#include "store/group_store.hpp"
#include "store/postgresql.hpp"
#include "store/schema.hpp"
#include "store/store.hpp"
#include "store/store_suite.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace otabahn::store {
namespace {

namespace fs = std::filesystem;
using runtime::sql;
using runtime::SqlSession;

constexpr std::string_view counter_schema = "CREATE TABLE test_counter (name TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL);\n";
constexpr std::string_view counter_schema_commented =
    "-- Counts.\nCREATE TABLE test_counter (name TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL);   -- by name\n\n";
constexpr std::string_view counter_schema_changed = "CREATE TABLE test_counter (name TEXT NOT NULL PRIMARY KEY, n TEXT NOT NULL);\n";

class OpenTest : public ::testing::Test {
  protected:
    OpenTest() { folder_ = testing::make_scratch_folder(); }
    ~OpenTest() override { fs::remove_all(folder_); }
    fs::path file() const { return folder_ / "state.db"; }
    fs::path folder_;
};

std::int64_t count(runtime::Store& store) {
    return store.read([](SqlSession& session) { return session.query_one("SELECT COUNT(*) FROM test_counter", {})->integer(0); });
}
Result<void> add(runtime::Store& store, const std::string& name) {
    return store.write([&](SqlSession& session) -> Result<void> {
        session.execute("INSERT INTO test_counter (name, n) VALUES (:name, 1)", {{"name", sql(name)}});
        return {};
    });
}

TEST_F(OpenTest, OpeningAgainFindsWhatWasWritten) {
    {
        auto store = open_sqlite(file(), {{"test", counter_schema}});
        ASSERT_TRUE(store) << store.error().message;
        ASSERT_TRUE(add(**store, "a"));
    }
    auto again = open_sqlite(file(), {{"test", counter_schema_commented}});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(count(**again), 1);
}

TEST_F(OpenTest, NobodyElseReadsTheFileOrItsJournals) {
    const auto others = [](const fs::path& path) {
        return fs::status(path).permissions() & (fs::perms::group_all | fs::perms::others_all);
    };
    const auto check = [&] {
        auto store = open_sqlite(file(), {{"test", counter_schema}});
        ASSERT_TRUE(store) << store.error().message;
        ASSERT_TRUE(add(**store, std::to_string(count(**store))));
        for (const char* name : {"state.db", "state.db-wal", "state.db-shm"}) EXPECT_EQ(others(folder_ / name), fs::perms::none) << name;
    };
    const mode_t before = ::umask(0022);
    check();
    fs::permissions(file(), fs::perms::others_read | fs::perms::group_read, fs::perm_options::add);  // as an older server left it
    check();
    ::umask(before);
}

TEST_F(OpenTest, AModuleThatIsNewIsAddedToWhatIsThere) {
    ASSERT_TRUE(open_sqlite(file(), {{"test", counter_schema}}));
    auto again = open_sqlite(file(), {{"test", counter_schema}, {"other", "CREATE TABLE other_row (name TEXT);\n"}});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ((*again)->read([](SqlSession& session) { return session.query_one("SELECT COUNT(*) FROM other_row", {})->integer(0); }), 0);
}

TEST_F(OpenTest, AChangedSchemaIsRefusedNamingTheModuleAndNothingIsMade) {
    ASSERT_TRUE(open_sqlite(file(), {{"test", counter_schema}}));
    const auto refused = open_sqlite(file(), {{"other", "CREATE TABLE other_row (name TEXT);\n"}, {"test", counter_schema_changed}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(refused.error().resource, "test");
    auto again = open_sqlite(file(), {{"test", counter_schema}});
    ASSERT_TRUE(again);
    EXPECT_THROW((*again)->read([](SqlSession& session) { return session.query("SELECT name FROM other_row", {}).size(); }),
                 runtime::StoreFailure);
}

TEST_F(OpenTest, AWrongSchemaLeavesNothingBehind) {
    const auto refused = open_sqlite(file(), {{"test", counter_schema}, {"wrong", "CREATE TABLE (;\n"}});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find(file().string()), std::string::npos) << refused.error().message;
    auto again = open_sqlite(file(), {});
    ASSERT_TRUE(again);
    EXPECT_THROW(count(**again), runtime::StoreFailure);
}

TEST_F(OpenTest, AFileThatIsNoDatabaseAndAFolderThatIsNotThereAreRefused) {
    std::ofstream(file()) << std::string(4096, 'x');
    EXPECT_FALSE(open_sqlite(file(), {{"test", counter_schema}}));
    EXPECT_FALSE(open_sqlite(folder_ / "none" / "state.db", {{"test", counter_schema}}));
}

TEST_F(OpenTest, AHashDoesNotCountCommentsButEveryWord) {
    EXPECT_EQ(schema_hash(counter_schema), schema_hash(counter_schema_commented));
    EXPECT_NE(schema_hash(counter_schema), schema_hash(counter_schema_changed));
}

// The child acknowledges each write through a pipe; it is killed at some moment, and what it acknowledged must be there.
TEST_F(OpenTest, WhatWasAcknowledgedOutlivesAKill) {
    for (int round = 0; round < 5; ++round) {
        int pipe_ends[2];
        ASSERT_EQ(pipe(pipe_ends), 0);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            auto store = open_sqlite(file(), {{"test", counter_schema}});
            if (!store) _exit(1);
            std::atomic<int> last{0};
            std::vector<std::thread> callers;
            for (int caller = 0; caller < 4; ++caller)
                callers.emplace_back([&] {
                    for (;;) {
                        const std::uint32_t n = static_cast<std::uint32_t>(++last);
                        if (!add(**store, std::to_string(round) + "/" + std::to_string(n))) _exit(1);
                        if (write(pipe_ends[1], &n, sizeof n) != sizeof n) _exit(1);
                    }
                });
            for (auto& caller : callers) caller.join();
        }
        close(pipe_ends[1]);
        std::vector<std::uint32_t> acknowledged;
        std::uint32_t n = 0;
        while (acknowledged.size() < static_cast<std::size_t>(20 + 13 * round) && read(pipe_ends[0], &n, sizeof n) == sizeof n)
            acknowledged.push_back(n);
        kill(child, SIGKILL);
        while (read(pipe_ends[0], &n, sizeof n) == sizeof n) acknowledged.push_back(n);
        close(pipe_ends[0]);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
        auto store = open_sqlite(file(), {{"test", counter_schema}});
        ASSERT_TRUE(store) << store.error().message;
        for (const auto written : acknowledged) {
            const bool there = (*store)->read([&](SqlSession& session) {
                return session
                    .query_one("SELECT n FROM test_counter WHERE name = :name",
                               {{"name", sql(std::to_string(round) + "/" + std::to_string(written))}})
                    .has_value();
            });
            EXPECT_TRUE(there) << "acknowledged, then lost: " << written;
        }
    }
}

TEST_F(OpenTest, TwoProcessesOnOneFileTakeTurns) {
    // Two stores in one process are to SQLite what two processes are.
    auto first = open_sqlite(file(), {{"test", counter_schema}});
    auto second = open_sqlite(file(), {{"test", counter_schema}});
    ASSERT_TRUE(first && second);
    const auto fill = [](runtime::Store& store, const char* prefix) {
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(add(store, prefix + std::to_string(i)));
    };
    std::thread other([&] { fill(**second, "b"); });
    fill(**first, "a");
    other.join();
    EXPECT_EQ(count(**first), 40);
}

class PostgresqlOpenTest : public ::testing::Test {
  protected:
    PostgresqlOpenTest() {
        const char* conninfo = std::getenv("OTABAHN_TEST_POSTGRES");
        if (conninfo != nullptr) conninfo_ = conninfo;
    }
    void SetUp() override {
        if (conninfo_.empty()) GTEST_SKIP() << "OTABAHN_TEST_POSTGRES is not set; tests/postgres.sh run CMD sets it.";
        administer("CREATE SCHEMA " + schema_);
    }
    void TearDown() override {
        if (!conninfo_.empty()) administer("DROP SCHEMA " + schema_ + " CASCADE");
    }
    void administer(const std::string& statement) { PostgresqlEngine(conninfo_).connect(Engine::Use::write)->run_script(statement); }
    std::string own_conninfo() const { return conninfo_ + " application_name=" + schema_ + " options='-c search_path=" + schema_ + "'"; }

    std::string conninfo_, schema_ = "open_test_" + std::to_string(getpid());
};

TEST_F(PostgresqlOpenTest, AChangedSchemaIsRefused) {
    ASSERT_TRUE(open_postgresql(own_conninfo(), {{"test", counter_schema}}));
    ASSERT_TRUE(open_postgresql(own_conninfo(), {{"test", counter_schema_commented}}));
    const auto refused = open_postgresql(own_conninfo(), {{"test", counter_schema_changed}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST_F(PostgresqlOpenTest, AServerThatIsNotThereIsNamedWithoutThePassword) {
    const auto refused = open_postgresql("host=/nowhere user=x password=secret dbname=postgres", {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_NE(refused.error().message.find("/nowhere"), std::string::npos);
    EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
}

TEST_F(PostgresqlOpenTest, NodesThatStartTogetherMakeTheTablesOnce) {
    std::vector<std::thread> nodes;
    std::atomic<int> opened{0};
    for (int node = 0; node < 4; ++node)
        nodes.emplace_back([&] { opened += open_postgresql(own_conninfo(), {{"test", counter_schema}}).has_value(); });
    for (auto& node : nodes) node.join();
    EXPECT_EQ(opened, 4);
}

TEST_F(PostgresqlOpenTest, AfterALostConnectionTheNextOperationsConnectAnew) {
    auto store = open_postgresql(own_conninfo(), {{"test", counter_schema}}, Options{.readers = 1});
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE(add(**store, "a"));
    EXPECT_EQ(count(**store), 1);
    PostgresqlEngine(conninfo_)
        .connect(Engine::Use::write)
        ->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name", {{"name", sql(schema_)}});
    EXPECT_THROW(add(**store, "b"), runtime::StoreFailure);
    EXPECT_THROW(count(**store), runtime::StoreFailure);
    EXPECT_TRUE(add(**store, "c"));
    EXPECT_EQ(count(**store), 2);
}

TEST_F(PostgresqlOpenTest, NodesThatChangeOneRowAllCount) {
    const auto open = [&] {
        return std::move(open_postgresql(own_conninfo(), {{"test", counter_schema}}, Options{.attempts = 30})).value();
    };
    auto first = open();
    ASSERT_TRUE(add(*first, "a"));
    std::vector<std::thread> nodes;
    for (int node = 0; node < 3; ++node)
        nodes.emplace_back([&] {
            auto store = open();
            for (int i = 0; i < 15; ++i) {
                // Read, then write: only a serializable transaction, tried again, loses no count.
                EXPECT_TRUE(store->write([](SqlSession& session) -> Result<void> {
                    const auto n = session.query_one("SELECT n FROM test_counter WHERE name = 'a'", {})->integer(0);
                    session.execute("UPDATE test_counter SET n = :n WHERE name = 'a'", {{"n", sql(n + 1)}});
                    return {};
                }));
            }
        });
    for (auto& node : nodes) node.join();
    EXPECT_EQ(
        first->read([](SqlSession& session) { return session.query_one("SELECT n FROM test_counter WHERE name = 'a'", {})->integer(0); }),
        1 + 3 * 15);
}

}  // namespace
}  // namespace otabahn::store
