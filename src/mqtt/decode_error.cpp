// SPDX-License-Identifier: Apache-2.0
#include "mqtt/decode_error.hpp"

namespace otabahn::mqtt {

ReasonCode to_reason(DecodeError error) {
    switch (error) {
        case DecodeError::packet_too_large:
            return ReasonCode::packet_too_large;
        case DecodeError::protocol_version:
            return ReasonCode::unsupported_protocol_version;
        case DecodeError::protocol_name:
            return ReasonCode::unsupported_protocol_version;
        case DecodeError::topic_name:
            return ReasonCode::topic_name_invalid;
        case DecodeError::topic_alias_zero:
            return ReasonCode::topic_alias_invalid;
        case DecodeError::topic_filter:
            return ReasonCode::topic_filter_invalid;
        case DecodeError::packet_id_zero:
        case DecodeError::no_filters:
        case DecodeError::subscription_options:
        case DecodeError::topic_missing:
        case DecodeError::property_duplicate:
        case DecodeError::property_value:
        case DecodeError::auth_data_without_method:
            return ReasonCode::protocol_error;
        case DecodeError::reserved_packet_type:
        case DecodeError::reserved_flags:
        case DecodeError::remaining_length:
        case DecodeError::truncated:
        case DecodeError::trailing_bytes:
        case DecodeError::invalid_utf8:
        case DecodeError::connect_flags:
        case DecodeError::will_qos:
        case DecodeError::qos_3:
        case DecodeError::dup_without_qos:
        case DecodeError::reason_code:
        case DecodeError::connack_flags:
        case DecodeError::subscription_reserved:
        case DecodeError::property_unknown:
        case DecodeError::property_misplaced:
        case DecodeError::property_length:
        case DecodeError::body_not_empty:
            return ReasonCode::malformed_packet;
    }
    return ReasonCode::malformed_packet;
}

std::string_view describe(DecodeError error) {
    switch (error) {
        case DecodeError::reserved_packet_type:
            return "packet type 0 is reserved";
        case DecodeError::reserved_flags:
            return "reserved bits of the fixed header are not as the packet type demands";
        case DecodeError::remaining_length:
            return "remaining length takes more than four bytes or is not in its shortest form";
        case DecodeError::packet_too_large:
            return "packet is larger than the limit";
        case DecodeError::truncated:
            return "packet ends inside a field";
        case DecodeError::trailing_bytes:
            return "packet goes on after its last field";
        case DecodeError::invalid_utf8:
            return "a string is no well-formed UTF-8, or holds U+0000";
        case DecodeError::protocol_name:
            return "protocol name is not MQTT";
        case DecodeError::protocol_version:
            return "protocol version is neither 4 (3.1.1) nor 5";
        case DecodeError::connect_flags:
            return "connect flags contradict each other or use the reserved bit";
        case DecodeError::will_qos:
            return "will QoS is 3";
        case DecodeError::qos_3:
            return "QoS 3 does not exist";
        case DecodeError::dup_without_qos:
            return "DUP is set on a QoS 0 message";
        case DecodeError::packet_id_zero:
            return "packet identifier 0 is not allowed";
        case DecodeError::topic_name:
            return "topic name is empty or holds a wildcard";
        case DecodeError::topic_missing:
            return "topic name is empty, and there is no topic alias";
        case DecodeError::topic_alias_zero:
            return "topic alias 0 is not allowed";
        case DecodeError::topic_filter:
            return "topic filter is empty or places a wildcard wrongly";
        case DecodeError::no_filters:
            return "no topic filter in the packet";
        case DecodeError::subscription_options:
            return "subscription options have a QoS or retain handling of 3";
        case DecodeError::subscription_reserved:
            return "subscription options use reserved bits";
        case DecodeError::reason_code:
            return "reason code does not belong to this packet";
        case DecodeError::connack_flags:
            return "connect acknowledge flags use reserved bits";
        case DecodeError::property_unknown:
            return "property identifier does not exist";
        case DecodeError::property_misplaced:
            return "property does not belong to this packet";
        case DecodeError::property_duplicate:
            return "property is given twice";
        case DecodeError::property_value:
            return "property has a value outside its range";
        case DecodeError::property_length:
            return "property length does not fit its properties";
        case DecodeError::auth_data_without_method:
            return "authentication data without an authentication method";
        case DecodeError::body_not_empty:
            return "packet has a body where none is allowed";
    }
    return "malformed packet";
}

}  // namespace otabahn::mqtt
