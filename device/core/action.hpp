// SPDX-License-Identifier: Apache-2.0
// What the update asks of its surroundings, and what they tell it. Both are plain values whose views live until the next
// step(). The actions of one step are carried out in their order; after one that fails at once the rest are dropped, and
// the failure is the next input: so "save, then activate" needs no state between the two.
#pragma once

#include "base/bytes.hpp"
#include "device/core/record.hpp"
#include "device/core/transfer.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace otabahn::device {

enum class SignatureKind : std::uint8_t { none, sha256_ecdsa, sha256_rsa };

struct SignatureFacts {
    SignatureKind kind = SignatureKind::none;
    ByteView value;                // DER SEQUENCE{r,s}, or PKCS#1 v1.5
    std::string_view certificate;  // a hint, never a path
    std::string_view introduced;   // the document's `certificates`, as JSON: good for those that a trusted one has signed
};

inline constexpr SignatureFacts unsigned_image;

enum class ActionKind : std::uint8_t {
    publish,          // topic, payload, qos
    subscribe,        // topic
    unsubscribe,      // topic
    save,             // page, bytes                           at once; durable when it returns
    prepare_slot,     // slot, size                            at once; what it held is of no more use
    write,            // slot, offset, bytes                   at once; durable after flush
    flush,            // slot                                  at once
    keep_document,    // slot, bytes: the order's document     at once; for the parameters that the program is to see
    check_signature,  // bytes (the message) or digest, signature            answers Input::checked
    verify,           // slot, size, signature (kind none: hash alone)       answers Input::verified
    allow_download,   // slot, job in topic, bytes: its document              answers Input::done(allow_download), when it may begin
    activate,         // slot                                                answers Input::done(activate)
    restart,          // slot: run its image                                 answers Input::done(restart), or the machine boots
    self_test,        // slot                                                answers Input::done(self_test)
    confirm,          // slot                                                answers Input::done(confirm)
    roll_back,        // slot: the one to go back to                         answers Input::done(roll_back)
    note,             // text: a line for the log
};

struct Action {
    ActionKind kind = ActionKind::note;
    std::uint8_t slot = 0;
    std::uint8_t page = 0;
    std::uint8_t qos = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::string_view topic;  // or the text of a note
    ByteView bytes;          // payload, page, block, message, document
    const Digest* digest = nullptr;
    const SignatureFacts* signature = &unsigned_image;
};

// What a signature check found. `unknown_certificate`: the hint names none that is trusted, and no other fits.
enum class Trust : std::uint8_t { good, wrong, unknown_certificate, unsupported };

struct BootFacts {
    BootId boot{};
    ByteView pages[2];                    // as stored; empty: never written
    std::optional<std::uint8_t> running;  // the slot that a boot loader started; none: whatever the record says is started by us
    bool restart_boots_machine = false;   // `restart` ends in a boot, not in an answer
};

enum class InputKind : std::uint8_t { boot, connected, disconnected, denied, message, tick, failed, checked, verified, done };

struct Input {
    InputKind kind = InputKind::tick;
    const BootFacts* facts = nullptr;
    std::string_view topic;
    ByteView payload;
    ActionKind action = ActionKind::note;  // of failed and done
    std::uint8_t page = 0;                 // of a failed save
    Reason reason = Reason::none;          // of what is done and was not good: a better word than the stage's own
    bool good = false;                     // of done; of verified: the slot could be read
    Trust trust = Trust::good;             // of checked and verified
    Digest digest{};                       // of verified
    std::string_view text;                 // what a person should know about it

    static Input booted(const BootFacts& facts) {
        Input input;
        input.kind = InputKind::boot;
        input.facts = &facts;
        return input;
    }
    static Input connection(bool up) {
        Input input;
        input.kind = up ? InputKind::connected : InputKind::disconnected;
        return input;
    }
    // The service says that this device may not do `what` ("iot:Publish") on the topic.
    static Input refused(std::string_view what, std::string_view topic) {
        Input input;
        input.kind = InputKind::denied;
        input.text = what;
        input.topic = topic;
        return input;
    }
    static Input message(std::string_view topic, ByteView payload) {
        Input input;
        input.kind = InputKind::message;
        input.topic = topic;
        input.payload = payload;
        return input;
    }
    static Input tick() { return {}; }
    static Input failed(const Action& action, std::string_view text = {}) {
        Input input;
        input.kind = InputKind::failed;
        input.action = action.kind;
        input.page = action.page;
        input.text = text;
        return input;
    }
    static Input checked(Trust trust, std::string_view text = {}) {
        Input input;
        input.kind = InputKind::checked;
        input.trust = trust;
        input.text = text;
        return input;
    }
    // `readable` false: the slot could not be read to its end.
    static Input verified(bool readable, const Digest& digest, Trust trust, std::string_view text = {}) {
        Input input;
        input.kind = InputKind::verified;
        input.good = readable;
        input.digest = digest;
        input.trust = trust;
        input.text = text;
        return input;
    }
    static Input done(ActionKind action, bool good, std::string_view text = {}) {
        Input input;
        input.kind = InputKind::done;
        input.action = action;
        input.good = good;
        input.text = text;
        return input;
    }
    static Input not_done(ActionKind action, Reason reason, std::string_view text = {}) {
        Input input = done(action, false, text);
        input.reason = reason;
        return input;
    }
    static Input trial_failed(Reason reason, std::string_view text = {}) { return not_done(ActionKind::self_test, reason, text); }
};

}  // namespace otabahn::device
