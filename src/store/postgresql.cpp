// SPDX-License-Identifier: Apache-2.0
#include "store/postgresql.hpp"

#include <libpq-fe.h>

#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

namespace otabahn::store {
namespace {

using runtime::SqlParameter;
using runtime::SqlRow;
using runtime::SqlValue;
using runtime::StoreFailure;

// Numbers of PostgreSQL's catalogue (pg_type.dat), fixed for ever.
constexpr Oid bool_type = 16, int8_type = 20, int2_type = 21, int4_type = 23, text_type = 25, float4_type = 700, float8_type = 701,
              numeric_type = 1700, unspecified_type = 0;

struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

struct Prepared {
    Statement statement;
    std::string name;
};

// A parameter as libpq takes it; keeps the digits of a number.
struct Parameter {
    Oid type = unspecified_type;
    const char* text = nullptr;
    char digits[40];
};

void fill(Parameter& out, const SqlValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        out.type = int8_type;
        *std::to_chars(out.digits, out.digits + sizeof out.digits - 1, *number).ptr = '\0';
        out.text = out.digits;
    } else if (const auto* real = std::get_if<double>(&value)) {
        out.type = float8_type;
        *std::to_chars(out.digits, out.digits + sizeof out.digits - 1, *real).ptr = '\0';
        out.text = out.digits;
    } else if (const auto* words = std::get_if<std::string>(&value)) {
        out.type = text_type;
        out.text = words->c_str();
    }
}

template <class Number>
Number parse_number(std::string_view text) {
    Number out{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size())
        throw StoreFailure("PostgreSQL gave '" + std::string(text) + "' where a number was due.");
    return out;
}

SqlValue column(const PGresult* result, int row, int at) {
    if (PQgetisnull(result, row, at) != 0) return {};
    const std::string_view text(PQgetvalue(result, row, at), static_cast<std::size_t>(PQgetlength(result, row, at)));
    switch (PQftype(result, at)) {
        case int2_type:
        case int4_type:
        case int8_type:
            return parse_number<std::int64_t>(text);
        case bool_type:
            return std::int64_t{text == "t" ? 1 : 0};
        case float4_type:
        case float8_type:
            return parse_number<double>(text);
        case numeric_type:  // SUM of a BIGINT; SQLite gives an integer
            if (text.find('.') == std::string_view::npos) return parse_number<std::int64_t>(text);
            return parse_number<double>(text);
        default:
            return std::string(text);
    }
}

class PostgresqlSession final : public Session {
  public:
    PostgresqlSession(const std::string& conninfo, const std::string& name) : connection_(PQconnectdb(conninfo.c_str())), name_(name) {
        if (!connection_ || PQstatus(connection_.get()) != CONNECTION_OK)
            throw StoreFailure("No connection to " + name_ + ": " +
                               (connection_ ? trimmed(PQerrorMessage(connection_.get())) : "no memory") +
                               ". The next operation tries again.");
        PQsetNoticeProcessor(
            connection_.get(), [](void*, const char*) {}, nullptr);
        if (PQsetClientEncoding(connection_.get(), "UTF8") != 0) fail("SET client_encoding");
    }

    void begin_read() override { begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }
    void begin_write() override { begin("BEGIN ISOLATION LEVEL SERIALIZABLE"); }
    void begin_schema() override {
        // READ COMMITTED: what the other node has made must be seen once its lock is free.
        begin("BEGIN ISOLATION LEVEL READ COMMITTED");
        control("SELECT pg_advisory_xact_lock(7236833)");  // any number, the same on every node
    }

    void rollback() noexcept override {
        if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) PQclear(PQexec(connection_.get(), "ROLLBACK"));
    }
    bool alive() const override { return PQstatus(connection_.get()) == CONNECTION_OK; }
    void run_script(const std::string& statement) override { control(statement.c_str()); }

    std::vector<SqlRow> query(std::string_view text, std::initializer_list<SqlParameter> parameters) override {
        const Answer answer = run(text, parameters);
        std::vector<SqlRow> rows;
        const int count = PQntuples(answer.get()), columns = PQnfields(answer.get());
        rows.reserve(static_cast<std::size_t>(count));
        for (int row = 0; row < count; ++row) {
            std::vector<SqlValue> values;
            values.reserve(static_cast<std::size_t>(columns));
            for (int at = 0; at < columns; ++at) values.push_back(column(answer.get(), row, at));
            rows.emplace_back(std::move(values));
        }
        return rows;
    }

