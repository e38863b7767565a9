// SPDX-License-Identifier: Apache-2.0
// One file's way over a stream: which blocks are here, which are asked for, which to ask for next. Many requests are on
// their way at once; a block that does not come is asked for again, alone. The window follows the link: it grows while
// answers begin soon and shrinks on loss or when they queue up, so that whatever else the service has to say (that the job is
// cancelled) waits behind the blocks for two seconds at most, or for four blocks where a block takes longer; before the
// first answer, for 32 KiB. The window counts the blocks on their way and the blocks that are here but not stored yet: whatever
// is cut off, no more than a window is fetched twice. Time is monotonic milliseconds and an argument; the bitmap is the
// caller's memory, so it can be stored as it lies. Owned by Update.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace otabahn::device {

using Millis = std::chrono::milliseconds;  // since any moment, never going back

// One GetStream request: blocks `first + k` for each bit k of `mask`.
struct BlockRequest {
    std::uint32_t first = 0;
    std::uint64_t mask = 0;
};

class Transfer {
  public:
    static constexpr std::size_t max_requests = 8;             // on their way at once
    static constexpr std::uint32_t answer_limit = 128 * 1024;  // bytes that AWS returns for one request
    static constexpr std::uint32_t max_block_number = 98'304;  // AWS's

    struct Link {
        std::uint32_t max_window_bytes = 1024 * 1024;
        Millis least_timeout{1'500};
        Millis most_timeout{60'000};
    };

    enum class Taken { fresh, duplicate, out_of_range, wrong_size };

    // The smallest power of two, `preferred` at least, that makes no more blocks than the bitmap holds. 0: there is none.
    static std::uint32_t block_size_for(std::uint64_t size, std::uint32_t preferred, std::size_t bitmap_bytes);
    static std::uint32_t blocks_in(std::uint64_t size, std::uint32_t block_size);
    static std::size_t bitmap_bytes(std::uint32_t blocks) { return (blocks + 7) / 8; }

    Transfer() = default;
    // `received`: bitmap_bytes() long, bit set = here; bits past the end are cleared.
    Transfer(std::uint64_t size, std::uint32_t block_size, std::span<std::uint8_t> received, Link link);

    bool complete() const { return missing_ == 0; }
    std::uint64_t size() const { return size_; }
    std::uint32_t block_size() const { return block_size_; }
    std::uint32_t blocks() const { return blocks_; }
    std::uint32_t blocks_here() const { return blocks_ - missing_; }
    std::uint32_t length_of(std::uint32_t block) const;
    bool has(std::uint32_t block) const { return (received_[block / 8] >> (block % 8) & 1) != 0; }

    // What an arriving block is; changes nothing, so that it can be written first.
    Taken judge(std::uint64_t block, std::size_t length) const;
    // The block is written.
    void take(std::uint32_t block, Millis now);

    // Blocks that are here while the stored bitmap does not say so; the caller stores it when save_due().
    std::uint32_t unsaved() const { return unsaved_; }
    bool save_due() const { return unsaved_ > 0 && unsaved_ >= window_ / 2; }
    void saved() { unsaved_ = 0; }

    // Drops requests whose answers are overdue. True: there were some.
    bool expire(Millis now);
    // The connection is gone, and with it all answers.
    void forget_requests();
    // The next request that the window allows; false: none for now.
    bool next(BlockRequest& request, Millis now);

    // When expire() or next() has something to do at the latest.
    Millis wake_at() const;
    std::uint32_t window() const { return window_; }
    std::uint32_t in_flight() const { return in_flight_; }
    std::uint32_t timeouts_in_a_row() const { return dry_timeouts_; }

  private:
    struct Pending {
        std::uint32_t first = 0;
        std::uint64_t mask = 0;  // still to come; 0: free
        Millis sent{0};
        Millis overtaken{-1};  // when a later request's block came first
        std::uint32_t order = 0;
        std::uint8_t asked = 0;
    };

    bool asked_for(std::uint32_t block) const;
    Millis timeout() const;
    Millis overtaken_patience() const;
    void heed_wait(const Pending& request, Millis now);
    void shrink();

    std::uint64_t size_ = 0;
    std::span<std::uint8_t> received_;
    Link link_;
    std::uint32_t block_size_ = 1;
    std::uint32_t blocks_ = 0;
    std::uint32_t missing_ = 0;
    std::uint32_t cursor_ = 0;  // every block before it is here
    std::uint32_t per_request_ = 1;
    std::uint32_t window_ = 1;
    std::uint32_t max_window_ = 1;
    std::uint32_t threshold_ = 0;  // up to here the window doubles, from here on it creeps
    std::uint32_t in_flight_ = 0;
    std::uint32_t unsaved_ = 0;
    std::uint32_t order_ = 0;
    std::uint32_t heeded_ = 0;  // requests up to here were sent into a window that was found too large
    std::uint32_t dry_timeouts_ = 0;
    Millis last_arrival_{0};
    Millis least_wait_{-1};  // of a request's first block
    Millis latency_{-1};     // until its last, smoothed
    Millis shrunk_at_{-1};
    Pending pending_[max_requests];
};

}  // namespace otabahn::device
