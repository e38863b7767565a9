// SPDX-License-Identifier: Apache-2.0
// The state of the cloud: one SQL text that SQLite and PostgreSQL both run. This is the port; store/ implements it.
//
// Reads run on the caller's thread in a transaction of their own. Writes queue for the one writer, which commits groups of
// waiting operations together; write() returns after the commit, so what it returned may be told to anybody. Call either
// only from a blocking pool (runtime/pool.hpp), never from an event loop.
//
// An expected conflict is a statement that gives no row (ON CONFLICT DO NOTHING … RETURNING), never an error: an error
// aborts the whole group on PostgreSQL. An operation that returns a failed Result after it has written is undone alone.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace otabahn::runtime {

// NULL, BIGINT, DOUBLE PRECISION, TEXT. Bytes are stored as TEXT in base64 (SOCI corrupts bytea).
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;

inline SqlValue sql(std::string_view text) { return std::string(text); }
inline SqlValue sql(const char* text) { return std::string(text); }
inline SqlValue sql(std::int64_t number) { return number; }
inline SqlValue sql(int number) { return std::int64_t{number}; }
inline SqlValue sql(bool flag) { return std::int64_t{flag ? 1 : 0}; }
inline SqlValue sql(double number) { return number; }
inline SqlValue sql(Timestamp time) { return to_millis(time); }
template <class T>
SqlValue sql(const std::optional<T>& value) {
    return value ? sql(*value) : SqlValue{};
}

// A statement's parameter: `:name` in the text, bound by name.
struct SqlParameter {
    std::string_view name;
    SqlValue value;

    template <class T>
    SqlParameter(std::string_view parameter, const T& given) : name(parameter), value(to_value(given)) {}

  private:
    static SqlValue to_value(const SqlValue& given) { return given; }
    template <class T>
    static SqlValue to_value(const T& given) {
        return sql(given);
    }
};

class SqlRow {
  public:
    explicit SqlRow(std::vector<SqlValue> values) : values_(std::move(values)) {}
    std::size_t size() const { return values_.size(); }
    bool is_null(std::size_t column) const { return std::holds_alternative<std::monostate>(values_.at(column)); }
    // By position in the select list; a NULL reads as "" or 0. Another type than the column's is a bug and throws.
    std::string text(std::size_t column) const { return is_null(column) ? std::string() : std::get<std::string>(values_.at(column)); }
    std::int64_t integer(std::size_t column) const { return is_null(column) ? 0 : std::get<std::int64_t>(values_.at(column)); }
    double real(std::size_t column) const { return is_null(column) ? 0 : std::get<double>(values_.at(column)); }
    bool flag(std::size_t column) const { return integer(column) != 0; }
    Timestamp time(std::size_t column) const { return from_millis(integer(column)); }
    std::optional<std::string> optional_text(std::size_t column) const {
        return is_null(column) ? std::nullopt : std::optional(text(column));
    }
    std::optional<std::int64_t> optional_integer(std::size_t column) const {
        return is_null(column) ? std::nullopt : std::optional(integer(column));
    }

  private:
    std::vector<SqlValue> values_;
};

// The database failed: a bug in a statement, a full disk, a lost server. Caught at the edges.
class StoreFailure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// One transaction. Statements are the constants of a folder's generated sql.hpp.
class SqlSession {
  public:
    virtual ~SqlSession() = default;
    virtual std::vector<SqlRow> query(std::string_view statement, std::initializer_list<SqlParameter> parameters) = 0;
    // Rows that it changed.
    virtual std::int64_t execute(std::string_view statement, std::initializer_list<SqlParameter> parameters) = 0;

    std::optional<SqlRow> query_one(std::string_view statement, std::initializer_list<SqlParameter> parameters) {
        auto rows = query(statement, parameters);
        if (rows.empty()) return std::nullopt;
        return std::move(rows.front());
    }
};

class Store {
  public:
    virtual ~Store() = default;

    template <class F>
    auto read(F operation) -> std::invoke_result_t<F&, SqlSession&> {
        std::optional<std::invoke_result_t<F&, SqlSession&>> out;
        run_read([&](SqlSession& session) { out.emplace(operation(session)); });
        return std::move(*out);
    }

    // F gives a Result; it may be run more than once (when its group failed), so it has no effect but on the session.
    template <class F>
    auto write(F operation) -> std::invoke_result_t<F&, SqlSession&> {
        std::optional<std::invoke_result_t<F&, SqlSession&>> out;
        run_write([&](SqlSession& session) {
            out.reset();
            out.emplace(operation(session));
            return out->has_value();
        });
        return std::move(*out);
    }

  protected:
    virtual void run_read(const std::function<void(SqlSession&)>& operation) = 0;
    // `operation` returns false to have what it wrote undone.
    virtual void run_write(const std::function<bool(SqlSession&)>& operation) = 0;
};

}  // namespace otabahn::runtime