    std::int64_t execute(std::string_view text, std::initializer_list<SqlParameter> parameters) override {
        const Answer answer = run(text, parameters);
        const std::string_view tag = PQcmdStatus(answer.get());
        const std::string_view changed = PQcmdTuples(answer.get());
        return changed.empty() || tag.starts_with("SELECT") ? 0 : parse_number<std::int64_t>(changed);
    }

  protected:
    void commit_transaction() override {
        const Answer answer(PQexec(connection_.get(), "COMMIT"));
        check(answer.get(), "COMMIT");
        // PostgreSQL answers the COMMIT of a failed transaction with a ROLLBACK and no error.
        if (std::strcmp(PQcmdStatus(answer.get()), "COMMIT") != 0)
            throw StoreFailure("PostgreSQL rolled back where a commit was asked for: an error before it was passed over.");
    }

  private:
    void begin(const char* text) {
        failed_ = false;
        control(text);
    }
    static std::string trimmed(std::string text) {
        while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
        return text;
    }

    void control(const char* text) {
        const Answer answer(PQexec(connection_.get(), text));
        check(answer.get(), text);
    }

    Answer run(std::string_view text, std::initializer_list<SqlParameter> parameters) {
        // The types belong to a prepared statement, so a NULL (of no type) makes another one of the same text.
        std::string key(text);
        key.push_back('\0');
        for (const auto& parameter : parameters) key.push_back(static_cast<char>('0' + parameter.value.index()));
        Prepared* prepared = statements_.find(key);
        const Statement unprepared = prepared == nullptr ? number_parameters(text, '$') : Statement{};
        const Statement& statement = prepared == nullptr ? unprepared : prepared->statement;
        const auto values = order_parameters(statement, parameters, text);
        std::vector<Parameter> filled(values.size());
        std::vector<const char*> texts(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            fill(filled[i], *values[i]);
            texts[i] = filled[i].text;
        }
        if (prepared == nullptr) prepared = &prepare(std::move(key), unprepared, filled, text);
        if (!prepared->statement.reads_only) wrote_ = true;
        Answer answer(
            PQexecPrepared(connection_.get(), prepared->name.c_str(), static_cast<int>(texts.size()), texts.data(), nullptr, nullptr, 0));
        check(answer.get(), text);
        return answer;
    }

    Prepared& prepare(std::string key, const Statement& statement, const std::vector<Parameter>& parameters, std::string_view text) {
        if (statements_.full()) {
            statements_.clear();
            control("DEALLOCATE ALL");
        }
        std::vector<Oid> types;
        types.reserve(parameters.size());
        for (const auto& parameter : parameters) types.push_back(parameter.type);
        std::string name = "s" + std::to_string(++last_name_);
        const Answer answer(
            PQprepare(connection_.get(), name.c_str(), statement.text.c_str(), static_cast<int>(types.size()), types.data()));
        check(answer.get(), text);
        return statements_.keep(std::move(key), Prepared{statement, std::move(name)});
    }

    void check(const PGresult* result, std::string_view text) {
        const auto status = PQresultStatus(result);
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
        failed_ = true;
        const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const std::string state = field == nullptr ? "" : field;
        if (state == "40001" || state == "40P01") throw TryAgain(message(state, text));
        throw StoreFailure(message(state, text));
    }
    [[noreturn]] void fail(std::string_view text) const { throw StoreFailure(message("", text)); }

    std::string message(const std::string& state, std::string_view text) const {
        return name_ + ": " + trimmed(PQerrorMessage(connection_.get())) + (state.empty() ? "" : " (SQLSTATE " + state + ")") +
               " in: " + std::string(text);
    }

    std::unique_ptr<PGconn, Finish> connection_;
    std::string name_;
    StatementCache<Prepared> statements_;
    std::uint64_t last_name_ = 0;
};

}  // namespace

PostgresqlEngine::PostgresqlEngine(std::string conninfo) : conninfo_(std::move(conninfo)) {}

std::string PostgresqlEngine::name() const {
    std::string out = "PostgreSQL";
    PQconninfoOption* options = PQconninfoParse(conninfo_.c_str(), nullptr);
    for (const auto* option = options; option != nullptr && option->keyword != nullptr; ++option)
        for (const std::string_view shown : {"host", "port", "dbname"})
            if (option->keyword == shown && option->val != nullptr) out.append(" ").append(shown).append("=").append(option->val);
    PQconninfoFree(options);
    return out;
}

std::unique_ptr<Session> PostgresqlEngine::connect(Use) { return std::make_unique<PostgresqlSession>(conninfo_, name()); }

}  // namespace otabahn::store
