// SPDX-License-Identifier: Apache-2.0
// Sizes and counts of AWS IoT Core (spec gateway 1.3) and what `--quotas extended` lifts, as far as MQTT allows; and our own
// bounds on what one connection may hold, which never change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace otabahn::gateway {

struct Limits {
    std::size_t client_id_bytes = 128;
    std::size_t payload_bytes = 131'072;
    std::size_t packet_bytes = 149'504;  // variable header and payload; also announced to MQTT 5 clients
    std::size_t topic_bytes = 256;
    std::size_t topic_slashes = 7;
    std::size_t filters_per_subscribe = 8;
    std::size_t subscriptions = 50;
    std::uint16_t receive_maximum = 100;  // unacknowledged QoS 1, each way
    std::uint16_t topic_aliases = 8;
    std::size_t user_property_bytes = 8192;
    std::size_t content_type_bytes = 256;
    std::size_t correlation_data_bytes = 8192;
    std::uint32_t message_expiry_seconds = 604'800;
    std::uint32_t session_expiry_seconds = 3600;
    std::uint16_t keep_alive_least = 30, keep_alive_most = 1200;
    std::uint32_t client_packet_least = 512;              // what a client's own Maximum Packet Size must be
    std::size_t share_groups = 100, share_members = 100;  // of an account in a region; sessions in each
    std::size_t share_name_bytes = 128;
    std::int64_t retained_messages = 500'000;  // an account's in a region; 0: no limit
    std::size_t stored_messages = 10'000;      // a persistent session's; newer ones are lost, as on AWS
};

constexpr Limits aws_limits{};

constexpr Limits extended_limits = [] {
    Limits out;
    out.client_id_bytes = 65'535;
    out.payload_bytes = 1U << 22;
    out.packet_bytes = (1U << 22) + 65'536;
    out.topic_bytes = 65'535;
    out.topic_slashes = 127;  // the subscription index walks a level deeper for each
    out.filters_per_subscribe = 1000;
    out.subscriptions = 1000;
    out.message_expiry_seconds = 0xffffffff;
    out.session_expiry_seconds = 0xfffffffe;
    out.keep_alive_least = 1, out.keep_alive_most = 65'535;
    out.share_groups = 100'000, out.share_members = 100'000;
    out.retained_messages = 0;
    out.stored_messages = 100'000;
    return out;
}();

// One connection's bounds.
constexpr std::size_t output_high_water = 256 * 1024;  // above it no further request is read, and QoS 0 is dropped
constexpr std::size_t output_low_water = 64 * 1024;    // below it reading starts again
constexpr std::size_t queued_messages = 1000;          // QoS 1 waiting in memory for a slot of the window
constexpr std::size_t queued_bytes = 4 * 1024 * 1024;
constexpr std::size_t postponed_bytes = 256 * 1024;        // requests that wait until earlier answers are acknowledged
constexpr std::size_t waiting_calls = 10;                  // requests to services that are not answered yet
constexpr std::size_t abandoned_bytes = 16 * 1024 * 1024;  // requests of connections that have ended meanwhile, of one loop
constexpr std::chrono::seconds connect_deadline{30};       // from accept to CONNECT; AWS's own is not known
constexpr std::chrono::hours websocket_life{24};           // then it is closed, as on AWS

}  // namespace otabahn::gateway
