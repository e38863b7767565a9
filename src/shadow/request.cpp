// SPDX-License-Identifier: Apache-2.0
#include "shadow/request.hpp"

#include "encoding/json.hpp"
#include "encoding/utf8.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace otabahn::shadow {
namespace {

using encoding::JsonKind;
using encoding::JsonReader;
using encoding::JsonString;

constexpr std::string_view things = "$aws/things/", shadow_level = "shadow/", name_level = "name/";

struct Word {
    std::string_view text;
    Operation operation;
};
constexpr std::array words{Word{"get", Operation::get}, Word{"update", Operation::update}, Word{"delete", Operation::remove}};

constexpr bool is_shadow_name(std::string_view text) {
    return id_rules::all_of(text, 1, 64, [](char c) { return id_rules::is_alnum(c) || c == '$' || c == ':' || c == '_' || c == '-'; });
}

// Takes the level before the next slash; nothing when there is no slash.
std::optional<std::string_view> take_level(std::string_view& rest) {
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto level = rest.substr(0, slash);
    rest.remove_prefix(slash + 1);
    return level;
}

// The members that any request has, as they stand in the text.
struct Parts {
    std::optional<std::string_view> state, version, token;
};

std::optional<Parts> split(std::string_view payload) {
    JsonReader in(payload);
    if (!in.enter_object()) return std::nullopt;
    Parts out;
    for (JsonString name; in.next_member(name);) {
        std::string_view text;
        if (!in.read_raw(text)) return std::nullopt;
        if (name.equals("state")) out.state = text;
        if (name.equals("version")) out.version = text;
        if (name.equals("clientToken")) out.token = text;
    }
    if (!in.finish()) return std::nullopt;
    return out;
}

// The reader stops at its own depth and does not say that this was why.
bool is_too_deep(std::string_view payload) {
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < payload.size(); ++at) {
        const char c = payload[at];
        if (quoted && c == '\\') ++at;
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if ((c == '{' || c == '[') && ++depth > JsonReader::max_depth) return true;
        if ((c == '}' || c == ']') && depth > 0) --depth;
    }
    return false;
}

Refusal nested_too_deep(const Limits& limits) {
    return bad_request("JSON contains too many levels of nesting; maximum is " + std::to_string(limits.levels));
}

std::optional<Refusal> check_bytes(std::string_view payload, const Limits& limits) {
    if (payload.size() > limits.document_bytes) return too_large(payload.size(), limits.document_bytes);
    if (!encoding::is_utf8(as_bytes(payload))) return Refusal{415, "Unsupported documented encoding; supported encoding is UTF-8"};
    return std::nullopt;
}

bool is_null(std::string_view text) { return JsonReader(text).kind() == JsonKind::null; }

Result<std::optional<std::string>, Refusal> read_token(const Parts& parts, const Limits& limits) {
    std::optional<std::string> out;
    if (!parts.token || is_null(*parts.token)) return out;
    JsonReader in(*parts.token);
    JsonString text;
    if (!in.read_string(text) || text.size() > limits.token_bytes) return Unexpected(bad_request("Invalid clientToken"));
    out.emplace(text.size(), '\0');
    text.decode(*out);
    return out;
}

Result<void, Refusal> read_section(JsonReader& in, std::string_view wrong, const Limits& limits, std::optional<Value>& out) {
    const auto kind = in.kind();
    if (kind != JsonKind::object && kind != JsonKind::null) return Unexpected(bad_request(wrong));
    switch (read_value(in, limits.levels, out.emplace())) {
        case Fault::none:
            return {};
        case Fault::too_deep:
            return Unexpected(nested_too_deep(limits));
        case Fault::null_in_array:
            return Unexpected(bad_request("State contains an invalid node"));
        case Fault::invalid_json:
            break;
    }
    return Unexpected(bad_request("Invalid JSON"));
}

