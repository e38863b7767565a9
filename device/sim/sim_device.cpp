// SPDX-License-Identifier: Apache-2.0
#include "device/sim/sim_device.hpp"

#include <algorithm>

namespace otabahn::device::sim {

Digest toy_hash(ByteView bytes) {
    Digest out{};
    for (std::size_t lane = 0; lane < 4; ++lane) {
        std::uint64_t hash = 1469598103934665603ULL + lane;
        for (std::uint8_t byte : bytes) hash = (hash ^ byte) * 1099511628211ULL;
        for (std::size_t i = 0; i < 8; ++i) out[lane * 8 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
    }
    return out;
}

bool SimFlash::cut_now() { return operations_++ == cut_at_; }

void SimFlash::step() {
    if (cut_now()) throw PowerCut{};
}

void SimFlash::lose_power() {
    // The later half of what was not flushed is as if it had never been written, and one piece is torn.
    for (std::size_t i = unflushed_.size(); i-- > unflushed_.size() / 2;) {
        const Unflushed& lost = unflushed_[i];
        const std::size_t kept = i == unflushed_.size() / 2 ? lost.before.size() / 2 : 0;
        std::copy(lost.before.begin() + static_cast<std::ptrdiff_t>(kept), lost.before.end(),
                  slots_[lost.slot].begin() + static_cast<std::ptrdiff_t>(lost.offset + kept));
    }
    unflushed_.clear();
}

Trouble SimFlash::prepare(std::uint8_t slot, std::uint64_t size) {
    const bool cut = cut_now();
    const std::size_t erased = cut ? slots_[slot].size() / 2 : slots_[slot].size();
    std::fill_n(slots_[slot].begin(), erased, std::uint8_t{0xFF});
    std::erase_if(unflushed_, [&](const Unflushed& write) { return write.slot == slot; });
    if (cut) throw PowerCut{};
    if (failing_ || size > slots_[slot].size()) return "erasing failed";
    return std::nullopt;
}

Trouble SimFlash::write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) {
    if (failing_ || offset + bytes.size() > slots_[slot].size()) return "the flash is worn out";
    const bool cut = cut_now();
    const auto at = slots_[slot].begin() + static_cast<std::ptrdiff_t>(offset);
    unflushed_.push_back({slot, offset, {at, at + static_cast<std::ptrdiff_t>(bytes.size())}});
    std::copy_n(bytes.begin(), cut ? bytes.size() / 2 : bytes.size(), at);
    if (cut) throw PowerCut{};
    return std::nullopt;
}

Trouble SimFlash::flush(std::uint8_t) {
    step();
    unflushed_.clear();
    return std::nullopt;
}

Trouble SimFlash::keep_document(std::uint8_t, ByteView) {
    step();
    return std::nullopt;
}

Answer SimFlash::activate(std::uint8_t slot) {
    step();
    boot_slot = slot;
    trial_pending = true;
    if (!activation_trouble_.empty()) return Input::not_done(ActionKind::activate, Reason::hook, activation_trouble_);
    return Input::done(ActionKind::activate, true);
}

Answer SimFlash::confirm(std::uint8_t slot) {
    step();
    boot_slot = confirmed_slot = slot;
    trial_pending = false;
    return Input::done(ActionKind::confirm, true, remark_);
}

Answer SimFlash::roll_back(std::uint8_t slot) {
    step();
    boot_slot = confirmed_slot = slot;
    trial_pending = false;
    return Input::done(ActionKind::roll_back, true, remark_);
}

Trouble SimFlash::write(std::uint8_t page, ByteView bytes) {
    if (failing_pages_) return "the page cannot be written";
    const bool cut = cut_now();
    // Torn: the new head before the old tail.
    if (!cut) pages_[page].clear();
    if (pages_[page].size() < bytes.size()) pages_[page].resize(bytes.size());
    std::copy_n(bytes.begin(), cut ? bytes.size() / 2 : bytes.size(), pages_[page].begin());
    if (cut) throw PowerCut{};
    return std::nullopt;
}

ByteView SimFlash::slot(std::uint8_t slot, std::size_t size) const { return {slots_[slot].data(), std::min(size, slots_[slot].size())}; }

void SimFlash::put(std::uint8_t slot, ByteView image) { std::copy(image.begin(), image.end(), slots_[slot].begin()); }

}  // namespace otabahn::device::sim
