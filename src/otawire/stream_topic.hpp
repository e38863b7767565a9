// SPDX-License-Identifier: Apache-2.0
// The topics of MQTT file streams (spec gateway 4.2): $aws/things/THING/streams/STREAM/VERB/FORMAT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::otawire {

enum class Format : std::uint8_t { json, cbor };
enum class StreamVerb : std::uint8_t { describe, description, get, data, rejected };

struct StreamTopic {
    std::string_view thing, stream;
    StreamVerb verb = StreamVerb::get;
    Format format = Format::json;
};

// The topic's text has at most so many characters with the longest names that AWS takes.
inline constexpr std::size_t longest_stream_topic = 320;

bool is_stream_id(std::string_view text);      // [a-zA-Z0-9_-]{1,128}
bool is_stream_topic(std::string_view topic);  // $aws/things/+/streams/#: it belongs here, well-formed or not
std::optional<StreamTopic> parse_stream_topic(std::string_view topic);

// Nothing when `out` is too small.
std::optional<std::string_view> format_stream_topic(const StreamTopic& topic, std::span<char> out);

// Thing and stream as they stand in a topic of streams, whether the rest is well-formed or not; empty where missing.
struct LooseStreamTopic {
    std::string_view thing, stream, verb, format;
    bool trailing = false;  // levels beyond those
};
LooseStreamTopic split_stream_topic(std::string_view topic);

}  // namespace otabahn::otawire
