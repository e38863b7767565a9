// SPDX-License-Identifier: Apache-2.0
#include "mqtt/decode.hpp"

#include "mqtt/topic.hpp"

namespace otabahn::mqtt {
namespace {

Unexpected<DecodeError> no(DecodeError error) { return Unexpected(error); }

DecodeError why(const Reader& reader) { return reader.bad_utf8() ? DecodeError::invalid_utf8 : DecodeError::truncated; }

// The length prefix and the properties after it; none in 3.1.1.
Decoded<Properties> read_properties(Reader& reader, Version version, std::uint16_t where) {
    if (version != Version::v5) return Properties();
    const std::uint32_t size = reader.variable();
    if (reader.failed() || size > reader.remaining()) return no(DecodeError::property_length);
    return Properties::parse(reader.bytes(size), where);
}

Decoded<std::uint16_t> read_packet_id(Reader& reader) {
    const std::uint16_t id = reader.u16();
    if (reader.failed()) return no(DecodeError::truncated);
    if (id == 0) return no(DecodeError::packet_id_zero);
    return id;
}

Result<void, DecodeError> check_length(const Frame& frame, Version version) {
    if (version == Version::v5 && !frame.shortest_length) return no(DecodeError::remaining_length);
    return {};
}

constexpr std::uint8_t will_flag = 0x04, will_qos_bits = 0x18, will_retain_flag = 0x20, password_flag = 0x40, user_flag = 0x80;

Decoded<Will> read_will(Reader& reader, Version version, std::uint8_t flags) {
    Will will;
    will.qos = static_cast<std::uint8_t>((flags & will_qos_bits) >> 3);
    will.retain = (flags & will_retain_flag) != 0;
    auto properties = read_properties(reader, version, will_properties);
    if (!properties) return no(properties.error());
    will.properties = *properties;
    will.topic = reader.text();
    will.payload = reader.binary();
    if (reader.failed()) return no(why(reader));
    if (!is_topic_name(will.topic)) return no(DecodeError::topic_name);
    return will;
}

}  // namespace

Decoded<Connect> decode_connect(const Frame& frame) {
    Reader reader(frame.body);
    const std::string_view name = reader.text();
    if (reader.failed() || name != "MQTT") return no(DecodeError::protocol_name);
    const std::uint8_t level = reader.u8();
    if (reader.failed()) return no(DecodeError::truncated);
    if (level != 4 && level != 5) return no(DecodeError::protocol_version);
    Connect out;
    out.version = static_cast<Version>(level);
    if (const auto fine = check_length(frame, out.version); !fine) return no(fine.error());

    const std::uint8_t flags = reader.u8();
    out.keep_alive = reader.u16();
    if (reader.failed()) return no(DecodeError::truncated);
    const bool will = (flags & will_flag) != 0;
    if ((flags & 0x01) != 0 || (!will && (flags & (will_qos_bits | will_retain_flag)) != 0)) return no(DecodeError::connect_flags);
    if ((flags & will_qos_bits) == will_qos_bits) return no(DecodeError::will_qos);
    // MQTT-3.1.2-22: no password without a user name; MQTT 5 dropped that rule.
    if (out.version == Version::v3_1_1 && (flags & (user_flag | password_flag)) == password_flag) return no(DecodeError::connect_flags);
    out.clean_start = (flags & 0x02) != 0;

    auto properties = read_properties(reader, out.version, packet_bit(PacketType::connect));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    out.client_id = reader.text();
    if (reader.failed()) return no(why(reader));
    if (will) {
        auto read = read_will(reader, out.version, flags);
        if (!read) return no(read.error());
        out.will = *read;
    }
    if ((flags & user_flag) != 0) out.user_name = reader.text();
    if ((flags & password_flag) != 0) out.password = reader.binary();
    if (reader.failed()) return no(why(reader));
    if (!reader.at_end()) return no(DecodeError::trailing_bytes);
    return out;
}

Decoded<Connack> decode_connack(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    Reader reader(frame.body);
    Connack out;
    const std::uint8_t flags = reader.u8();
    out.code = reader.u8();
    if (reader.failed()) return no(DecodeError::truncated);
    if ((flags & 0xfe) != 0) return no(DecodeError::connack_flags);
    out.session_present = flags == 1;
    const bool known = version == Version::v5 ? reason_fits(PacketType::connack, out.code) : out.code <= 5;
    if (!known) return no(DecodeError::reason_code);
    auto properties = read_properties(reader, version, packet_bit(PacketType::connack));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    if (!reader.at_end()) return no(DecodeError::trailing_bytes);
    return out;
}

Decoded<Publish> decode_publish(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    Reader reader(frame.body);
    Publish out;
    out.dup = (frame.flags & 0x08) != 0;
    out.qos = static_cast<std::uint8_t>((frame.flags & 0x06) >> 1);
    out.retain = (frame.flags & 0x01) != 0;
    if (out.qos == 3) return no(DecodeError::qos_3);
    if (out.qos == 0 && out.dup) return no(DecodeError::dup_without_qos);
    out.topic = reader.text();
    if (reader.failed()) return no(why(reader));
    if (out.qos != 0) {
        const auto id = read_packet_id(reader);
        if (!id) return no(id.error());
        out.packet_id = *id;
    }
    auto properties = read_properties(reader, version, packet_bit(PacketType::publish));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    const bool aliased = out.topic.empty() && out.properties.has(PropertyId::topic_alias);
    if (!aliased && out.topic.empty() && version == Version::v5) return no(DecodeError::topic_missing);
    if (!aliased && !is_topic_name(out.topic)) return no(DecodeError::topic_name);
    if (const auto response = out.properties.text(PropertyId::response_topic); response && !is_topic_name(*response))
        return no(DecodeError::topic_name);
    out.payload = reader.rest();
    return out;
}

Decoded<Puback> decode_puback(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    Reader reader(frame.body);
    Puback out;
    const auto id = read_packet_id(reader);
    if (!id) return no(id.error());
    out.packet_id = *id;
    if (reader.at_end()) return out;  // in MQTT 5: success, no properties
    if (version != Version::v5) return no(DecodeError::trailing_bytes);
    const std::uint8_t code = reader.u8();
    if (!reason_fits(frame.type, code)) return no(DecodeError::reason_code);
    out.code = static_cast<ReasonCode>(code);
    if (reader.at_end()) return out;
    auto properties = read_properties(reader, version, packet_bit(frame.type));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    if (!reader.at_end()) return no(DecodeError::trailing_bytes);
    return out;
}

SubscribeEntry Subscribe::read_entry(Reader& reader) {
    SubscribeEntry out;
    out.filter = reader.text();
    const std::uint8_t options = reader.u8();
    out.qos = options & 0x03;
    out.no_local = (options & 0x04) != 0;
    out.retain_as_published = (options & 0x08) != 0;
    out.retain_handling = static_cast<std::uint8_t>((options & 0x30) >> 4);
    return out;
}

std::size_t Subscribe::count() const {
    std::size_t count = 0;
    for_each([&](const SubscribeEntry&) { ++count; });
    return count;
}

std::size_t Unsubscribe::count() const {
    std::size_t count = 0;
    for_each([&](std::string_view) { ++count; });
    return count;
}

Decoded<Subscribe> decode_subscribe(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    Reader reader(frame.body);
    Subscribe out;
    out.version = version;
    const auto id = read_packet_id(reader);
    if (!id) return no(id.error());
    out.packet_id = *id;
    auto properties = read_properties(reader, version, packet_bit(PacketType::subscribe));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    if (reader.at_end()) return no(DecodeError::no_filters);
    out.entries = ByteView(reader.position(), reader.remaining());
    while (!reader.at_end()) {
        reader.text();
        const std::uint8_t options = reader.u8();
        if (reader.failed()) return no(why(reader));
        const std::uint8_t reserved = version == Version::v5 ? 0xc0 : 0xfc;
        if ((options & reserved) != 0) return no(DecodeError::subscription_reserved);
        if ((options & 0x03) == 3 || (options & 0x30) == 0x30) return no(DecodeError::subscription_options);
    }
    return out;
}

Decoded<Suback> decode_suback(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    Reader reader(frame.body);
    Suback out;
    const auto id = read_packet_id(reader);
    if (!id) return no(id.error());
    out.packet_id = *id;
    auto properties = read_properties(reader, version, packet_bit(PacketType::suback));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    out.codes = reader.rest();
    if (out.codes.empty()) return no(DecodeError::truncated);
    for (const std::uint8_t code : out.codes)
        if (version == Version::v5 ? !reason_fits(PacketType::suback, code) : (code > 2 && code != 0x80))
            return no(DecodeError::reason_code);
    return out;
}

Decoded<Unsubscribe> decode_unsubscribe(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    Reader reader(frame.body);
    Unsubscribe out;
    const auto id = read_packet_id(reader);
    if (!id) return no(id.error());
    out.packet_id = *id;
    auto properties = read_properties(reader, version, packet_bit(PacketType::unsubscribe));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    if (reader.at_end()) return no(DecodeError::no_filters);
    out.entries = ByteView(reader.position(), reader.remaining());
    while (!reader.at_end()) {
        reader.text();
        if (reader.failed()) return no(why(reader));
    }
    return out;
}

Decoded<Unsuback> decode_unsuback(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    Reader reader(frame.body);
    Unsuback out;
    const auto id = read_packet_id(reader);
    if (!id) return no(id.error());
    out.packet_id = *id;
    auto properties = read_properties(reader, version, packet_bit(PacketType::unsuback));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    out.codes = reader.rest();
    if (version == Version::v3_1_1 && !out.codes.empty()) return no(DecodeError::trailing_bytes);
    if (version == Version::v5 && out.codes.empty()) return no(DecodeError::truncated);
    for (const std::uint8_t code : out.codes)
        if (!reason_fits(PacketType::unsuback, code)) return no(DecodeError::reason_code);
    return out;
}

Decoded<Disconnect> decode_disconnect(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    Disconnect out;
    if (frame.body.empty()) return out;
    if (version != Version::v5) return no(DecodeError::body_not_empty);
    Reader reader(frame.body);
    const std::uint8_t code = reader.u8();
    if (!reason_fits(PacketType::disconnect, code)) return no(DecodeError::reason_code);
    out.code = static_cast<ReasonCode>(code);
    if (reader.at_end()) return out;
    auto properties = read_properties(reader, version, packet_bit(PacketType::disconnect));
    if (!properties) return no(properties.error());
    out.properties = *properties;
    if (!reader.at_end()) return no(DecodeError::trailing_bytes);
    return out;
}

Result<void, DecodeError> decode_empty(const Frame& frame, Version version) {
    if (const auto fine = check_length(frame, version); !fine) return no(fine.error());
    if (!frame.body.empty()) return no(DecodeError::body_not_empty);
    return {};
}

}  // namespace otabahn::mqtt
