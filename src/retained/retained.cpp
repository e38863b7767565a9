// SPDX-License-Identifier: Apache-2.0
#include "retained/retained.hpp"

#include "encoding/base64_string.hpp"
#include "retained/sql.hpp"

#include <algorithm>
#include <utility>

namespace otabahn::retained {

using runtime::SqlSession;

namespace {

constexpr std::chrono::hours kept_without_expiry{3 * 365 * 24};  // spec gateway 1.7

void change_count(SqlSession& session, const std::string& account, const std::string& region, std::int64_t change) {
    session.execute(sql::change_count,
                    {{"account", runtime::sql(account)}, {"region", runtime::sql(region)}, {"change", runtime::sql(change)}});
}

bool erase(SqlSession& session, const std::string& account, const std::string& region, const std::string& topic) {
    const auto gone = session.execute(
        sql::delete_message, {{"account", runtime::sql(account)}, {"region", runtime::sql(region)}, {"topic", runtime::sql(topic)}});
    if (gone != 0) change_count(session, account, region, -1);
    return gone != 0;
}

std::int64_t write(SqlSession& session, std::string_view statement, const Scope& scope, const RetainedMessage& message,
                   const std::string& payload, const std::string& properties) {
    const Timestamp latest = message.modified + kept_without_expiry;
    return session.execute(statement, {{"account", runtime::sql(scope.account.text())},
                                       {"region", runtime::sql(scope.region.text())},
                                       {"topic", runtime::sql(message.topic)},
                                       {"payload", runtime::sql(payload)},
                                       {"payload_size", runtime::sql(static_cast<std::int64_t>(message.payload.size()))},
                                       {"qos", runtime::sql(static_cast<std::int64_t>(message.qos))},
                                       {"properties", runtime::sql(properties)},
                                       {"modified", runtime::sql(message.modified)},
                                       {"expires_at", runtime::sql(message.expires_at)},
                                       {"keep_until", runtime::sql(std::min(message.expires_at.value_or(latest), latest))}});
}

}  // namespace

bool put(SqlSession& session, const Scope& scope, const RetainedMessage& message, std::optional<std::int64_t> quota) {
    if (message.payload.empty()) {
        erase(session, scope.account.text(), scope.region.text(), message.topic);
        return true;
    }
    const std::string payload = encoding::to_base64(message.payload), properties = encoding::to_base64(message.properties);
    if (write(session, sql::replace_message, scope, message, payload, properties) != 0) return true;
    if (quota) {
        const auto count = session.query_one(
            sql::count_messages, {{"account", runtime::sql(scope.account.text())}, {"region", runtime::sql(scope.region.text())}});
        if (count && count->integer(0) >= *quota) return false;
    }
    if (write(session, sql::insert_message, scope, message, payload, properties) != 0) {
        change_count(session, scope.account.text(), scope.region.text(), 1);
    } else {  // another node was first
        write(session, sql::replace_message, scope, message, payload, properties);
    }
    return true;
}

std::optional<RetainedMessage> find(SqlSession& session, const Scope& scope, const std::string& topic, Timestamp now) {
    const auto row = session.query_one(sql::find_message, {{"account", runtime::sql(scope.account.text())},
                                                           {"region", runtime::sql(scope.region.text())},
                                                           {"topic", runtime::sql(topic)},
                                                           {"now", runtime::sql(now)}});
    if (!row) return std::nullopt;
    RetainedMessage out{topic, encoding::from_base64(row->text(0)).value_or(std::string()),
                        encoding::from_base64(row->text(2)).value_or(std::string()), static_cast<std::uint8_t>(row->integer(1))};
    out.modified = row->time(3);
    if (!row->is_null(4)) out.expires_at = row->time(4);
    return out;
}

std::vector<RetainedSummary> list(SqlSession& session, const Scope& scope, const std::string& after, std::size_t most, Timestamp now) {
    std::vector<RetainedSummary> out;
    for (const auto& row : session.query(sql::list_messages, {{"account", runtime::sql(scope.account.text())},
                                                              {"region", runtime::sql(scope.region.text())},
                                                              {"after", runtime::sql(after)},
                                                              {"now", runtime::sql(now)},
                                                              {"most", runtime::sql(static_cast<std::int64_t>(most))}}))
        out.push_back({row.text(0), row.integer(1), static_cast<std::uint8_t>(row.integer(2)), row.time(3)});
    return out;
}

std::size_t sweep(SqlSession& session, Timestamp now, std::size_t most) {
    const auto ended =
        session.query(sql::ended_messages, {{"now", runtime::sql(now)}, {"most", runtime::sql(static_cast<std::int64_t>(most))}});
    for (const auto& row : ended) erase(session, row.text(0), row.text(1), row.text(2));
    return ended.size();
}

Result<void> Retained::put(const Scope& scope, RetainedMessage message) {
    message.modified = clock_.now();
    const auto quota = extended_quotas_ ? std::nullopt : std::optional(aws_quota);
    return store_.write([&](SqlSession& session) -> Result<void> {
        if (retained::put(session, scope, message, quota)) return {};
        return fail(ErrorCode::limit_exceeded, "The message cannot be retained on topic " + message.topic +
                                                   ": the account has its 500000 retained messages in this region; delete some by "
                                                   "publishing an empty payload on their topics.");
    });
}

Result<RetainedMessage> Retained::get(const Scope& scope, const std::string& topic) {
    const auto now = clock_.now();
    auto found = store_.read([&](SqlSession& session) { return retained::find(session, scope, topic, now); });
    if (!found) return fail(ErrorCode::not_found, "No message is retained on topic " + topic + ".", scope.arn("iot", "topic/" + topic));
    return std::move(*found);
}

std::vector<RetainedSummary> Retained::list(const Scope& scope, const std::string& after, std::size_t most) {
    const auto now = clock_.now();
    return store_.read([&](SqlSession& session) { return retained::list(session, scope, after, most, now); });
}

}  // namespace otabahn::retained
