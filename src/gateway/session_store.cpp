// SPDX-License-Identifier: Apache-2.0
#include "gateway/session_store.hpp"

#include "encoding/base64_string.hpp"
#include "gateway/sql.hpp"

#include <tuple>
#include <utility>

namespace otabahn::gateway {

using runtime::SqlSession;

namespace {

constexpr std::int64_t page = 500;

StoredMessage read_message(const runtime::SqlRow& row, const Scope& scope) {
    auto message = std::make_shared<Message>(Message{scope, row.text(1), encoding::from_base64(row.text(2)).value_or(std::string()), 1,
                                                     false, encoding::from_base64(row.text(3)).value_or(std::string())});
    if (!row.is_null(4)) message->expires_at = row.time(4);
    return {row.integer(0), std::move(message), row.flag(5)};
}

std::pair<std::size_t, std::int64_t> read_backlog(SqlSession& session, const SessionKey& key) {
    const auto row = session.query_one(sql::messages_of, {{"account", runtime::sql(key.scope.account.text())},
                                                          {"region", runtime::sql(key.scope.region.text())},
                                                          {"client_id", runtime::sql(key.client_id)}});
    return {static_cast<std::size_t>(row->integer(0)), row->integer(1)};
}

}  // namespace

std::pair<std::size_t, std::int64_t> SessionStore::load_backlog(const SessionKey& key) {
    return queue_.store().read([&](SqlSession& session) { return read_backlog(session, key); });
}

std::vector<StoredSession> SessionStore::load_all() {
    std::vector<StoredSession> out;
    std::string account, region, client_id;
    for (;;) {
        const std::size_t before = out.size();
        queue_.store().read([&](SqlSession& session) {
            const auto rows = session.query(sql::sessions_after, {{"account", runtime::sql(account)},
                                                                  {"region", runtime::sql(region)},
                                                                  {"client_id", runtime::sql(client_id)},
                                                                  {"most", runtime::sql(page)}});
            for (const auto& row : rows) {
                StoredSession stored{SessionKey{Scope{AccountId::trusted(row.text(0)), Region::trusted(row.text(1))}, row.text(2)},
                                     static_cast<mqtt::Version>(row.integer(3)), static_cast<std::uint32_t>(row.integer(4))};
                if (!row.is_null(5)) stored.expires_at = row.time(5);
                const auto subscriptions = session.query(sql::subscriptions_of, {{"account", runtime::sql(row.text(0))},
                                                                                 {"region", runtime::sql(row.text(1))},
                                                                                 {"client_id", runtime::sql(row.text(2))}});
                for (const auto& subscription : subscriptions)
                    stored.subscriptions.push_back({subscription.text(0), static_cast<std::uint8_t>(subscription.integer(1)),
                                                    subscription.flag(2), subscription.flag(3)});
                std::tie(stored.messages, stored.last_sequence) = read_backlog(session, stored.key);
                out.push_back(std::move(stored));
            }
            return true;
        });
        if (out.size() == before) return out;
        account = out.back().key.scope.account.text();
        region = out.back().key.scope.region.text();
        client_id = out.back().key.client_id;
    }
}

void SessionStore::save(SessionKey key, mqtt::Version version, std::uint32_t expiry_seconds, std::optional<Timestamp> expires_at,
                        Done done) {
    queue_.append(
        [key = std::move(key), version, expiry_seconds, expires_at](SqlSession& session) {
            session.execute(sql::save_session, {{"account", runtime::sql(key.scope.account.text())},
                                                {"region", runtime::sql(key.scope.region.text())},
                                                {"client_id", runtime::sql(key.client_id)},
                                                {"version", runtime::sql(static_cast<std::int64_t>(version))},
                                                {"expiry_seconds", runtime::sql(static_cast<std::int64_t>(expiry_seconds))},
                                                {"expires_at", runtime::sql(expires_at)}});
        },
        std::move(done));
}

void SessionStore::end(SessionKey key) {
    queue_.append(
        [key = std::move(key)](SqlSession& session) {
            for (const auto statement : {sql::delete_session, sql::delete_subscriptions, sql::delete_messages})
                session.execute(statement, {{"account", runtime::sql(key.scope.account.text())},
                                            {"region", runtime::sql(key.scope.region.text())},
                                            {"client_id", runtime::sql(key.client_id)}});
        },
        nullptr);
}

void SessionStore::change(SessionKey key, SubscriptionChange change, Done done) {
    queue_.append(
        [key = std::move(key), change = std::move(change)](SqlSession& session) {
            for (const auto& row : change.added)
                session.execute(sql::save_subscription, {{"account", runtime::sql(key.scope.account.text())},
                                                         {"region", runtime::sql(key.scope.region.text())},
                                                         {"client_id", runtime::sql(key.client_id)},
                                                         {"filter", runtime::sql(row.filter)},
                                                         {"qos", runtime::sql(static_cast<std::int64_t>(row.qos))},
                                                         {"no_local", runtime::sql(row.no_local)},
                                                         {"retain_as_published", runtime::sql(row.retain_as_published)}});
            for (const auto& filter : change.removed)
                session.execute(sql::delete_subscription, {{"account", runtime::sql(key.scope.account.text())},
                                                           {"region", runtime::sql(key.scope.region.text())},
                                                           {"client_id", runtime::sql(key.client_id)},
                                                           {"filter", runtime::sql(filter)}});
        },
        std::move(done));
}

SessionStore::Handle SessionStore::keep(const SessionKey& key, std::int64_t sequence, const MessagePtr& message, bool retain,
                                        const TicketPtr& ticket) {
    return queue_.append(
        [key, sequence, message, retain](SqlSession& session) {
            session.execute(sql::save_message, {{"account", runtime::sql(key.scope.account.text())},
                                                {"region", runtime::sql(key.scope.region.text())},
                                                {"client_id", runtime::sql(key.client_id)},
                                                {"sequence", runtime::sql(sequence)},
                                                {"topic", runtime::sql(message->topic)},
                                                {"payload", runtime::sql(encoding::to_base64(message->payload))},
                                                {"properties", runtime::sql(encoding::to_base64(message->properties))},
                                                {"expires_at", runtime::sql(message->expires_at)},
                                                {"retain", runtime::sql(retain)}});
        },
        // Holds the publisher's ticket: letting go of it is the answer.
        [ticket](bool stored) {
            if (!stored && ticket) ticket->fail(PublishOutcome::not_stored);
        });
}

void SessionStore::drop(const SessionKey& key, std::int64_t sequence, const Handle& handle) {
    if (queue_.cancel(handle)) return;
    queue_.append(
        [key, sequence](SqlSession& session) {
            session.execute(sql::delete_message, {{"account", runtime::sql(key.scope.account.text())},
                                                  {"region", runtime::sql(key.scope.region.text())},
                                                  {"client_id", runtime::sql(key.client_id)},
                                                  {"sequence", runtime::sql(sequence)}});
        },
        nullptr);
}

void SessionStore::fetch(SessionKey key, std::int64_t after, std::size_t most, Fetched fetched) {
    auto found = std::make_shared<std::vector<StoredMessage>>();  // by the statement and by the answer
    queue_.append(
        [key = std::move(key), after, most, found](SqlSession& session) {
            found->clear();
            for (const auto& row : session.query(sql::messages_after, {{"account", runtime::sql(key.scope.account.text())},
                                                                       {"region", runtime::sql(key.scope.region.text())},
                                                                       {"client_id", runtime::sql(key.client_id)},
                                                                       {"after", runtime::sql(after)},
                                                                       {"most", runtime::sql(static_cast<std::int64_t>(most))}}))
                found->push_back(read_message(row, key.scope));
        },
        [found, fetched = std::move(fetched)](bool stored) { fetched(stored ? std::optional(std::move(*found)) : std::nullopt); });
}

}  // namespace otabahn::gateway
