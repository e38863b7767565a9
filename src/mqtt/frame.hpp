// SPDX-License-Identifier: Apache-2.0
// Finds one packet at the front of a caller's buffer: fixed header and length, nothing of the body. Called again with more
// bytes when it is incomplete; keeps nothing itself.
#pragma once

#include "base/bytes.hpp"
#include "mqtt/decode_error.hpp"
#include "mqtt/reason.hpp"

namespace otabahn::mqtt {

struct Frame {
    PacketType type{};
    std::uint8_t flags = 0;       // low four bits of the first byte
    bool shortest_length = true;  // MQTT 5 demands it; some MQTT 3 clients reserve all four bytes of the length
    ByteView body;
    std::size_t size = 0;  // of the whole packet
};

struct FrameScan {
    enum class State : std::uint8_t { complete, incomplete, failed };
    State state = State::incomplete;
    Frame frame;             // complete
    std::size_t needed = 2;  // incomplete: bytes that the packet takes at least; its size once the header is whole
    DecodeError error{};     // failed
};

// `largest`: bytes of a whole packet that are still accepted.
FrameScan scan_frame(ByteView in, std::size_t largest);

}  // namespace otabahn::mqtt
