// SPDX-License-Identifier: Apache-2.0
#include "websocket/frame.hpp"

#include "encoding/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace otabahn::websocket {
namespace {

constexpr std::size_t mask_size = 4;
constexpr std::uint8_t short_length = 126, long_length = 127;  // what stands for a length of 2 and of 8 bytes

std::uint64_t big_endian(ByteView bytes) {
    std::uint64_t out = 0;
    for (const std::uint8_t byte : bytes) out = out << 8 | byte;
    return out;
}

// RFC 6455, 7.4: what may stand in a close frame.
bool may_be_sent(std::uint64_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

std::size_t Receiver::head_needed() const {
    if (head_size_ < 2) return 2;
    const std::uint8_t length = head_[1] & 0x7f;
    return 2 + (length == long_length ? 8 : length == short_length ? 2 : 0) + mask_size;
}

Receiver::Wrong Receiver::judge_start() const {
    const auto opcode = static_cast<Opcode>(head_[0] & 0x0f);
    if ((head_[0] & 0x70) != 0) return {CloseCode::protocol_error, "a frame has reserved bits, but no extension was agreed on"};
    if ((head_[1] & 0x80) == 0) return {CloseCode::protocol_error, "a client's frame is not masked"};
    switch (opcode) {
        case Opcode::continuation:
            if (!fragmented_) return {CloseCode::protocol_error, "a frame continues a message that has not begun"};
            return {};
        case Opcode::binary:
            if (fragmented_) return {CloseCode::protocol_error, "a message begins inside another one"};
            return {};
        case Opcode::text:
            return {CloseCode::unsupported_data, "a text frame: MQTT goes in binary frames"};
        case Opcode::close:
        case Opcode::ping:
        case Opcode::pong:
            if (!is_final()) return {CloseCode::protocol_error, "a control frame is fragmented"};
            if ((head_[1] & 0x7f) > longest_control) return {CloseCode::protocol_error, "a control frame has more than 125 bytes"};
            return {};
    }
    return {CloseCode::protocol_error, "a frame has an opcode that does not exist"};
}

Receiver::Wrong Receiver::read_length() {
    const std::uint8_t length = head_[1] & 0x7f;
    left_ = length;
    if (length == short_length) left_ = big_endian(ByteView(head_).subspan(2, 2));
    if (length == long_length) left_ = big_endian(ByteView(head_).subspan(2, 8));
    const bool minimal = length == long_length ? left_ > 0xffff : length != short_length || left_ >= short_length;
    if (!minimal) return {CloseCode::protocol_error, "a frame's length is written longer than need be"};
    if (left_ >> 63 != 0) return {CloseCode::protocol_error, "a frame's length has its highest bit set"};
    return {};
}

Receiver::Wrong Receiver::judge_close() const {
    if (control_size_ == 0) return {};
    if (control_size_ == 1) return {CloseCode::protocol_error, "a close frame has half a status code"};
    const ByteView payload = ByteView(control_).first(control_size_);
    if (!may_be_sent(big_endian(payload.first(2))))
        return {CloseCode::protocol_error, "a close frame has a status code that may not be sent"};
    if (!encoding::is_utf8(payload.subspan(2))) return {CloseCode::invalid_payload, "a close frame's reason is not UTF-8"};
    return {};
}

void Receiver::unmask(std::span<std::uint8_t> bytes) {
    std::array<std::uint8_t, 8> mask{};
    const std::uint8_t* const own = head_.data() + head_needed() - mask_size;
    for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = own[(mask_at_ + i) % mask_size];
    std::uint64_t wide = 0;
    std::memcpy(&wide, mask.data(), sizeof wide);
    std::size_t at = 0;
    for (; at + sizeof wide <= bytes.size(); at += sizeof wide) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, bytes.data() + at, sizeof eight);
        eight ^= wide;
        std::memcpy(bytes.data() + at, &eight, sizeof eight);
    }
    for (; at < bytes.size(); ++at) bytes[at] ^= mask[at % mask.size()];
    mask_at_ = static_cast<std::uint8_t>((mask_at_ + bytes.size()) % mask_size);
}

Input Receiver::fail(std::size_t used, Wrong wrong) {
    over_ = true;
    return {Input::Kind::failed, used, {}, wrong.code, wrong.problem};
}

Input Receiver::next(std::span<std::uint8_t> in) {
    std::size_t used = 0;
    for (;;) {
        if (over_) return {Input::Kind::nothing, in.size()};
        if (!in_payload_) {
            while (head_size_ < head_needed()) {
                if (used == in.size()) return {Input::Kind::nothing, used};
                head_[head_size_++] = in[used++];
                if (head_size_ != 2) continue;
                if (const Wrong wrong = judge_start(); !wrong.problem.empty()) return fail(used, wrong);
            }
            if (const Wrong wrong = read_length(); !wrong.problem.empty()) return fail(used, wrong);
            in_payload_ = true;
            mask_at_ = control_size_ = 0;
        }
        const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - used));
        const auto piece = in.subspan(used, here);
        unmask(piece);
        used += here;
        left_ -= here;
        if (is_control()) {
            std::copy(piece.begin(), piece.end(), control_.begin() + control_size_);
            control_size_ = static_cast<std::uint8_t>(control_size_ + here);
        }
        if (left_ != 0) {
            if (is_control() || here == 0) return {Input::Kind::nothing, used};
            return {Input::Kind::data, used, piece};
        }
        in_payload_ = false;
        head_size_ = 0;
        if (!is_control()) {
            fragmented_ = !is_final();
            if (here == 0) continue;
            return {Input::Kind::data, used, piece};
        }
        const auto payload = std::span(control_).first(control_size_);
        switch (static_cast<Opcode>(head_[0] & 0x0f)) {
            case Opcode::ping:
                return {Input::Kind::ping, used, payload};
            case Opcode::pong:
                return {Input::Kind::pong, used, payload};
            default:
                if (const Wrong wrong = judge_close(); !wrong.problem.empty()) return fail(used, wrong);
                over_ = true;
                return {Input::Kind::close, used, payload};
        }
    }
}

Head make_head(Opcode opcode, std::size_t payload) {
    Head out;
    out.bytes[0] = static_cast<std::uint8_t>(0x80 | static_cast<std::uint8_t>(opcode));
    const std::size_t length_bytes = payload > 0xffff ? 8 : payload >= short_length ? 2 : 0;
    out.bytes[1] = length_bytes == 0 ? static_cast<std::uint8_t>(payload) : length_bytes == 2 ? short_length : long_length;
    for (std::size_t i = 0; i < length_bytes; ++i)
        out.bytes[2 + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(payload) >> (8 * (length_bytes - 1 - i)));
    out.size = 2 + length_bytes;
    return out;
}

std::string make_control(Opcode opcode, ByteView payload) {
    const Head head = make_head(opcode, payload.size());
    return std::string(as_text(head.view())).append(as_text(payload));
}

std::string make_close(CloseCode code, std::string_view reason) {
    std::string payload{static_cast<char>(static_cast<std::uint16_t>(code) >> 8),
                        static_cast<char>(static_cast<std::uint16_t>(code) & 0xff)};
    std::size_t size = std::min<std::size_t>(reason.size(), 123);
    while (size < reason.size() && size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0) == 0x80) --size;  // no half characters
    payload += reason.substr(0, size);
    return make_control(Opcode::close, as_bytes(payload));
}

}  // namespace otabahn::websocket
