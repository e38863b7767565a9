// SPDX-License-Identifier: Apache-2.0
#include "gateway/retained_store.hpp"

#include "retained/retained.hpp"
#include "runtime/log.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace otabahn::gateway {

using runtime::SqlSession;

namespace {

constexpr std::size_t swept_at_once = 500;

}  // namespace

void RetainedStore::put(const MessagePtr& message, const TicketPtr& ticket, Timestamp now) {
    const auto fits = std::make_shared<std::atomic<bool>>(true);  // by the statement and by the answer
    queue_.append(
        [message, fits, now, quota = quota_](SqlSession& session) {
            const retained::RetainedMessage row{message->topic, message->payload,    message->properties,
                                                message->qos,   message->expires_at, now};
            *fits = retained::put(session, message->scope, row, quota == 0 ? std::nullopt : std::optional(quota));
        },
        [message, fits, ticket](bool stored) {
            if (stored && *fits) return;
            if (ticket) ticket->fail(stored ? PublishOutcome::over_quota : PublishOutcome::not_stored);
        });
}

void RetainedStore::fetch(Scope scope, std::vector<RetainedWish> wishes, Timestamp now, Found found) {
    auto out = std::make_shared<std::vector<RetainedFound>>();  // by the statements and by the answer
    queue_.append(
        [scope = std::move(scope), wishes = std::move(wishes), now, out](SqlSession& session) {
            out->clear();
            for (const auto& wish : wishes) {
                auto row = retained::find(session, scope, wish.topic, now);
                if (!row) continue;
                auto message = std::make_shared<Message>(
                    Message{scope, wish.topic, std::move(row->payload), row->qos, true, std::move(row->properties), row->expires_at});
                out->push_back({std::move(message), std::min(wish.qos, row->qos)});
            }
        },
        [out, found = std::move(found)](bool read) {
            if (!read) spdlog::error("retained messages could not be read for a subscriber");
            if (read && !out->empty()) found(std::move(*out));
        });
}

void RetainedStore::sweep(Timestamp now) {
    queue_.append([now](SqlSession& session) { retained::sweep(session, now, swept_at_once); }, nullptr);
}

}  // namespace otabahn::gateway
