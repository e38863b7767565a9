// SPDX-License-Identifier: Apache-2.0
// What a port owes the update: slots, two state pages, a verifier, a way to run an image, a connection. One thread calls
// all of them. Where a call answers with an Input, it may do so later instead (nothing now, Runner::feed when it is done);
// what the Input's text views must live until the next call of the same port. contract.hpp checks what is written here.
// Nobody deletes a port by these: firmware without a heap has no operator delete.
#pragma once

#include "device/core/action.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::device {

// Nothing: it is done. Else what a person should know.
using Trouble = std::optional<std::string_view>;
// Nothing: the answer comes later.
using Answer = std::optional<Input>;

// Two places for images. The slot that runs is never written.
class Slots {
  public:
    // Makes the slot ready for `size` bytes; what it held is gone. Without it, writes go over what is there.
    virtual Trouble prepare(std::uint8_t slot, std::uint64_t size) = 0;
    // Any order, any place below the size.
    virtual Trouble write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) = 0;
    // All that was written is durable when it returns.
    virtual Trouble flush(std::uint8_t slot) = 0;
    // The document that ordered the image: kept until the next one for this slot.
    virtual Trouble keep_document(std::uint8_t slot, ByteView document) = 0;
    // The slot's image is the one that starts from now on, on trial. Repeating it is harmless; so for the next two.
    virtual Answer activate(std::uint8_t slot) = 0;
    virtual Answer confirm(std::uint8_t slot) = 0;
    // `slot` is the one that starts again.
    virtual Answer roll_back(std::uint8_t slot) = 0;

  protected:
    ~Slots() = default;
};

class StateStorage {
  public:
    // What was written last, or nothing. A write that was cut off may leave anything, in this page alone.
    virtual ByteView read(std::uint8_t page) = 0;
    // Durable when it returns.
    virtual Trouble write(std::uint8_t page, ByteView bytes) = 0;

  protected:
    ~StateStorage() = default;
};

class Verifier {
  public:
    // Of a message, or of its SHA-256.
    virtual Answer check(const SignatureFacts& signature, ByteView message, const Digest* digest) = 0;
    // Reads `size` bytes back from where they are stored: Input::verified with their SHA-256, and the verdict on the
    // signature over them (kind none: good).
    virtual Answer verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& signature) = 0;

  protected:
    ~Verifier() = default;
};

class Program {
  public:
    // Whether the download that the job's document orders may begin, into that slot; the answer may take days.
    virtual Answer allow_download(std::uint8_t, std::string_view, ByteView) { return Input::done(ActionKind::allow_download, true); }
    // Runs the slot's image in place of what runs; done at once when it runs already. A port whose images are booted by
    // the machine boots it instead of answering.
    virtual Answer restart(std::uint8_t slot) = 0;
    // Whether the image that runs is good. A program that ends before the answer has failed.
    virtual Answer self_test(std::uint8_t slot) = 0;

  protected:
    ~Program() = default;
};

class Transport {
  public:
    // What cannot be sent is dropped: the update asks again.
    virtual void publish(std::string_view topic, ByteView payload, std::uint8_t qos) = 0;
    virtual void subscribe(std::string_view topic) = 0;
    virtual void unsubscribe(std::string_view topic) = 0;

  protected:
    ~Transport() = default;
};

class Log {
  public:
    virtual void note(std::string_view text) = 0;

  protected:
    ~Log() = default;
};

class Clock {
  public:
    virtual Millis now() const = 0;  // monotonic

  protected:
    ~Clock() = default;
};

struct Ports {
    Slots& slots;
    StateStorage& storage;
    Verifier& verifier;
    Program& program;
    Transport& transport;
    Log& log;
    const Clock& clock;
};

}  // namespace otabahn::device
