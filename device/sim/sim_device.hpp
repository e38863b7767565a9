// SPDX-License-Identifier: Apache-2.0
// A device of two slots and two state pages in memory, whose power can be cut at any operation: each write may be left
// half done, and what was not flushed is partly lost. Owned by one test; one thread.
#pragma once

#include "device/port/ports.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::device::sim {

// Thrown at the operation where the power goes.
struct PowerCut {};

// The simulation's stand-in for SHA-256: enough to tell images apart.
Digest toy_hash(ByteView bytes);

struct Image {
    std::vector<std::uint8_t> bytes;
    bool boots = true;  // passes its self-test
};

// The parts that survive a power cut, and the counter of operations.
class SimFlash final : public Slots, public StateStorage {
  public:
    explicit SimFlash(std::size_t slot_bytes) : slots_{{std::vector<std::uint8_t>(slot_bytes), std::vector<std::uint8_t>(slot_bytes)}} {}

    // The power goes at the n-th operation from now (0: the next).
    void cut_after(std::uint64_t operations) { cut_at_ = operations_ + operations; }
    void never_cut() { cut_at_ = UINT64_MAX; }
    std::uint64_t operations() const { return operations_; }
    // What a power cut leaves of unflushed writes.
    void lose_power();
    // An operation outside the flash at which the power may go too.
    void step();
    // The next operations of this kind fail, as worn-out flash does.
    void fail_writes(bool on) { failing_ = on; }
    void fail_pages(bool on) { failing_pages_ = on; }
    // Says so only after it has been done, as a boot loader's tool may.
    void fail_activation(std::string_view why) { activation_trouble_ = why; }
    // Goes with the good answers.
    void remark(std::string_view text) { remark_ = text; }

    Trouble prepare(std::uint8_t slot, std::uint64_t size) override;
    Trouble write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) override;
    Trouble flush(std::uint8_t slot) override;
    Trouble keep_document(std::uint8_t slot, ByteView document) override;
    Answer activate(std::uint8_t slot) override;
    Answer confirm(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;

    ByteView read(std::uint8_t page) override { return pages_[page]; }
    Trouble write(std::uint8_t page, ByteView bytes) override;

    ByteView slot(std::uint8_t slot, std::size_t size) const;
    void put(std::uint8_t slot, ByteView image);

    // A boot loader's own mind, for ports whose machine boots: what starts next, and what starts if that is not confirmed.
    std::uint8_t boot_slot = 0, confirmed_slot = 0;
    bool trial_pending = false;
    std::vector<std::uint8_t> pages_[2];

  private:
    // True: the power goes in the middle of this operation.
    bool cut_now();

    struct Unflushed {
        std::uint8_t slot;
        std::uint64_t offset;
        std::vector<std::uint8_t> before;
    };
    std::array<std::vector<std::uint8_t>, 2> slots_;
    std::vector<Unflushed> unflushed_;
    std::uint64_t operations_ = 0;
    std::uint64_t cut_at_ = UINT64_MAX;
    bool failing_ = false, failing_pages_ = false;
    std::string_view activation_trouble_, remark_;
};

}  // namespace otabahn::device::sim
