// SPDX-License-Identifier: Apache-2.0
#include "device/port/contract.hpp"

namespace otabahn::device::contract {

namespace {
bool holds(ByteView stored, std::size_t size, std::uint8_t first) {
    if (stored.size() < size) return false;
    for (std::size_t i = 0; i < size; ++i)
        if (stored[i] != static_cast<std::uint8_t>(first + i)) return false;
    return true;
}
}  // namespace

Broken check_state_storage(StateStorage& storage) {
    std::uint8_t bytes[600];
    const auto fill = [&](std::uint8_t first) {
        for (std::size_t i = 0; i < sizeof bytes; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
    };
    fill(1);
    if (storage.write(0, bytes)) return "page 0 can be written";
    fill(2);
    if (storage.write(1, {bytes, 300})) return "page 1 can be written";
    if (!holds(storage.read(0), sizeof bytes, 1)) return "page 0 reads as it was written, whatever page 1 got";
    if (!holds(storage.read(1), 300, 2)) return "page 1 reads as it was written";
    fill(3);
    if (storage.write(0, {bytes, 200})) return "a page can be written again";
    if (!holds(storage.read(0), 200, 3)) return "a page reads as it was written last";
    if (!holds(storage.read(1), 300, 2)) return "a page is left as it is while the other is written";
    return std::nullopt;
}

Broken check_slots(Slots& slots, Verifier& verifier, std::uint8_t slot, const Digest& expected) {
    const std::uint8_t other = slot == 0 ? 1 : 0;
    const Answer other_before = verifier.verify(other, pattern_size, {});
    if (slots.prepare(slot, pattern_size)) return "a slot can be prepared";
    constexpr std::uint64_t piece = 512;
    std::uint8_t bytes[piece];
    // Backwards, and one piece twice.
    for (std::uint64_t at = pattern_size; at > 0; at -= piece) {
        for (std::uint64_t i = 0; i < piece; ++i) bytes[i] = pattern(at - piece + i);
        if (slots.write(slot, at - piece, bytes)) return "pieces can be written in any order";
    }
    if (slots.write(slot, 0, bytes)) return "a piece can be written again";
    if (slots.flush(slot)) return "what is written can be made durable";
    const Answer answer = verifier.verify(slot, pattern_size, {});
    if (answer && !answer->good) return "what is written can be read back";
    if (answer && answer->digest != expected) return "the verifier hashes what is stored";
    const Answer other_after = verifier.verify(other, pattern_size, {});
    if (other_before && other_after && (other_before->good != other_after->good || other_before->digest != other_after->digest))
        return "the other slot is left as it is";
    const Answer beyond = verifier.verify(slot, std::uint64_t{1} << 40, {});
    if (beyond && beyond->good) return "a slot shorter than asked for does not read as good";
    constexpr std::string_view document = R"({"parameters":{}})";
    if (slots.keep_document(slot, as_bytes(document))) return "a document can be kept";
    for (int i = 0; i < 2; ++i) {
        const Answer activated = slots.activate(slot);
        if (activated && !activated->good) return "a slot can be activated, and again";
    }
    for (int i = 0; i < 2; ++i) {
        const Answer confirmed = slots.confirm(slot);
        if (confirmed && !confirmed->good) return "a slot can be confirmed, and again";
    }
    return std::nullopt;
}

Broken check_signatures(Verifier& verifier, const SignatureFacts& good, const SignatureFacts& forged, const Digest& digest) {
    const Answer trusted = verifier.check(good, {}, &digest);
    if (trusted && trusted->trust != Trust::good) return "a good signature over a digest is taken";
    const Answer refused = verifier.check(forged, {}, &digest);
    if (refused && refused->trust == Trust::good) return "a forged signature is not taken";
    Digest another = digest;
    another[0] ^= 1;
    const Answer moved = verifier.check(good, {}, &another);
    if (moved && moved->trust == Trust::good) return "a signature over another digest is not taken";
    SignatureFacts cut = good;
    cut.value = {good.value.data(), good.value.size() / 2};
    const Answer half = verifier.check(cut, {}, &digest);
    if (half && half->trust == Trust::good) return "half a signature is not taken";
    return std::nullopt;
}

Broken check_clock(const Clock& clock, void (*wait)()) {
    Millis last = clock.now();
    const Millis first = last;
    for (int i = 0; i < 20; ++i) {
        wait();
        const Millis now = clock.now();
        if (now < last) return "the clock never goes back";
        last = now;
    }
    if (last == first) return "the clock goes on";
    return std::nullopt;
}

}  // namespace otabahn::device::contract
