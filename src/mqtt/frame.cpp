// SPDX-License-Identifier: Apache-2.0
#include "mqtt/frame.hpp"

#include "mqtt/cursor.hpp"

namespace otabahn::mqtt {
namespace {

FrameScan failed(DecodeError error) {
    FrameScan out;
    out.state = FrameScan::State::failed;
    out.error = error;
    return out;
}

// MQTT 5, table 2-2; those of PUBLISH are its own.
bool flags_fit(PacketType type, std::uint8_t flags) {
    switch (type) {
        case PacketType::publish:
            return true;
        case PacketType::pubrel:
        case PacketType::subscribe:
        case PacketType::unsubscribe:
            return flags == 0b0010;
        default:
            return flags == 0;
    }
}

}  // namespace

FrameScan scan_frame(ByteView in, std::size_t largest) {
    FrameScan out;
    if (in.empty()) return out;
    const auto kind = static_cast<std::uint8_t>(in[0] >> 4);
    if (kind == 0) return failed(DecodeError::reserved_packet_type);
    out.frame.type = static_cast<PacketType>(kind);
    out.frame.flags = in[0] & 0x0f;
    if (!flags_fit(out.frame.type, out.frame.flags)) return failed(DecodeError::reserved_flags);

    std::uint32_t length = 0;
    std::size_t header = 1;
    for (int index = 0;; ++index) {
        if (index == 4) return failed(DecodeError::remaining_length);
        if (header == in.size()) {
            out.needed = header + 1;
            return out;
        }
        const std::uint8_t byte = in[header++];
        length |= static_cast<std::uint32_t>(byte & 0x7f) << (7 * index);
        if ((byte & 0x80) == 0) break;
    }
    out.frame.shortest_length = header - 1 == variable_size(length);
    const std::size_t size = header + length;
    if (size > largest) return failed(DecodeError::packet_too_large);
    if (in.size() < size) {
        out.needed = size;
        return out;
    }
    out.state = FrameScan::State::complete;
    out.frame.body = ByteView(in.data() + header, length);
    out.frame.size = size;
    return out;
}

}  // namespace otabahn::mqtt
