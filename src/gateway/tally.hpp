// SPDX-License-Identifier: Apache-2.0
// What one loop counts: plain numbers that only its own thread touches, handed to Prometheus once a second (metrics.hpp), so
// that counting shares no cache line between cores.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace otabahn::gateway {

enum class Refusal : std::uint8_t {
    not_registered,
    not_active,
    connect_denied,
    publish_denied,
    subscribe_denied,
    receive_denied,
    client_id,
    will,
    topic,
    reserved_topic,
    not_supported,
    quota,
    malformed,
    unavailable,
    connections,
    handshakes,
};
constexpr std::string_view refusal_names[] = {"not_registered", "not_active", "connect_denied", "publish_denied", "subscribe_denied",
                                              "receive_denied", "client_id",  "will",           "topic",          "reserved_topic",
                                              "not_supported",  "quota",      "malformed",      "unavailable",    "connections",
                                              "handshakes"};
constexpr std::size_t refusal_count = std::size(refusal_names);
static_assert(refusal_count == static_cast<std::size_t>(Refusal::handshakes) + 1);

struct Tally {
    std::uint64_t accepted = 0, handshakes = 0, handshakes_failed = 0, connected = 0, closed = 0;
    std::uint64_t messages_in = 0, messages_out = 0, messages_dropped = 0;
    std::uint64_t bytes_in = 0, bytes_out = 0;
    std::uint64_t blocks = 0, stream_requests = 0, service_calls = 0;
    std::array<std::uint64_t, refusal_count> refusals{};

    void refuse(Refusal cause) { ++refusals[static_cast<std::size_t>(cause)]; }
};

}  // namespace otabahn::gateway
