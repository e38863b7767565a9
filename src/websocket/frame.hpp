// SPDX-License-Identifier: Apache-2.0
// WebSocket frames as a server sees them (RFC 6455, section 5): a byte stream in, the client's data out, unmasked where it lies.
// MQTT needs no more than that: frames need not align with its packets, so nothing is gathered but heads and control frames, and a
// frame of any length costs no memory. Pure; each connection has its own receiver.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace otabahn::websocket {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    invalid_payload = 1007,
    policy_violation = 1008,
};

struct Input {
    enum class Kind : std::uint8_t {
        nothing,  // all that was given is used, and more is needed
        data,     // a piece of a binary message
        ping,
        pong,
        close,   // nothing follows it
        failed,  // neither here: `code` and `problem` say why
    };
    Kind kind = Kind::nothing;
    std::size_t used = 0;             // bytes from the front of what was given
    std::span<std::uint8_t> bytes{};  // data: in place, in what was given; ping, pong, close: the receiver's, until the next call
    CloseCode code = CloseCode::normal;
    std::string_view problem{};
};

class Receiver {
  public:
    // Takes bytes from the front until something comes of them.
    Input next(std::span<std::uint8_t> in);

  private:
    struct Wrong {
        CloseCode code = CloseCode::normal;
        std::string_view problem;
    };
    bool is_control() const { return (head_[0] & 0x08) != 0; }
    bool is_final() const { return (head_[0] & 0x80) != 0; }
    std::size_t head_needed() const;
    Wrong judge_start() const;
    Wrong read_length();
    Wrong judge_close() const;
    void unmask(std::span<std::uint8_t> bytes);
    Input fail(std::size_t used, Wrong wrong);

    static constexpr std::size_t longest_head = 14, longest_control = 125;
    std::uint64_t left_ = 0;  // of the frame's payload
    std::array<std::uint8_t, longest_control> control_{};
    std::array<std::uint8_t, longest_head> head_{};
    std::uint8_t head_size_ = 0, control_size_ = 0, mask_at_ = 0;
    bool in_payload_ = false;
    bool fragmented_ = false;  // a message has begun and not ended
    bool over_ = false;
};

// What goes before a payload from a server, which masks nothing.
struct Head {
    std::array<std::uint8_t, 10> bytes{};
    std::size_t size = 0;
    ByteView view() const { return {bytes.data(), size}; }
};
Head make_head(Opcode opcode, std::size_t payload);
// A whole frame. Of a reason that is too long the front.
std::string make_close(CloseCode code, std::string_view reason);
// `payload`: at most 125 bytes.
std::string make_control(Opcode opcode, ByteView payload);

}  // namespace otabahn::websocket
