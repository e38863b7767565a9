// SPDX-License-Identifier: Apache-2.0
#include "mqtt/property.hpp"

namespace otabahn::mqtt {
namespace {

constexpr std::uint16_t connect = packet_bit(PacketType::connect), connack = packet_bit(PacketType::connack),
                        publish = packet_bit(PacketType::publish), puback = packet_bit(PacketType::puback),
                        pubrec = packet_bit(PacketType::pubrec), pubrel = packet_bit(PacketType::pubrel),
                        pubcomp = packet_bit(PacketType::pubcomp), subscribe = packet_bit(PacketType::subscribe),
                        suback = packet_bit(PacketType::suback), unsubscribe = packet_bit(PacketType::unsubscribe),
                        unsuback = packet_bit(PacketType::unsuback), disconnect = packet_bit(PacketType::disconnect),
                        auth = packet_bit(PacketType::auth);

// MQTT 5, table 2-4. A flag is a byte of 0 or 1.
constexpr PropertyRow rows[] = {
    {PropertyId::payload_format_indicator, PropertyType::byte, publish | will_properties, false, 0, 1},
    {PropertyId::message_expiry_interval, PropertyType::four_bytes, publish | will_properties},
    {PropertyId::content_type, PropertyType::text, publish | will_properties},
    {PropertyId::response_topic, PropertyType::text, publish | will_properties},
    {PropertyId::correlation_data, PropertyType::binary, publish | will_properties},
    {PropertyId::subscription_identifier, PropertyType::variable, publish | subscribe, true, 1, largest_variable},
    {PropertyId::session_expiry_interval, PropertyType::four_bytes, connect | connack | disconnect},
    {PropertyId::assigned_client_identifier, PropertyType::text, connack},
    {PropertyId::server_keep_alive, PropertyType::two_bytes, connack},
    {PropertyId::authentication_method, PropertyType::text, connect | connack | auth},
    {PropertyId::authentication_data, PropertyType::binary, connect | connack | auth},
    {PropertyId::request_problem_information, PropertyType::byte, connect, false, 0, 1},
    {PropertyId::will_delay_interval, PropertyType::four_bytes, will_properties},
    {PropertyId::request_response_information, PropertyType::byte, connect, false, 0, 1},
    {PropertyId::response_information, PropertyType::text, connack},
    {PropertyId::server_reference, PropertyType::text, connack | disconnect},
    {PropertyId::reason_string, PropertyType::text, connack | puback | pubrec | pubrel | pubcomp | suback | unsuback | disconnect | auth},
    {PropertyId::receive_maximum, PropertyType::two_bytes, connect | connack, false, 1},
    {PropertyId::topic_alias_maximum, PropertyType::two_bytes, connect | connack},
    {PropertyId::topic_alias, PropertyType::two_bytes, publish},
    {PropertyId::maximum_qos, PropertyType::byte, connack, false, 0, 1},
    {PropertyId::retain_available, PropertyType::byte, connack, false, 0, 1},
    {PropertyId::user_property, PropertyType::text_pair,
     connect | connack | publish | will_properties | puback | pubrec | pubrel | pubcomp | subscribe | suback | unsubscribe | unsuback |
         disconnect | auth,
     true},
    {PropertyId::maximum_packet_size, PropertyType::four_bytes, connect | connack, false, 1},
    {PropertyId::wildcard_subscription_available, PropertyType::byte, connack, false, 0, 1},
    {PropertyId::subscription_identifier_available, PropertyType::byte, connack, false, 0, 1},
    {PropertyId::shared_subscription_available, PropertyType::byte, connack, false, 0, 1},
};

bool read_value(Reader& reader, PropertyType type, Property& out) {
    switch (type) {
        case PropertyType::byte:
            out.number = reader.u8();
            break;
        case PropertyType::two_bytes:
            out.number = reader.u16();
            break;
        case PropertyType::four_bytes:
            out.number = reader.u32();
            break;
        case PropertyType::variable:
            out.number = reader.variable();
            break;
        case PropertyType::text:
            out.text = reader.text();
            break;
        case PropertyType::binary:
            out.binary = reader.binary();
            break;
        case PropertyType::text_pair:
            out.text = reader.text();
            out.value = reader.text();
            break;
    }
    return !reader.failed();
}

bool is_number(PropertyType type) { return type <= PropertyType::variable; }

}  // namespace

std::span<const PropertyRow> property_rows() { return rows; }

const PropertyRow* find_property(std::uint32_t id) {
    for (const auto& row : rows)
        if (static_cast<std::uint8_t>(row.id) == id) return &row;
    return nullptr;
}

bool Properties::next(Reader& reader, Property& out) {
    out = Property{};
    const std::uint8_t* start = reader.position();
    const PropertyRow* row = find_property(reader.variable());
    if (row == nullptr || !read_value(reader, row->type, out)) return false;
    out.id = row->id;
    out.encoded = ByteView(start, reader.position());
    return true;
}

Result<Properties, DecodeError> Properties::parse(ByteView encoded, std::uint16_t where) {
    Reader reader(encoded);
    std::uint64_t seen = 0;
    bool method = false;
    bool data = false;
    while (!reader.at_end()) {
        const std::uint32_t id = reader.variable();
        if (reader.failed()) return Unexpected(DecodeError::property_length);
        const PropertyRow* row = find_property(id);
        if (row == nullptr) return Unexpected(DecodeError::property_unknown);
        if ((row->packets & where) == 0) return Unexpected(DecodeError::property_misplaced);
        // A subscription identifier repeats in what a server forwards, never in a SUBSCRIBE (3.8.2.1.2).
        const bool repeats = row->repeats && !(row->id == PropertyId::subscription_identifier && where == subscribe);
        if (!repeats && (seen >> id & 1U) != 0) return Unexpected(DecodeError::property_duplicate);
        seen |= std::uint64_t{1} << id;
        Property property;
        if (!read_value(reader, row->type, property))
            return Unexpected(reader.bad_utf8() ? DecodeError::invalid_utf8 : DecodeError::property_length);
        if (is_number(row->type) && (property.number < row->least || property.number > row->most))
            return Unexpected(DecodeError::property_value);
        if (row->id == PropertyId::topic_alias && property.number == 0) return Unexpected(DecodeError::topic_alias_zero);
        method |= row->id == PropertyId::authentication_method;
        data |= row->id == PropertyId::authentication_data;
    }
    if (data && !method) return Unexpected(DecodeError::auth_data_without_method);
    Properties out;
    out.encoded_ = encoded;
    return out;
}

bool Properties::find(PropertyId id, Property& out) const {
    Reader reader(encoded_);
    while (!reader.at_end() && next(reader, out))
        if (out.id == id) return true;
    return false;
}

std::optional<std::uint32_t> Properties::number(PropertyId id) const {
    Property property;
    if (!find(id, property)) return std::nullopt;
    return property.number;
}

std::optional<std::string_view> Properties::text(PropertyId id) const {
    Property property;
    if (!find(id, property)) return std::nullopt;
    return property.text;
}

std::optional<ByteView> Properties::binary(PropertyId id) const {
    Property property;
    if (!find(id, property)) return std::nullopt;
    return property.binary;
}

bool Properties::has(PropertyId id) const {
    Property property;
    return find(id, property);
}

std::size_t Properties::user_property_bytes() const {
    std::size_t sum = 0;
    for_each([&](const Property& property) {
        if (property.id == PropertyId::user_property) sum += property.text.size() + property.value.size();
    });
    return sum;
}

void PropertyBuilder::take(const Writer& writer) {
    if (writer.overflow()) {
        overflow_ = true;
        return;
    }
    used_ += writer.size();
}

PropertyBuilder& PropertyBuilder::number(PropertyId id, std::uint32_t value) {
    Writer writer(buffer_.subspan(used_));
    writer.u8(static_cast<std::uint8_t>(id));
    switch (find_property(static_cast<std::uint8_t>(id))->type) {
        case PropertyType::byte:
            writer.u8(static_cast<std::uint8_t>(value));
            break;
        case PropertyType::two_bytes:
            writer.u16(static_cast<std::uint16_t>(value));
            break;
        case PropertyType::four_bytes:
            writer.u32(value);
            break;
        default:
            writer.variable(value);
            break;
    }
    take(writer);
    return *this;
}

PropertyBuilder& PropertyBuilder::text(PropertyId id, std::string_view value) { return binary(id, as_bytes(value)); }

PropertyBuilder& PropertyBuilder::binary(PropertyId id, ByteView value) {
    Writer writer(buffer_.subspan(used_));
    writer.u8(static_cast<std::uint8_t>(id));
    writer.binary(value);
    take(writer);
    return *this;
}

PropertyBuilder& PropertyBuilder::user(std::string_view name, std::string_view value) {
    Writer writer(buffer_.subspan(used_));
    writer.u8(static_cast<std::uint8_t>(PropertyId::user_property));
    writer.text(name);
    writer.text(value);
    take(writer);
    return *this;
}

PropertyBuilder& PropertyBuilder::copy(const Property& property) {
    Writer writer(buffer_.subspan(used_));
    writer.bytes(property.encoded);
    take(writer);
    return *this;
}

}  // namespace otabahn::mqtt
