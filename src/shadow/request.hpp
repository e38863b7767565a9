// SPDX-License-Identifier: Apache-2.0
// What a client says on the shadow topics and in UpdateThingShadow (spec gateway 5.1, 5.2). Pure: bytes from outside are read
// here and nowhere else.
#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "shadow/document.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::shadow {

enum class Operation { get, update, remove };

struct ShadowName {
    ThingName thing;
    std::string name;  // empty: the classic shadow
};

struct TopicName {
    Operation operation;
    std::string_view thing, name;
    std::string_view prefix;  // up to the operation: $aws/things/T/shadow/name/N
};

// $aws/things/T/shadow[/name/N]/{get,update,delete}; what T and N may be is judged by parse_name.
std::optional<TopicName> parse_topic(std::string_view topic);
Result<ShadowName, Refusal> parse_name(const TopicName& topic);
std::string topic_prefix(const ShadowName& name);

struct RequestFailure {
    Refusal refusal;
    std::optional<std::string> client_token;  // echoed when it could be read
};

Result<Update, RequestFailure> parse_update(std::string_view payload, const Limits& limits);
// Of a get, whose payload is nothing or an object.
Result<std::optional<std::string>, RequestFailure> parse_get(std::string_view payload, const Limits& limits);
// Of a delete, whose payload is ignored but for its token.
Result<std::optional<std::string>, RequestFailure> parse_delete(std::string_view payload, const Limits& limits);

}  // namespace otabahn::shadow
