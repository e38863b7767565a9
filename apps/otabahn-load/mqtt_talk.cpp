// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/mqtt_talk.hpp"

#include "mqtt/encode.hpp"

#include <array>

namespace otabahn::load {
namespace {

constexpr std::size_t largest_packet = 512 * 1024, gathered_at_most = 8 * 1024;
constexpr auto version = mqtt::Version::v3_1_1;

template <class F>
void write(Wire& wire, F encode_into) {
    encode_into(wire.append(encode_into(mqtt::Out{})));
}

}  // namespace

void MqttTalk::opened(Wire& wire) {
    mqtt::Connect packet;
    packet.client_id = client_id_;
    packet.keep_alive = 1200;
    write(wire, [&](mqtt::Out out) { return mqtt::encode(packet, out); });
}

void MqttTalk::subscribe(Wire& wire, std::string_view filter, std::uint8_t qos) {
    const std::array entries{mqtt::SubscribeEntry{.filter = filter, .qos = qos}};
    const auto id = ++packet_id_;
    write(wire, [&](mqtt::Out out) { return mqtt::encode_subscribe(id, entries, {}, version, out); });
}

void MqttTalk::publish(Wire& wire, std::string_view topic, ByteView payload, std::uint8_t qos) {
    mqtt::Publish packet;
    packet.topic = topic;
    packet.payload = payload;
    packet.qos = qos;
    if (qos != 0) {
        if (++packet_id_ == 0) ++packet_id_;
        packet.packet_id = packet_id_;
    }
    write(wire, [&](mqtt::Out out) { return mqtt::encode(packet, version, out); });
}

std::size_t MqttTalk::received(Wire& wire, ByteView bytes) {
    std::size_t used = 0;
    while (used < bytes.size()) {
        const auto rest = bytes.subspan(used);
        if (large_left_ != 0) {
            const auto more = std::min(large_left_, rest.size());
            used += more;
            large_left_ -= more;
            if (large_left_ == 0) message(wire, large_topic_, {}, large_size_);
            continue;
        }
        const auto scan = mqtt::scan_frame(rest, largest_packet);
        if (scan.state == mqtt::FrameScan::State::failed) {
            fail_with("What came is no MQTT.");
            return bytes.size();
        }
        if (scan.state == mqtt::FrameScan::State::complete) {
            take(wire, scan.frame);
            used += scan.frame.size;
        } else if (!begin_large(rest, scan.needed)) {
            break;
        }
    }
    return used;
}

bool MqttTalk::begin_large(ByteView bytes, std::size_t packet_size) {
    // Type PUBLISH at QoS 0, and as much of it that its topic is there.
    if (packet_size <= gathered_at_most || bytes.size() < 512 || (bytes[0] & 0xf6) != 0x30) return false;
    std::size_t at = 1;
    while ((bytes[at] & 0x80) != 0) ++at;
    ++at;
    const std::size_t length = static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
    if (at + 2 + length > bytes.size()) return false;
    large_topic_ = as_text(bytes.subspan(at + 2, length));
    large_left_ = packet_size;
    large_size_ = packet_size - at - 2 - length;
    return true;
}

void MqttTalk::take(Wire& wire, const mqtt::Frame& frame) {
    switch (frame.type) {
        case mqtt::PacketType::connack: {
            const auto packet = mqtt::decode_connack(frame, version);
            if (!packet || packet->code != 0) return fail_with("Client " + client_id_ + " was not let in.");
            return connected(wire);
        }
        case mqtt::PacketType::suback: {
            const auto packet = mqtt::decode_suback(frame, version);
            if (!packet || packet->codes.empty() || packet->codes[0] > 2)
                return fail_with("A subscription of client " + client_id_ + " was refused.");
            return subscribed(wire);
        }
        case mqtt::PacketType::publish: {
            const auto packet = mqtt::decode_publish(frame, version);
            if (!packet) return fail_with("What came is no PUBLISH.");
            if (packet->qos != 0) {
                const mqtt::Puback answer{.packet_id = packet->packet_id};
                write(wire, [&](mqtt::Out out) { return mqtt::encode_puback(answer, version, out); });
            }
            return message(wire, packet->topic, packet->payload, packet->payload.size());
        }
        case mqtt::PacketType::puback:
            return acknowledged(wire);
        default:
            return;
    }
}

}  // namespace otabahn::load
