// SPDX-License-Identifier: Apache-2.0
#include "device/port/runner.hpp"

#include <cassert>

namespace otabahn::device {

void Runner::boot(const BootId& boot, std::optional<std::uint8_t> running, bool restart_boots_machine) {
    BootFacts facts;
    facts.boot = boot;
    facts.pages[0] = ports_.storage.read(0);
    facts.pages[1] = ports_.storage.read(1);
    facts.running = running;
    facts.restart_boots_machine = restart_boots_machine;
    feed(Input::booted(facts));
}

bool Runner::write_first_record(std::uint64_t size, const Digest& sha256, std::string_view version, std::span<std::uint8_t> page) {
    SlotImage image;
    image.size = size;
    image.sha256 = sha256;
    if (!image.version.assign(version)) return false;
    for (std::uint8_t number = 0; number < 2; ++number) {
        const ByteView encoded = encode_record(Update::factory_record(image), {}, number + 1U, page);
        if (encoded.empty() || ports_.storage.write(number, encoded)) return false;
    }
    return true;
}

void Runner::push(const Input& input) {
    assert(waiting_count_ < most_waiting);
    waiting_[waiting_count_++] = input;
}

void Runner::feed(const Input& input) {
    assert(!feeding_);
    feeding_ = true;
    waiting_count_ = 0;
    push(input);
    while (waiting_count_ > 0) {
        const Input next = waiting_[0];
        for (std::size_t i = 1; i < waiting_count_; ++i) waiting_[i - 1] = waiting_[i];
        --waiting_count_;
        for (const Action& action : update_.step(next, ports_.clock.now())) {
            bool failed = false;
            if (const Answer answer = carry_out(action, failed)) push(*answer);
            if (failed) break;
        }
    }
    feeding_ = false;
}

void Runner::tick() {
    if (ports_.clock.now() >= update_.wake_at()) feed(Input::tick());
}

Answer Runner::carry_out(const Action& action, bool& failed) {
    const auto at_once = [&](const Trouble& trouble) -> Answer {
        if (!trouble) return std::nullopt;
        failed = true;
        return Input::failed(action, *trouble);
    };
    switch (action.kind) {
        case ActionKind::publish:
            ports_.transport.publish(action.topic, action.bytes, action.qos);
            return std::nullopt;
        case ActionKind::subscribe:
            ports_.transport.subscribe(action.topic);
            return std::nullopt;
        case ActionKind::unsubscribe:
            ports_.transport.unsubscribe(action.topic);
            return std::nullopt;
        case ActionKind::save:
            return at_once(ports_.storage.write(action.page, action.bytes));
        case ActionKind::prepare_slot:
            return at_once(ports_.slots.prepare(action.slot, action.size));
        case ActionKind::write:
            return at_once(ports_.slots.write(action.slot, action.offset, action.bytes));
        case ActionKind::flush:
            return at_once(ports_.slots.flush(action.slot));
        case ActionKind::keep_document:
            return at_once(ports_.slots.keep_document(action.slot, action.bytes));
        case ActionKind::check_signature:
            return ports_.verifier.check(*action.signature, action.bytes, action.digest);
        case ActionKind::verify:
            return ports_.verifier.verify(action.slot, action.size, *action.signature);
        case ActionKind::allow_download:
            return ports_.program.allow_download(action.slot, action.topic, action.bytes);
        case ActionKind::activate:
            return ports_.slots.activate(action.slot);
        case ActionKind::restart:
            return ports_.program.restart(action.slot);
        case ActionKind::self_test:
            return ports_.program.self_test(action.slot);
        case ActionKind::confirm:
            return ports_.slots.confirm(action.slot);
        case ActionKind::roll_back:
            return ports_.slots.roll_back(action.slot);
        case ActionKind::note:
            ports_.log.note(action.topic);
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace otabahn::device
