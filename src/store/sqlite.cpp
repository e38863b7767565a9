// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite.hpp"

#include <sqlite3.h>

#include <utility>
#include <vector>

namespace otabahn::store {
namespace {

using runtime::SqlParameter;
using runtime::SqlRow;
using runtime::SqlValue;
using runtime::StoreFailure;

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};

struct Prepared {
    Statement statement;
    std::unique_ptr<sqlite3_stmt, Finalize> handle;
};

// A statement that runs leaves its cursor behind whatever happens.
class Running {
  public:
    explicit Running(sqlite3_stmt* statement) : statement_(statement) {}
    ~Running() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

  private:
    sqlite3_stmt* statement_;
};

SqlValue column(sqlite3_stmt* row, int at) {
    switch (sqlite3_column_type(row, at)) {
        case SQLITE_NULL:
            return {};
        case SQLITE_INTEGER:
            return std::int64_t{sqlite3_column_int64(row, at)};
        case SQLITE_FLOAT:
            return sqlite3_column_double(row, at);
        default: {
            const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, at));
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, at));
            return size == 0 ? std::string() : std::string(bytes, size);
        }
    }
}

class SqliteSession final : public Session {
  public:
    SqliteSession(const std::filesystem::path& file, std::chrono::milliseconds busy_timeout, Engine::Use use) {
        sqlite3* database = nullptr;
        const int code =
            sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
        database_.reset(database);
        if (code != SQLITE_OK)
            throw StoreFailure("The SQLite file " + file.string() +
                               " could not be opened: " + (database != nullptr ? sqlite3_errmsg(database) : "no memory") + ".");
        sqlite3_extended_result_codes(database, 1);
        sqlite3_busy_timeout(database, static_cast<int>(busy_timeout.count()));
        // FULL, not NORMAL: in WAL mode NORMAL does not sync at commit, and an acknowledged write may not be lost.
        for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON",
                                   "PRAGMA cache_size=-16384", "PRAGMA temp_store=MEMORY"})
            run_script(pragma);
        if (use == Engine::Use::read) run_script("PRAGMA query_only=ON");
    }

    void begin_read() override { begin("BEGIN"); }
    void begin_write() override { begin("BEGIN IMMEDIATE"); }
    void begin_schema() override { begin("BEGIN IMMEDIATE"); }
    void rollback() noexcept override {
        if (sqlite3_get_autocommit(database_.get()) == 0) sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    bool alive() const override { return true; }

    void run_script(const std::string& statement) override {
        if (sqlite3_exec(database_.get(), statement.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(statement);
    }

    std::vector<SqlRow> query(std::string_view text, std::initializer_list<SqlParameter> parameters) override {
        std::vector<SqlRow> rows;
        run(text, parameters, [&rows](sqlite3_stmt* row) {
            std::vector<SqlValue> values;
            const int columns = sqlite3_column_count(row);
            values.reserve(static_cast<std::size_t>(columns));
            for (int i = 0; i < columns; ++i) values.push_back(column(row, i));
            rows.emplace_back(std::move(values));
        });
        return rows;
    }

    std::int64_t execute(std::string_view text, std::initializer_list<SqlParameter> parameters) override {
        return run(text, parameters, [](sqlite3_stmt*) {}) ? 0 : sqlite3_changes64(database_.get());
    }

  protected:
    void commit_transaction() override { run_control("COMMIT"); }

  private:
    void begin(std::string_view text) {
        failed_ = false;
        run_control(text);
    }
    void run_control(std::string_view text) {
        run(text, {}, [](sqlite3_stmt*) {});
    }

    // Gives whether the statement only reads.
    template <class OnRow>
    bool run(std::string_view text, std::initializer_list<SqlParameter> parameters, OnRow on_row) {
        Prepared& prepared = prepare(text);
        const auto values = order_parameters(prepared.statement, parameters, text);
        sqlite3_stmt* handle = prepared.handle.get();
        const Running running(handle);
        for (std::size_t i = 0; i < values.size(); ++i) bind(handle, static_cast<int>(i) + 1, *values[i], text);
        if (!prepared.statement.reads_only) wrote_ = true;
        for (;;) {
            const int code = sqlite3_step(handle);
            if (code == SQLITE_ROW) {
                on_row(handle);
            } else if (code == SQLITE_DONE) {
                return prepared.statement.reads_only;
            } else {
                fail(text);
            }
        }
    }

    Prepared& prepare(std::string_view text) {
        if (Prepared* found = statements_.find(text)) return *found;
        if (statements_.full()) statements_.clear();
        Prepared prepared{number_parameters(text, '?'), nullptr};
        sqlite3_stmt* handle = nullptr;
        const char* rest = nullptr;
        const int code = sqlite3_prepare_v3(database_.get(), prepared.statement.text.c_str(),
                                            static_cast<int>(prepared.statement.text.size()), SQLITE_PREPARE_PERSISTENT, &handle, &rest);
        prepared.handle.reset(handle);
        if (code != SQLITE_OK) fail(text);
        if (handle == nullptr) throw StoreFailure("There is no statement in the text '" + std::string(text) + "'.");
        if (std::string_view(rest).find_first_not_of(" \t\r\n;") != std::string_view::npos)
            throw StoreFailure("More than one statement stands in: " + std::string(text));
        return statements_.keep(std::string(text), std::move(prepared));
    }

    void bind(sqlite3_stmt* handle, int at, const SqlValue& value, std::string_view text) {
        int code = SQLITE_OK;
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            code = sqlite3_bind_int64(handle, at, *number);
        } else if (const auto* real = std::get_if<double>(&value)) {
            code = sqlite3_bind_double(handle, at, *real);
        } else if (const auto* words = std::get_if<std::string>(&value)) {
            // The caller's parameters outlive the run.
            code = sqlite3_bind_text64(handle, at, words->data(), words->size(), SQLITE_STATIC, SQLITE_UTF8);
        } else {
            code = sqlite3_bind_null(handle, at);
        }
        if (code != SQLITE_OK) fail(text);
    }

    [[noreturn]] void fail(std::string_view text) {
        failed_ = true;
        const int code = sqlite3_extended_errcode(database_.get());
        const std::string message =
            "SQLite: " + std::string(sqlite3_errmsg(database_.get())) + " (code " + std::to_string(code) + ") in: " + std::string(text);
        if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) throw TryAgain(message);
        throw StoreFailure(message);
    }

    std::unique_ptr<sqlite3, Close> database_;
    StatementCache<Prepared> statements_;  // after database_: goes first
};

}  // namespace

SqliteEngine::SqliteEngine(std::filesystem::path file, std::chrono::milliseconds busy_timeout)
    : file_(std::move(file)), busy_timeout_(busy_timeout) {}

std::unique_ptr<Session> SqliteEngine::connect(Use use) { return std::make_unique<SqliteSession>(file_, busy_timeout_, use); }

}  // namespace otabahn::store
