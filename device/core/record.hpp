// SPDX-License-Identifier: Apache-2.0
// What the device must not forget: which slot is the confirmed one and what lies in both, how far the update is, which
// blocks are here, and the outcome that the cloud has not acknowledged. Stored in two pages written in turn, each with a
// sequence number and a checksum: a write cut off anywhere leaves the other page, and damage is seen, never believed.
// The layout is stored: a change of it is a new format number. Owned by Update.
#pragma once

#include "base/bytes.hpp"
#include "device/core/fixed_text.hpp"
#include "device/core/reason.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace otabahn::device {

using Digest = std::array<std::uint8_t, 32>;
using BootId = std::array<std::uint8_t, 16>;

// The number is stored.
enum class Stage : std::uint8_t {
    none = 0,
    downloading = 1,   // the slot beside the active one is being filled; after a restart the job is asked for again
    activating = 2,    // the slot is verified and being made the one that starts
    armed = 3,         // the machine is to boot into it
    on_trial = 4,      // it runs, unconfirmed, since the boot named
    confirming = 5,    // its self-test passed
    rolling_back = 6,  // its trial failed
};

// The number is stored.
enum class Outcome : std::uint8_t { none = 0, succeeded = 1, failed = 2, rejected = 3 };

struct SlotImage {
    bool present = false;
    bool version_signed = false;  // the version came with a signed release, or from the factory
    std::uint64_t size = 0;
    Digest sha256{};
    std::uint32_t counter = 0;  // of the release that it came with
    Digest identity{};          // what the image was ordered by: its SHA-256, or a mix of its signature where none was stated
    FixedText<64> version;
};

struct JobRef {
    FixedText<64> id;
    std::int64_t execution = 0;
    friend bool operator==(const JobRef&, const JobRef&) = default;
};

struct Record {
    static constexpr std::size_t fixed_bytes_at_most = texts ? 1'024 : 640;  // of an encoded record without its bitmap

    std::uint8_t active = 0;  // the confirmed slot
    SlotImage slots[2];
    FixedText<64> floor_version;  // highest version that a trusted source vouched for; empty: none
    Digest floor_sha256{};
    std::uint32_t counter = 0;  // highest securityCounter of a confirmed release: nothing lower is taken, whatever is allowed

    Stage stage = Stage::none;
    Reason reason = Reason::none;  // why it rolls back, or of the outcome
    BootId trial_boot{};
    JobRef job;

    Outcome outcome = Outcome::none;  // to be reported until acknowledged
    Message message;

    std::uint32_t block_size = 0;  // of the download; 0: none
    std::uint32_t blocks = 0;

    std::uint8_t target() const { return active == 0 ? 1 : 0; }
};

std::uint32_t crc32(ByteView bytes, std::uint32_t seed = 0);

// The record with `bitmap` behind it; empty when `out` is too small.
ByteView encode_record(const Record& record, ByteView bitmap, std::uint32_t sequence, std::span<std::uint8_t> out);

struct Loaded {
    Record record;
    std::uint32_t sequence = 0;
    std::uint8_t page = 0;
    bool other_damaged = false;  // the other page holds something that is no record
};

// The newer of two pages; `bitmap` receives the blocks that are here. Nothing: no page holds a record.
std::optional<Loaded> decode_newest(ByteView page_0, ByteView page_1, std::span<std::uint8_t> bitmap);
// One page; nothing unless every byte is as it was written.
std::optional<Loaded> decode_record(ByteView page, std::span<std::uint8_t> bitmap);

}  // namespace otabahn::device
