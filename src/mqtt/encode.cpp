// SPDX-License-Identifier: Apache-2.0
#include "mqtt/encode.hpp"

namespace otabahn::mqtt {
namespace {

constexpr std::size_t longest_field = 65'535;

// Writes the body twice: to count, then behind the fixed header. `extra` bytes follow that the caller writes.
template <class Body>
std::size_t packet(PacketType type, std::uint8_t flags, Out out, Body body, std::size_t extra = 0) {
    Writer counter;
    body(counter);
    const std::size_t length = counter.size() + extra;
    if (length > largest_variable) return 0;
    const std::size_t size = 1 + variable_size(static_cast<std::uint32_t>(length)) + counter.size();
    if (out.size() >= size) {
        Writer writer(out);
        writer.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) << 4 | flags));
        writer.variable(static_cast<std::uint32_t>(length));
        body(writer);
    }
    return size;
}

void write_properties(Writer& writer, const Properties& properties, Version version) {
    if (version != Version::v5) return;
    writer.variable(static_cast<std::uint32_t>(properties.encoded().size()));
    writer.bytes(properties.encoded());
}

}  // namespace

std::size_t encode(const Connect& connect, Out out) {
    if (connect.client_id.size() > longest_field) return 0;
    if (connect.will && (connect.will->topic.size() > longest_field || connect.will->payload.size() > longest_field)) return 0;
    if ((connect.user_name && connect.user_name->size() > longest_field) || (connect.password && connect.password->size() > longest_field))
        return 0;
    return packet(PacketType::connect, 0, out, [&](Writer& writer) {
        writer.text("MQTT");
        writer.u8(static_cast<std::uint8_t>(connect.version));
        unsigned flags = connect.clean_start ? 0x02U : 0U;
        if (connect.will) flags |= 0x04U | static_cast<unsigned>(connect.will->qos) << 3 | (connect.will->retain ? 0x20U : 0U);
        if (connect.password) flags |= 0x40U;
        if (connect.user_name) flags |= 0x80U;
        writer.u8(static_cast<std::uint8_t>(flags));
        writer.u16(connect.keep_alive);
        write_properties(writer, connect.properties, connect.version);
        writer.text(connect.client_id);
        if (connect.will) {
            write_properties(writer, connect.will->properties, connect.version);
            writer.text(connect.will->topic);
            writer.binary(connect.will->payload);
        }
        if (connect.user_name) writer.text(*connect.user_name);
        if (connect.password) writer.binary(*connect.password);
    });
}

std::size_t encode(const Connack& connack, Version version, Out out) {
    return packet(PacketType::connack, 0, out, [&](Writer& writer) {
        writer.u8(connack.session_present ? 1 : 0);
        writer.u8(connack.code);
        write_properties(writer, connack.properties, version);
    });
}

std::size_t encode_publish_head(const Publish& publish, std::size_t payload_size, Version version, Out out) {
    if (publish.topic.size() > longest_field) return 0;
    const auto flags = static_cast<std::uint8_t>((publish.dup ? 0x08 : 0) | publish.qos << 1 | (publish.retain ? 0x01 : 0));
    const auto body = [&](Writer& writer) {
        writer.text(publish.topic);
        if (publish.qos != 0) writer.u16(publish.packet_id);
        write_properties(writer, publish.properties, version);
    };
    return packet(PacketType::publish, flags, out, body, payload_size);
}

std::size_t encode(const Publish& publish, Version version, Out out) {
    const std::size_t head = encode_publish_head(publish, publish.payload.size(), version, {});
    if (head == 0) return 0;
    const std::size_t size = head + publish.payload.size();
    if (out.size() >= size) {
        encode_publish_head(publish, publish.payload.size(), version, out);
        Writer writer(out.subspan(head));
        writer.bytes(publish.payload);
    }
    return size;
}

std::size_t encode_puback(const Puback& puback, Version version, Out out) {
    return packet(PacketType::puback, 0, out, [&](Writer& writer) {
        writer.u16(puback.packet_id);
        if (version != Version::v5 || (puback.code == ReasonCode::success && puback.properties.empty())) return;
        writer.u8(static_cast<std::uint8_t>(puback.code));
        if (!puback.properties.empty()) write_properties(writer, puback.properties, version);
    });
}

std::size_t encode(const Suback& suback, Version version, Out out) {
    return packet(PacketType::suback, 0, out, [&](Writer& writer) {
        writer.u16(suback.packet_id);
        write_properties(writer, suback.properties, version);
        writer.bytes(suback.codes);
    });
}

std::size_t encode(const Unsuback& unsuback, Version version, Out out) {
    return packet(PacketType::unsuback, 0, out, [&](Writer& writer) {
        writer.u16(unsuback.packet_id);
        if (version != Version::v5) return;
        write_properties(writer, unsuback.properties, version);
        writer.bytes(unsuback.codes);
    });
}

std::size_t encode(const Disconnect& disconnect, Version version, Out out) {
    return packet(PacketType::disconnect, 0, out, [&](Writer& writer) {
        if (version != Version::v5 || (disconnect.code == ReasonCode::success && disconnect.properties.empty())) return;
        writer.u8(static_cast<std::uint8_t>(disconnect.code));
        if (!disconnect.properties.empty()) write_properties(writer, disconnect.properties, version);
    });
}

std::size_t encode_subscribe(std::uint16_t packet_id, std::span<const SubscribeEntry> entries, Properties properties, Version version,
                             Out out) {
    for (const auto& entry : entries)
        if (entry.filter.size() > longest_field) return 0;
    return packet(PacketType::subscribe, 0b0010, out, [&](Writer& writer) {
        writer.u16(packet_id);
        write_properties(writer, properties, version);
        for (const auto& entry : entries) {
            writer.text(entry.filter);
            unsigned options = entry.qos;
            if (version == Version::v5) {
                options |= (entry.no_local ? 0x04U : 0U) | (entry.retain_as_published ? 0x08U : 0U);
                options |= static_cast<unsigned>(entry.retain_handling) << 4;
            }
            writer.u8(static_cast<std::uint8_t>(options));
        }
    });
}

std::size_t encode_unsubscribe(std::uint16_t packet_id, std::span<const std::string_view> filters, Properties properties, Version version,
                               Out out) {
    for (const auto& filter : filters)
        if (filter.size() > longest_field) return 0;
    return packet(PacketType::unsubscribe, 0b0010, out, [&](Writer& writer) {
        writer.u16(packet_id);
        write_properties(writer, properties, version);
        for (const auto& filter : filters) writer.text(filter);
    });
}

std::size_t encode_pingreq(Out out) {
    return packet(PacketType::pingreq, 0, out, [](Writer&) {});
}

std::size_t encode_pingresp(Out out) {
    return packet(PacketType::pingresp, 0, out, [](Writer&) {});
}

}  // namespace otabahn::mqtt
