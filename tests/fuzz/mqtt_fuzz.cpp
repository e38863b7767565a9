// SPDX-License-Identifier: Apache-2.0
// The MQTT codec: any bytes are scanned and decoded as both versions; what a decoder accepts is walked, and a CONNECT or
// PUBLISH that was accepted must come back the same after it is encoded again.
#include "mqtt/decode.hpp"
#include "mqtt/encode.hpp"
#include "mqtt/topic.hpp"

#include <cstdlib>
#include <vector>

namespace {

using namespace otabahn;
using namespace otabahn::mqtt;

void require(bool fact) {
    if (!fact) std::abort();
}

void walk(const Properties& properties) {
    std::size_t bytes = 0;
    properties.for_each([&](const Property& property) { bytes += property.encoded.size(); });
    require(bytes == properties.encoded().size());
}

void check_publish(const Frame& frame, Version version) {
    const auto publish = decode_publish(frame, version);
    if (!publish) return;
    walk(publish->properties);
    require(publish->topic.empty() || is_topic_name(publish->topic));
    std::vector<std::uint8_t> out(encode(*publish, version, Out{}));
    require(encode(*publish, version, out) == out.size());
    const auto scan = scan_frame(out, out.size());
    require(scan.state == FrameScan::State::complete);
    const auto back = decode_publish(scan.frame, version);
    require(back.has_value() && back->topic == publish->topic && as_text(back->payload) == as_text(publish->payload));
}

void check_connect(const Frame& frame) {
    const auto connect = decode_connect(frame);
    if (!connect) return;
    walk(connect->properties);
    std::vector<std::uint8_t> out(encode(*connect, Out{}));
    require(encode(*connect, out) == out.size());
    const auto scan = scan_frame(out, out.size());
    const auto back = decode_connect(scan.frame);
    require(back.has_value() && back->client_id == connect->client_id && back->will.has_value() == connect->will.has_value());
}

void check(const Frame& frame, Version version) {
    switch (frame.type) {
        case PacketType::connect:
            check_connect(frame);
            break;
        case PacketType::connack:
            (void)decode_connack(frame, version).has_value();
            break;
        case PacketType::publish:
            check_publish(frame, version);
            break;
        case PacketType::subscribe:
            if (const auto packet = decode_subscribe(frame, version)) {
                require(packet->count() != 0);
                packet->for_each([](const SubscribeEntry& entry) {
                    if (is_topic_filter(entry.filter)) (void)matches(entry.filter, "$aws/things/T/jobs/notify");
                });
            }
            break;
        case PacketType::unsubscribe:
            if (const auto packet = decode_unsubscribe(frame, version)) require(packet->count() != 0);
            break;
        case PacketType::suback:
            (void)decode_suback(frame, version).has_value();
            break;
        case PacketType::unsuback:
            (void)decode_unsuback(frame, version).has_value();
            break;
        case PacketType::disconnect:
            (void)decode_disconnect(frame, version).has_value();
            break;
        case PacketType::pingreq:
        case PacketType::pingresp:
            (void)decode_empty(frame).has_value();
            break;
        default:
            (void)decode_puback(frame, version).has_value();
            break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteView rest(data, size);
    while (!rest.empty()) {
        const auto scan = scan_frame(rest, 4096);
        if (scan.state != FrameScan::State::complete) break;
        check(scan.frame, Version::v3_1_1);
        check(scan.frame, Version::v5);
        rest = rest.subspan(scan.frame.size);
    }
    return 0;
}
