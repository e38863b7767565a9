// SPDX-License-Identifier: Apache-2.0
#include "mqtt/reason.hpp"

namespace otabahn::mqtt {
namespace {

constexpr std::uint16_t in(PacketType type) { return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type)); }

constexpr std::uint16_t connack = in(PacketType::connack), puback = in(PacketType::puback), pubrec = in(PacketType::pubrec),
                        pubrel = in(PacketType::pubrel), pubcomp = in(PacketType::pubcomp), suback = in(PacketType::suback),
                        unsuback = in(PacketType::unsuback), disconnect = in(PacketType::disconnect), auth = in(PacketType::auth);

struct ReasonRow {
    ReasonCode code;
    std::uint16_t packets;
    std::string_view text;
};

// MQTT 5, table 2-6.
constexpr ReasonRow reasons[] = {
    {ReasonCode::success, connack | puback | pubrec | pubrel | pubcomp | suback | unsuback | disconnect | auth, "success"},
    {ReasonCode::granted_qos_1, suback, "granted QoS 1"},
    {ReasonCode::granted_qos_2, suback, "granted QoS 2"},
    {ReasonCode::disconnect_with_will, disconnect, "disconnect with will message"},
    {ReasonCode::no_matching_subscribers, puback | pubrec, "no matching subscribers"},
    {ReasonCode::no_subscription_existed, unsuback, "no subscription existed"},
    {ReasonCode::continue_authentication, auth, "continue authentication"},
    {ReasonCode::re_authenticate, auth, "re-authenticate"},
    {ReasonCode::unspecified_error, connack | puback | pubrec | suback | unsuback | disconnect, "unspecified error"},
    {ReasonCode::malformed_packet, connack | disconnect, "malformed packet"},
    {ReasonCode::protocol_error, connack | disconnect, "protocol error"},
    {ReasonCode::implementation_specific_error, connack | puback | pubrec | suback | unsuback | disconnect,
     "implementation specific error"},
    {ReasonCode::unsupported_protocol_version, connack, "unsupported protocol version"},
    {ReasonCode::client_identifier_not_valid, connack, "client identifier not valid"},
    {ReasonCode::bad_user_name_or_password, connack, "bad user name or password"},
    {ReasonCode::not_authorized, connack | puback | pubrec | suback | unsuback | disconnect, "not authorized"},
    {ReasonCode::server_unavailable, connack, "server unavailable"},
    {ReasonCode::server_busy, connack | disconnect, "server busy"},
    {ReasonCode::banned, connack, "banned"},
    {ReasonCode::server_shutting_down, disconnect, "server shutting down"},
    {ReasonCode::bad_authentication_method, connack | disconnect, "bad authentication method"},
    {ReasonCode::keep_alive_timeout, disconnect, "keep alive timeout"},
    {ReasonCode::session_taken_over, disconnect, "session taken over"},
    {ReasonCode::topic_filter_invalid, suback | unsuback | disconnect, "topic filter invalid"},
    {ReasonCode::topic_name_invalid, connack | puback | pubrec | disconnect, "topic name invalid"},
    {ReasonCode::packet_identifier_in_use, puback | pubrec | suback | unsuback, "packet identifier in use"},
    {ReasonCode::packet_identifier_not_found, pubrel | pubcomp, "packet identifier not found"},
    {ReasonCode::receive_maximum_exceeded, disconnect, "receive maximum exceeded"},
    {ReasonCode::topic_alias_invalid, disconnect, "topic alias invalid"},
    {ReasonCode::packet_too_large, connack | disconnect, "packet too large"},
    {ReasonCode::message_rate_too_high, disconnect, "message rate too high"},
    {ReasonCode::quota_exceeded, connack | puback | pubrec | suback | disconnect, "quota exceeded"},
    {ReasonCode::administrative_action, disconnect, "administrative action"},
    {ReasonCode::payload_format_invalid, connack | puback | pubrec | disconnect, "payload format invalid"},
    {ReasonCode::retain_not_supported, connack | disconnect, "retain not supported"},
    {ReasonCode::qos_not_supported, connack | disconnect, "QoS not supported"},
    {ReasonCode::use_another_server, connack | disconnect, "use another server"},
    {ReasonCode::server_moved, connack | disconnect, "server moved"},
    {ReasonCode::shared_subscriptions_not_supported, suback | disconnect, "shared subscriptions not supported"},
    {ReasonCode::connection_rate_exceeded, connack | disconnect, "connection rate exceeded"},
    {ReasonCode::maximum_connect_time, disconnect, "maximum connect time"},
    {ReasonCode::subscription_identifiers_not_supported, suback | disconnect, "subscription identifiers not supported"},
    {ReasonCode::wildcard_subscriptions_not_supported, suback | disconnect, "wildcard subscriptions not supported"},
};

constexpr std::string_view packet_names[] = {"reserved", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
                                             "PUBREL",   "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
                                             "PINGREQ",  "PINGRESP", "DISCONNECT", "AUTH"};

}  // namespace

bool reason_fits(PacketType packet, std::uint8_t code) {
    for (const auto& row : reasons)
        if (static_cast<std::uint8_t>(row.code) == code) return (row.packets & in(packet)) != 0;
    return false;
}

std::string_view to_string(ReasonCode code) {
    for (const auto& row : reasons)
        if (row.code == code) return row.text;
    return "unknown reason";
}

std::string_view to_string(PacketType type) { return packet_names[static_cast<std::uint8_t>(type) & 0x0f]; }

std::uint8_t to_v3_connack(ReasonCode code) {
    switch (code) {
        case ReasonCode::success:
            return 0;
        case ReasonCode::unsupported_protocol_version:
            return 1;
        case ReasonCode::client_identifier_not_valid:
            return 2;
        case ReasonCode::server_unavailable:
        case ReasonCode::server_busy:
        case ReasonCode::unspecified_error:
        case ReasonCode::quota_exceeded:
        case ReasonCode::connection_rate_exceeded:
            return 3;
        case ReasonCode::bad_user_name_or_password:
            return 4;
        default:
            return 5;
    }
}

}  // namespace otabahn::mqtt
