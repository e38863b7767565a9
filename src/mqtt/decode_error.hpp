// SPDX-License-Identifier: Apache-2.0
// Why bytes are no MQTT packet. One switch maps each to the reason code that a server or client answers with.
#pragma once

#include "mqtt/reason.hpp"

#include <cstdint>
#include <string_view>

namespace otabahn::mqtt {

enum class DecodeError : std::uint8_t {
    reserved_packet_type,
    reserved_flags,
    remaining_length,  // five bytes, or not in its shortest form
    packet_too_large,  // for the limit that the caller gave
    truncated,         // the body ends inside a field
    trailing_bytes,    // the body goes on after its last field
    invalid_utf8,
    protocol_name,
    protocol_version,
    connect_flags,
    will_qos,  // 3, or more than the flags allow
    qos_3,
    dup_without_qos,
    packet_id_zero,
    topic_name,     // a wildcard; empty in MQTT 3.1.1
    topic_missing,  // empty, and no topic alias
    topic_alias_zero,
    topic_filter,
    no_filters,
    subscription_options,   // a value that does not exist
    subscription_reserved,  // a reserved bit
    reason_code,            // not one of this packet's
    connack_flags,
    property_unknown,
    property_misplaced,  // not one of this packet's
    property_duplicate,
    property_value,
    property_length,
    auth_data_without_method,
    body_not_empty,  // PINGREQ, PINGRESP, MQTT 3.1.1 DISCONNECT
};

ReasonCode to_reason(DecodeError error);
std::string_view describe(DecodeError error);

}  // namespace otabahn::mqtt
