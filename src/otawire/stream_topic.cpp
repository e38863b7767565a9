// SPDX-License-Identifier: Apache-2.0
#include "otawire/stream_topic.hpp"

#include "encoding/slice.hpp"
#include "otawire/sentence.hpp"

namespace otabahn::otawire {

namespace {

using encoding::begins_with;
using encoding::slice;

constexpr std::string_view things = "$aws/things/";
constexpr std::string_view streams = "streams";

struct VerbRow {
    StreamVerb verb;
    std::string_view name;
};
constexpr VerbRow verbs[] = {
    {StreamVerb::describe, "describe"}, {StreamVerb::description, "description"}, {StreamVerb::get, "get"},
    {StreamVerb::data, "data"},         {StreamVerb::rejected, "rejected"},
};

std::string_view name_of(StreamVerb verb) {
    for (const VerbRow& row : verbs)
        if (row.verb == verb) return row.name;
    return {};
}

// Cuts the text up to the next slash off `rest`.
std::string_view next_level(std::string_view& rest) {
    std::size_t at = 0;
    while (at < rest.size() && rest[at] != '/') ++at;
    const std::string_view level = slice(rest, 0, at);
    rest = slice(rest, at + 1);
    return level;
}

}  // namespace

bool is_stream_id(std::string_view text) {
    if (text.empty() || text.size() > 128) return false;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
    }
    return true;
}

LooseStreamTopic split_stream_topic(std::string_view topic) {
    LooseStreamTopic out;
    if (!begins_with(topic, things)) return out;
    std::string_view rest = slice(topic, things.size());
    out.thing = next_level(rest);
    if (next_level(rest) != streams) return out;
    out.stream = next_level(rest);
    out.verb = next_level(rest);
    const bool last = [&] {
        for (const char c : rest)
            if (c == '/') return false;
        return true;
    }();
    out.format = next_level(rest);
    out.trailing = !last;
    return out;
}

bool is_stream_topic(std::string_view topic) {
    if (!begins_with(topic, things)) return false;
    std::string_view rest = slice(topic, things.size());
    if (next_level(rest).empty()) return false;
    return begins_with(rest, "streams/") || rest == streams;
}

std::optional<StreamTopic> parse_stream_topic(std::string_view topic) {
    const LooseStreamTopic parts = split_stream_topic(topic);
    if (parts.thing.empty() || parts.thing.size() > 128 || !is_stream_id(parts.stream) || parts.trailing) return std::nullopt;
    StreamTopic out;
    out.thing = parts.thing;
    out.stream = parts.stream;
    if (parts.format == "json")
        out.format = Format::json;
    else if (parts.format == "cbor")
        out.format = Format::cbor;
    else
        return std::nullopt;
    for (const VerbRow& row : verbs) {
        if (row.name != parts.verb) continue;
        out.verb = row.verb;
        return out;
    }
    return std::nullopt;
}

std::optional<std::string_view> format_stream_topic(const StreamTopic& topic, std::span<char> out) {
    const std::string_view verb = name_of(topic.verb);
    constexpr std::size_t fixed = things.size() + 1 + streams.size() + 1 + 1 + 1 + 4;
    if (out.size() < fixed + topic.thing.size() + topic.stream.size() + verb.size()) return std::nullopt;
    Sentence text(out);
    text.add(things).add(topic.thing).add("/").add(streams).add("/").add(topic.stream).add("/").add(verb);
    text.add(topic.format == Format::json ? "/json" : "/cbor");
    return text.text();
}

}  // namespace otabahn::otawire
