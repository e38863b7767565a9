// SPDX-License-Identifier: Apache-2.0
// What a link needs beside its connection when WebSocket carries it: the frame that comes in, the frame that goes out, and the
// answers that the protocol owes. Output is not copied: its head is written before it. Belongs to its link.
#pragma once

#include "websocket/frame.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace otabahn::gateway {

class WebCarrier {
  public:
    websocket::Receiver receiver;

    // The latest ping alone is answered (RFC 6455, 5.5.3), so a flood of them costs no memory.
    void answer_ping(ByteView payload) { pong_ = websocket::make_control(websocket::Opcode::pong, payload); }
    void answer_close(ByteView payload) { close_ = websocket::make_control(websocket::Opcode::close, payload); }
    // After everything else; one that is there already stays.
    void say_close(websocket::CloseCode code, std::string_view reason) {
        if (!close_) close_ = websocket::make_close(code, reason);
    }

    // What is to be written next: head(), then the first left() bytes of the output, which is `output` bytes now.
    void begin(std::size_t output) {
        if (!head_.empty() || left_ != 0) return;
        if (!pong_.empty()) {
            head_.swap(pong_);
        } else if (output != 0) {
            head_ = as_text(websocket::make_head(websocket::Opcode::binary, output).view());
            left_ = output;
        } else if (close_ && !closed_) {
            head_ = *close_;
            closed_ = true;
        }
    }
    ByteView head() const { return as_bytes(head_); }
    std::size_t left() const { return left_; }
    // So many bytes of both went out; gives those of the output.
    std::size_t sent(std::size_t bytes) {
        const std::size_t of_head = std::min(bytes, head_.size());
        head_.erase(0, of_head);
        left_ -= bytes - of_head;
        return bytes - of_head;
    }
    // Nothing of its own is left to be written.
    bool idle() const { return head_.empty() && left_ == 0 && pong_.empty() && (!close_ || closed_); }

  private:
    std::string head_, pong_;
    std::size_t left_ = 0;
    std::optional<std::string> close_;
    bool closed_ = false;
};

}  // namespace otabahn::gateway