Result<void, Refusal> read_state(const Parts& parts, const Limits& limits, Update& out) {
    if (!parts.state) return Unexpected(bad_request("Missing required node: state"));
    JsonReader in(*parts.state);
    if (in.read_null()) {
        out.nothing_stays = true;
        return {};
    }
    if (!in.enter_object()) return Unexpected(bad_request("State node must be an object"));
    for (JsonString name; in.next_member(name);) {
        Result<void, Refusal> read = Unexpected(bad_request("State contains an invalid node"));
        if (name.equals("desired")) read = read_section(in, "Desired node must be an object", limits, out.desired);
        if (name.equals("reported")) read = read_section(in, "Reported node must be an object", limits, out.reported);
        if (!read) return read;
    }
    return {};
}

Result<void, Refusal> read_version(const Parts& parts, Update& out) {
    if (!parts.version || is_null(*parts.version)) return {};
    JsonReader in(*parts.version);
    std::int64_t version = 0;
    if (!in.read_integer(version) || version < 0) return Unexpected(bad_request("Invalid version"));
    out.version = version;
    return {};
}

Unexpected<RequestFailure> refuse(Refusal refusal, std::optional<std::string> token = {}) {
    return Unexpected(RequestFailure{std::move(refusal), std::move(token)});
}

}  // namespace

std::optional<TopicName> parse_topic(std::string_view topic) {
    if (!topic.starts_with(things)) return std::nullopt;
    auto rest = topic.substr(things.size());
    const auto thing = take_level(rest);
    if (!thing || !rest.starts_with(shadow_level)) return std::nullopt;
    rest.remove_prefix(shadow_level.size());
    std::string_view name;
    if (rest.starts_with(name_level)) {
        rest.remove_prefix(name_level.size());
        const auto level = take_level(rest);
        if (!level || level->empty()) return std::nullopt;
        name = *level;
    }
    const auto* word = std::find_if(words.begin(), words.end(), [&](const Word& row) { return row.text == rest; });
    if (word == words.end()) return std::nullopt;
    return TopicName{word->operation, *thing, name, topic.substr(0, topic.size() - rest.size() - 1)};
}

Result<ShadowName, Refusal> parse_name(const TopicName& topic) {
    auto thing = ThingName::parse(topic.thing);
    if (!thing) return Unexpected(bad_request(thing.error().message));
    if (!topic.name.empty() && !is_shadow_name(topic.name))
        return Unexpected(
            bad_request("'" + std::string(topic.name.substr(0, 160)) + "' is no shadow name: it takes 1 to 64 of a-z A-Z 0-9 $ : _ -."));
    return ShadowName{std::move(*thing), std::string(topic.name)};
}

std::string topic_prefix(const ShadowName& name) {
    std::string out(things);
    out.append(name.thing.text()).append("/shadow");
    if (!name.name.empty()) out.append("/name/").append(name.name);
    return out;
}

Result<Update, RequestFailure> parse_update(std::string_view payload, const Limits& limits) {
    if (auto wrong = check_bytes(payload, limits)) return refuse(std::move(*wrong));
    const auto parts = split(payload);
    if (!parts) return refuse(is_too_deep(payload) ? nested_too_deep(limits) : bad_request("Invalid JSON"));
    auto token = read_token(*parts, limits);
    if (!token) return refuse(std::move(token).error());
    Update out;
    out.client_token = std::move(*token);
    auto read = read_state(*parts, limits, out);
    if (read) read = read_version(*parts, out);
    if (!read) return refuse(std::move(read).error(), std::move(out.client_token));
    return out;
}

Result<std::optional<std::string>, RequestFailure> parse_get(std::string_view payload, const Limits& limits) {
    if (payload.empty()) return std::optional<std::string>();
    if (auto wrong = check_bytes(payload, limits)) return refuse(std::move(*wrong));
    const auto parts = split(payload);
    if (!parts) return refuse(bad_request("Invalid JSON"));
    auto token = read_token(*parts, limits);
    if (!token) return refuse(std::move(token).error());
    return std::move(*token);
}

Result<std::optional<std::string>, RequestFailure> parse_delete(std::string_view payload, const Limits& limits) {
    std::optional<Parts> parts;
    if (payload.size() <= limits.document_bytes) parts = split(payload);
    auto token = read_token(parts.value_or(Parts()), limits);
    if (!token) return refuse(std::move(token).error());
    return std::move(*token);
}

}  // namespace otabahn::shadow
