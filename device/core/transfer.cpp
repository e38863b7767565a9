// SPDX-License-Identifier: Apache-2.0
#include "device/core/transfer.hpp"

#include <bit>

namespace otabahn::device {

namespace {
// Answers that begin later than this wait in a queue on the way: more in flight would only lengthen it, and make all else
// that the service has to say wait behind it. A link whose round trip alone is as long is met by least_wait_.
constexpr Millis wait_wanted{1'000};
// Before anything is known of the link.
constexpr std::uint32_t first_window_bytes = 32 * 1024;
// Two: with one block the link would idle for a round trip after each.
constexpr std::uint32_t least_window = 2;
// Loss alone says nothing against a few: where many messages are lost, it is the others that tell which.
constexpr std::uint32_t least_after_loss = 4;
// So many silences in a row may be bad luck.
constexpr std::uint32_t patient_after = 4;
// A later answer that came first may only have been reordered.
constexpr Millis least_patience{150};

constexpr std::uint32_t smaller(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }
constexpr std::uint32_t larger(std::uint32_t a, std::uint32_t b) { return a > b ? a : b; }
constexpr Millis later(Millis a, Millis b) { return a > b ? a : b; }
}  // namespace

std::uint32_t Transfer::blocks_in(std::uint64_t size, std::uint32_t block_size) {
    return static_cast<std::uint32_t>((size + block_size - 1) / block_size);
}

std::uint32_t Transfer::block_size_for(std::uint64_t size, std::uint32_t preferred, std::size_t bitmap_bytes) {
    for (std::uint64_t block = std::bit_ceil(preferred < 256 ? 256U : preferred); block <= answer_limit; block *= 2) {
        const std::uint64_t blocks = (size + block - 1) / block;
        if (blocks <= max_block_number && (blocks + 7) / 8 <= bitmap_bytes) return static_cast<std::uint32_t>(block);
    }
    return 0;
}

Transfer::Transfer(std::uint64_t size, std::uint32_t block_size, std::span<std::uint8_t> received, Link link)
    : size_(size), received_(received), link_(link), block_size_(block_size), blocks_(blocks_in(size, block_size)) {
    if (blocks_ % 8 != 0) received_[blocks_ / 8] &= static_cast<std::uint8_t>((1U << (blocks_ % 8)) - 1);
    missing_ = blocks_;
    for (std::size_t i = 0; i < bitmap_bytes(blocks_); ++i) missing_ -= static_cast<std::uint32_t>(std::popcount(received_[i]));
    per_request_ = smaller(answer_limit / block_size, 64);
    max_window_ = link_.max_window_bytes / block_size;
    if (max_window_ == 0) max_window_ = 1;
    max_window_ = smaller(max_window_, static_cast<std::uint32_t>(max_requests) * per_request_);
    forget_requests();
}

std::uint32_t Transfer::length_of(std::uint32_t block) const {
    if (block + 1 < blocks_) return block_size_;
    return static_cast<std::uint32_t>(size_ - std::uint64_t(block) * block_size_);
}

Transfer::Taken Transfer::judge(std::uint64_t block, std::size_t length) const {
    if (block >= blocks_) return Taken::out_of_range;
    const auto index = static_cast<std::uint32_t>(block);
    if (length != length_of(index)) return Taken::wrong_size;
    return has(index) ? Taken::duplicate : Taken::fresh;
}

void Transfer::take(std::uint32_t block, Millis now) {
    if (has(block)) return;
    received_[block / 8] |= static_cast<std::uint8_t>(1U << (block % 8));
    --missing_;
    ++unsaved_;
    last_arrival_ = now;
    dry_timeouts_ = 0;
    while (cursor_ < blocks_ && has(cursor_)) ++cursor_;
    for (Pending& request : pending_) {
        if (request.mask == 0 || block < request.first || block - request.first >= 64) continue;
        const std::uint64_t bit = std::uint64_t{1} << (block - request.first);
        if ((request.mask & bit) == 0) continue;
        if (std::popcount(request.mask) == request.asked) heed_wait(request, now);
        request.mask &= ~bit;
        --in_flight_;
        for (Pending& other : pending_)
            if (other.mask != 0 && other.order < request.order && other.overtaken < Millis{0}) other.overtaken = now;
        if (request.mask == 0) {
            const Millis took = now - request.sent;
            latency_ = latency_ < Millis{0} ? took : (latency_ * 3 + took) / 4;
        }
        return;
    }
}

void Transfer::heed_wait(const Pending& request, Millis now) {
    const Millis waited = now - request.sent;
    if (least_wait_ < Millis{0} || waited < least_wait_) least_wait_ = waited;
    const Millis wanted = later(wait_wanted, least_wait_ * 2);
    if (waited <= wait_wanted) {
        window_ = smaller(window_ + (window_ < threshold_ ? request.asked : 1 + request.asked / 8U), max_window_);
    } else if (waited <= wanted) {
        window_ = smaller(window_ + 1, max_window_);
    } else if (waited > wanted + wanted / 2 && request.order > heeded_) {
        window_ = larger(static_cast<std::uint32_t>(std::uint64_t{window_} * static_cast<std::uint64_t>(wanted.count()) /
                                                    static_cast<std::uint64_t>(waited.count())),
                         smaller(least_window, max_window_));
        threshold_ = window_;
        heeded_ = order_;
    }
}

void Transfer::shrink() { threshold_ = window_ = larger(window_ / 2, smaller(least_after_loss, window_)); }

Millis Transfer::timeout() const {
    if (latency_ < Millis{0}) return link_.least_timeout * 6;
    Millis wanted = latency_ * 3;
    if (wanted < link_.least_timeout) wanted = link_.least_timeout;
    // Longer silence is met with ever more patience.
    for (std::uint32_t i = patient_after; i < dry_timeouts_ && wanted < link_.most_timeout; ++i) wanted *= 2;
    return wanted < link_.most_timeout ? wanted : link_.most_timeout;
}

Millis Transfer::overtaken_patience() const { return latency_ < least_patience ? least_patience : latency_; }

bool Transfer::expire(Millis now) {
    bool lost = false, silent = false;
    for (Pending& request : pending_) {
        if (request.mask == 0) continue;
        const bool silence = now - later(request.sent, last_arrival_) >= timeout();
        const bool passed_over = request.overtaken >= Millis{0} && now - request.overtaken >= overtaken_patience();
        if (!silence && !passed_over) continue;
        in_flight_ -= static_cast<std::uint32_t>(std::popcount(request.mask));
        request.mask = 0;
        lost = true;
        silent = silent || silence;
    }
    if (silent) ++dry_timeouts_;
    // One loss event a round trip: what else is missing of the same burst says nothing new.
    if (lost && (shrunk_at_ < Millis{0} || now - shrunk_at_ >= overtaken_patience())) {
        shrink();
        shrunk_at_ = now;
    }
    return lost;
}

void Transfer::forget_requests() {
    for (Pending& request : pending_) request.mask = 0;
    in_flight_ = 0;
    dry_timeouts_ = 0;
    window_ = smaller(larger(first_window_bytes / block_size_, least_window), max_window_);
    threshold_ = max_window_;
    heeded_ = order_;
    latency_ = least_wait_ = shrunk_at_ = Millis{-1};
}

bool Transfer::asked_for(std::uint32_t block) const {
    for (const Pending& request : pending_)
        if (block >= request.first && block - request.first < 64 && (request.mask >> (block - request.first) & 1) != 0) return true;
    return false;
}

bool Transfer::next(BlockRequest& request, Millis now) {
    Pending* free = nullptr;
    for (Pending& slot : pending_)
        if (slot.mask == 0) free = &slot;
    const std::uint32_t at_risk = in_flight_ + unsaved_;
    if (free == nullptr || at_risk >= window_) return false;
    // Where nobody answers, one request at a time says enough.
    const bool silent = dry_timeouts_ > 0;
    if (silent && in_flight_ > 0) return false;
    const std::uint32_t room = window_ - at_risk;
    // Not all in one: its loss would be noticed late, and its answers would come in one go.
    std::uint32_t most = smaller(per_request_, silent ? window_ : larger(window_ / 4, 1));
    // A request costs a message: while others run, better a whole one a little later than scraps now.
    if (room < most && in_flight_ > 0 && room < missing_ - in_flight_) return false;
    most = smaller(most, room);

    BlockRequest found;
    std::uint32_t count = 0;
    for (std::uint32_t block = cursor_; block < blocks_ && count < most; ++block) {
        if (count > 0 && block - found.first >= 64) break;
        if (block % 8 == 0 && received_[block / 8] == 0xFF) {
            block += 7;
            continue;
        }
        if (has(block) || asked_for(block)) continue;
        if (count == 0) found.first = block;
        found.mask |= std::uint64_t{1} << (block - found.first);
        ++count;
    }
    if (count == 0) return false;
    *free = Pending{found.first, found.mask, now, Millis{-1}, ++order_, static_cast<std::uint8_t>(count)};
    in_flight_ += count;
    request = found;
    return true;
}

Millis Transfer::wake_at() const {
    Millis wake = Millis::max();
    for (const Pending& request : pending_) {
        if (request.mask == 0) continue;
        Millis due = later(request.sent, last_arrival_) + timeout();
        if (request.overtaken >= Millis{0} && request.overtaken + overtaken_patience() < due)
            due = request.overtaken + overtaken_patience();
        if (due < wake) wake = due;
    }
    return wake;
}

}  // namespace otabahn::device
