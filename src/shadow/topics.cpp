// SPDX-License-Identifier: Apache-2.0
// The shadow topics: a request in; itself, accepted or rejected, delta and documents out, to whoever listens.
#include "runtime/log.hpp"
#include "shadow/messages.hpp"
#include "shadow/shadows.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace otabahn::shadow {

using runtime::TopicCall;
using runtime::TopicReplies;

namespace {

runtime::Publication reject(const TopicCall& call, const Refusal& refusal, const std::optional<std::string>& token, Timestamp now) {
    return {call.topic + "/rejected", format_rejected(refusal, token, now), 1};
}

}  // namespace

bool Shadows::fits(std::string_view topic) const { return parse_topic(topic).has_value(); }

TopicReplies Shadows::call(const TopicCall& call) {
    TopicReplies out;
    try {
        if (const auto topic = parse_topic(call.topic)) out = converse(call, *topic);
    } catch (const std::exception& failure) {
        spdlog::error("a shadow request failed topic={} client={} what=\"{}\"", call.topic, call.client_id, failure.what());
        out.then = {reject(call, {500, "Internal service failure"}, std::nullopt, clock_.now())};
    }
    out.then.insert(out.then.begin(), {call.topic, call.payload, std::min(call.qos, 1)});
    return out;
}

TopicReplies Shadows::converse(const TopicCall& call, const TopicName& topic) {
    TopicReplies out;
    const auto refuse = [&](const Refusal& refusal, const Token& token) { out.then.push_back(reject(call, refusal, token, clock_.now())); };
    const auto take = [&](Result<Answer, Refusal> answer, const Token& token) {
        if (!answer) return refuse(answer.error(), token);
        out.then = std::move(answer->messages);
    };
    const auto name = parse_name(topic);
    if (!name) {
        refuse(name.error(), std::nullopt);
        return out;
    }
    switch (topic.operation) {
        case Operation::get:
            if (const auto token = parse_get(call.payload, limits_))
                take(get(call.scope, *name, *token), *token);
            else
                refuse(token.error().refusal, token.error().client_token);
            break;
        case Operation::update:
            if (const auto request = parse_update(call.payload, limits_))
                take(update(call.scope, *name, *request), request->client_token);
            else
                refuse(request.error().refusal, request.error().client_token);
            break;
        case Operation::remove:
            if (const auto token = parse_delete(call.payload, limits_))
                take(remove(call.scope, *name, *token), *token);
            else
                refuse(token.error().refusal, token.error().client_token);
            break;
    }
    return out;
}

}  // namespace otabahn::shadow
