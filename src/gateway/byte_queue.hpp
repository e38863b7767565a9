// SPDX-License-Identifier: Apache-2.0
// Bytes on their way to or from one peer: a contiguous queue that is written in place and costs nothing while it is empty.
// One loop's connections share a pool of spare buffers, so an idle connection holds none and a busy one allocates nothing.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace otabahn::gateway {

class BufferPool {
  public:
    using Buffer = std::unique_ptr<std::uint8_t[]>;

    Buffer take(std::size_t capacity) {
        auto& spare = spares_[index(capacity)];
        if (spare.empty()) return std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
        Buffer out = std::move(spare.back());
        spare.pop_back();
        return out;
    }
    void give(Buffer buffer, std::size_t capacity) {
        const std::size_t at = index(capacity);
        if (capacity <= largest_kept && spares_[at].size() < kept_bytes / capacity) spares_[at].push_back(std::move(buffer));
    }
    // Powers of two from 1 KiB.
    static std::size_t round_up(std::size_t size) {
        std::size_t capacity = least;
        while (capacity < size) capacity *= 2;
        return capacity;
    }

  private:
    static constexpr std::size_t least = 1024, largest_kept = 1U << 20, kept_bytes = 2U << 20;
    static std::size_t index(std::size_t capacity) {
        std::size_t at = 0;
        for (std::size_t size = least; size < capacity; size *= 2) ++at;
        return at;
    }
    std::array<std::vector<Buffer>, 54> spares_;
};

class ByteQueue {
  public:
    explicit ByteQueue(BufferPool& pool) : pool_(&pool) {}
    ~ByteQueue() { release(); }
    ByteQueue(const ByteQueue&) = delete;
    ByteQueue& operator=(const ByteQueue&) = delete;

    std::size_t size() const { return tail_ - head_; }
    bool empty() const { return head_ == tail_; }
    ByteView pending() const { return {buffer_.get() + head_, size()}; }

    // Room for `size` more bytes behind what is pending; valid until the next call. commit() makes them pending.
    std::span<std::uint8_t> reserve(std::size_t size) {
        if (capacity_ - tail_ < size) grow(size);
        return {buffer_.get() + tail_, capacity_ - tail_};
    }
    void commit(std::size_t size) { tail_ += size; }
    void append(ByteView bytes) {
        if (bytes.empty()) return;
        std::memcpy(reserve(bytes.size()).data(), bytes.data(), bytes.size());
        commit(bytes.size());
    }
    void consume(std::size_t size) {
        head_ += size;
        if (head_ == tail_) release();
    }
    void clear() {
        head_ = tail_;
        release();
    }

  private:
    void grow(std::size_t size) {
        const std::size_t used = this->size();
        if (capacity_ >= used + size && head_ >= capacity_ / 2) {
            std::memmove(buffer_.get(), buffer_.get() + head_, used);
        } else {
            const std::size_t capacity = BufferPool::round_up(used + size);
            auto bigger = pool_->take(capacity);
            if (used != 0) std::memcpy(bigger.get(), buffer_.get() + head_, used);
            if (buffer_) pool_->give(std::move(buffer_), capacity_);
            buffer_ = std::move(bigger);
            capacity_ = capacity;
        }
        head_ = 0;
        tail_ = used;
    }
    void release() {
        if (buffer_) pool_->give(std::move(buffer_), capacity_);
        buffer_.reset();
        capacity_ = head_ = tail_ = 0;
    }

    BufferPool* pool_;
    BufferPool::Buffer buffer_;
    std::size_t capacity_ = 0, head_ = 0, tail_ = 0;
};

}  // namespace otabahn::gateway
