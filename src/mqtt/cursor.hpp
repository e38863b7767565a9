// SPDX-License-Identifier: Apache-2.0
// Reading and writing MQTT's data types (MQTT 5, 1.5) in a caller's bytes. Nothing is copied: what is read is a view into
// the input. Both are sticky: after the first failure every further step fails, so callers check once.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace otabahn::mqtt {

// Well-formed UTF-8 without U+0000 and surrogates (MQTT 5, 1.5.4).
bool is_utf8_text(std::string_view text);

class Reader {
  public:
    explicit Reader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
    bool at_end() const { return at_ == end_; }
    bool failed() const { return failed_; }
    bool bad_utf8() const { return bad_utf8_; }
    const std::uint8_t* position() const { return at_; }

    std::uint8_t u8() {
        if (!has(1)) return 0;
        return *at_++;
    }
    std::uint16_t u16() {
        if (!has(2)) return 0;
        const auto value = static_cast<std::uint16_t>(at_[0] << 8 | at_[1]);
        at_ += 2;
        return value;
    }
    std::uint32_t u32() {
        if (!has(4)) return 0;
        const std::uint32_t value = std::uint32_t{at_[0]} << 24 | std::uint32_t{at_[1]} << 16 | std::uint32_t{at_[2]} << 8 | at_[3];
        at_ += 4;
        return value;
    }
    // Variable byte integer, in its shortest form (MQTT 5, 1.5.5).
    std::uint32_t variable();
    ByteView bytes(std::size_t size) {
        if (!has(size)) return {};
        const ByteView out(at_, size);
        at_ += size;
        return out;
    }
    ByteView binary() { return bytes(u16()); }
    std::string_view text() {
        const std::string_view out = as_text(binary());
        if (!failed_ && !is_utf8_text(out)) failed_ = bad_utf8_ = true;
        return failed_ ? std::string_view() : out;
    }
    ByteView rest() { return bytes(remaining()); }

  private:
    bool has(std::size_t size) {
        if (failed_ || remaining() < size) failed_ = true;
        return !failed_;
    }

    const std::uint8_t* at_;
    const std::uint8_t* end_;
    bool failed_ = false;
    bool bad_utf8_ = false;
};

constexpr std::uint32_t largest_variable = 268'435'455;

constexpr std::size_t variable_size(std::uint32_t value) { return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4; }

// Without a buffer it only counts, so one function gives a packet's size and its bytes.
class Writer {
  public:
    Writer() = default;
    explicit Writer(std::span<std::uint8_t> out) : out_(out.data()), capacity_(out.size()) {}

    std::size_t size() const { return size_; }
    bool overflow() const { return out_ != nullptr && size_ > capacity_; }

    void u8(std::uint8_t value) { put(&value, 1); }
    void u16(std::uint16_t value) {
        const std::uint8_t bytes[] = {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
        put(bytes, 2);
    }
    void u32(std::uint32_t value) {
        u16(static_cast<std::uint16_t>(value >> 16));
        u16(static_cast<std::uint16_t>(value));
    }
    void variable(std::uint32_t value) {
        do {
            const auto low = static_cast<std::uint8_t>(value & 0x7f);
            value >>= 7;
            u8(value != 0 ? static_cast<std::uint8_t>(low | 0x80) : low);
        } while (value != 0);
    }
    void bytes(ByteView value) { put(value.data(), value.size()); }
    // The caller keeps it at 65,535 bytes or fewer.
    void binary(ByteView value) {
        u16(static_cast<std::uint16_t>(value.size()));
        bytes(value);
    }
    void text(std::string_view value) { binary(as_bytes(value)); }

  private:
    void put(const std::uint8_t* from, std::size_t count) {
        if (out_ != nullptr && count != 0 && size_ + count <= capacity_) std::memcpy(out_ + size_, from, count);
        size_ += count;
    }

    std::uint8_t* out_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

}  // namespace otabahn::mqtt
