// SPDX-License-Identifier: Apache-2.0
// Packets into a caller's bytes. Each function gives the packet's size; it is written only when `out` holds it, so a call
// with an empty span asks for the size. 0: the packet cannot be (a field of more than 65,535 bytes, a length past the limit).
#pragma once

#include "mqtt/packet.hpp"

#include <span>

namespace otabahn::mqtt {

using Out = std::span<std::uint8_t>;

std::size_t encode(const Connect& packet, Out out);
std::size_t encode(const Connack& packet, Version version, Out out);
std::size_t encode(const Publish& packet, Version version, Out out);
// All of a PUBLISH but the payload, whose size it announces: for payloads that are read straight into their place.
std::size_t encode_publish_head(const Publish& packet, std::size_t payload_size, Version version, Out out);
std::size_t encode_puback(const Puback& packet, Version version, Out out);
std::size_t encode(const Suback& packet, Version version, Out out);
std::size_t encode(const Unsuback& packet, Version version, Out out);
std::size_t encode(const Disconnect& packet, Version version, Out out);
std::size_t encode_subscribe(std::uint16_t packet_id, std::span<const SubscribeEntry> entries, Properties properties, Version version,
                             Out out);
std::size_t encode_unsubscribe(std::uint16_t packet_id, std::span<const std::string_view> filters, Properties properties, Version version,
                               Out out);
std::size_t encode_pingreq(Out out);
std::size_t encode_pingresp(Out out);

}  // namespace otabahn::mqtt
