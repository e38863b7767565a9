// SPDX-License-Identifier: Apache-2.0
// Layout, little-endian: "OTBN", format, length of all, sequence, the fields in the order below, the bitmap, CRC-32 of all
// that stands before it. Lengths of texts are one byte each.
#include "device/core/record.hpp"

#include "device/core/transfer.hpp"

namespace otabahn::device {

namespace {

constexpr std::uint8_t magic[4] = {'O', 'T', 'B', 'N'};
constexpr std::uint16_t format = 2;  // 1 had no counters

class Writer {
  public:
    explicit Writer(std::span<std::uint8_t> out) : out_(out) {}

    template <class T>
    void number(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i) byte(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
    void bytes(ByteView view) {
        for (std::uint8_t value : view) byte(value);
    }
    void text(std::string_view value) {
        number(static_cast<std::uint8_t>(value.size()));
        bytes(as_bytes(value));
    }
    void patch_length() {
        if (!fits_) return;
        for (std::size_t i = 0; i < 4; ++i) out_[6 + i] = static_cast<std::uint8_t>((size_ + 4) >> (8 * i));
    }
    bool fits() const { return fits_; }
    ByteView written() const { return {out_.data(), size_}; }

  private:
    void byte(std::uint8_t value) {
        if (size_ == out_.size()) fits_ = false;
        if (fits_) out_[size_++] = value;
    }
    std::span<std::uint8_t> out_;
    std::size_t size_ = 0;
    bool fits_ = true;
};

class Reader {
  public:
    explicit Reader(ByteView in) : in_(in) {}

    template <class T>
    T number() {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{byte()} << (8 * i);
        return static_cast<T>(value);
    }
    void bytes(std::span<std::uint8_t> out) {
        for (std::uint8_t& value : out) value = byte();
    }
    void text(auto& out) {
        const std::size_t size = number<std::uint8_t>();
        if (size > in_.size() - at_ || !out.assign(std::string_view(reinterpret_cast<const char*>(in_.data()) + at_, size))) {
            good_ = false;
            return;
        }
        at_ += size;
    }
    bool flag() {
        const std::uint8_t value = byte();
        if (value > 1) good_ = false;
        return value == 1;
    }
    bool good() const { return good_; }
    std::size_t left() const { return in_.size() - at_; }

  private:
    std::uint8_t byte() {
        if (at_ < in_.size()) return in_[at_++];
        good_ = false;
        return 0;
    }
    ByteView in_;
    std::size_t at_ = 0;
    bool good_ = true;
};

void write_slot(Writer& out, const SlotImage& slot) {
    out.number(static_cast<std::uint8_t>(slot.present));
    out.number(static_cast<std::uint8_t>(slot.version_signed));
    out.number(slot.size);
    out.bytes(slot.sha256);
    out.bytes(slot.identity);
    out.text(slot.version.view());
    out.number(slot.counter);
}

void read_slot(Reader& in, std::uint16_t stored, SlotImage& slot) {
    slot.present = in.flag();
    slot.version_signed = in.flag();
    slot.size = in.number<std::uint64_t>();
    in.bytes(slot.sha256);
    in.bytes(slot.identity);
    in.text(slot.version);
    if (stored > 1) slot.counter = in.number<std::uint32_t>();
}

}  // namespace

std::uint32_t crc32(ByteView bytes, std::uint32_t seed) {
    std::uint32_t crc = ~seed;
    for (std::uint8_t value : bytes) {
        crc ^= value;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
}

ByteView encode_record(const Record& record, ByteView bitmap, std::uint32_t sequence, std::span<std::uint8_t> out) {
    Writer to(out);
    to.bytes(magic);
    to.number(format);
    to.number(std::uint32_t{0});
    to.number(sequence);
    to.number(record.active);
    for (const SlotImage& slot : record.slots) write_slot(to, slot);
    to.text(record.floor_version.view());
    to.bytes(record.floor_sha256);
    to.number(record.counter);
    to.number(static_cast<std::uint8_t>(record.stage));
    to.number(static_cast<std::uint8_t>(record.reason));
    to.bytes(record.trial_boot);
    to.text(record.job.id.view());
    to.number(record.job.execution);
    to.number(static_cast<std::uint8_t>(record.outcome));
    to.text(record.message.view());
    to.number(record.block_size);
    to.number(record.blocks);
    to.bytes({bitmap.data(), record.blocks == 0 ? 0 : Transfer::bitmap_bytes(record.blocks)});
    to.patch_length();
    to.number(crc32(to.written()));
    return to.fits() ? to.written() : ByteView();
}

std::optional<Loaded> decode_record(ByteView page, std::span<std::uint8_t> bitmap) {
    Reader head(page);
    std::uint8_t found[4];
    head.bytes(found);
    for (std::size_t i = 0; i < 4; ++i)
        if (found[i] != magic[i]) return std::nullopt;
    const auto stored_format = head.number<std::uint16_t>();
    if (stored_format < 1 || stored_format > format) return std::nullopt;
    const std::size_t length = head.number<std::uint32_t>();
    if (!head.good() || length < 18 || length > page.size()) return std::nullopt;
    Reader tail(ByteView{page.data() + length - 4, 4});
    if (tail.number<std::uint32_t>() != crc32({page.data(), length - 4})) return std::nullopt;

    Loaded loaded;
    Reader in({page.data() + 10, length - 14});
    loaded.sequence = in.number<std::uint32_t>();
    Record& record = loaded.record;
    record.active = static_cast<std::uint8_t>(in.flag());
    for (SlotImage& slot : record.slots) read_slot(in, stored_format, slot);
    in.text(record.floor_version);
    in.bytes(record.floor_sha256);
    if (stored_format > 1) record.counter = in.number<std::uint32_t>();
    const auto stage = in.number<std::uint8_t>();
    record.reason = reason_from(in.number<std::uint8_t>());
    in.bytes(record.trial_boot);
    in.text(record.job.id);
    record.job.execution = in.number<std::int64_t>();
    const auto outcome = in.number<std::uint8_t>();
    in.text(record.message);
    record.block_size = in.number<std::uint32_t>();
    record.blocks = in.number<std::uint32_t>();
    if (!in.good() || stage > static_cast<std::uint8_t>(Stage::rolling_back) || outcome > static_cast<std::uint8_t>(Outcome::rejected))
        return std::nullopt;
    record.stage = static_cast<Stage>(stage);
    record.outcome = static_cast<Outcome>(outcome);

    const std::size_t stored = record.blocks == 0 ? 0 : Transfer::bitmap_bytes(record.blocks);
    if (in.left() != stored) return std::nullopt;
    // Written by a build with more memory: the download starts anew, the rest holds.
    if (stored > bitmap.size() || record.block_size == 0) {
        record.block_size = record.blocks = 0;
    } else {
        in.bytes({bitmap.data(), stored});
    }
    return loaded;
}

std::optional<Loaded> decode_newest(ByteView page_0, ByteView page_1, std::span<std::uint8_t> bitmap) {
    auto first = decode_record(page_0, bitmap);
    auto second = decode_record(page_1, bitmap);
    const bool second_wins = second && (!first || static_cast<std::int32_t>(second->sequence - first->sequence) > 0);
    if (second_wins) {
        second->page = 1;
        second->other_damaged = !first && !page_0.empty();
        return second;
    }
    if (!first) return std::nullopt;
    // The second page's blocks may lie in the bitmap by now.
    first = decode_record(page_0, bitmap);
    first->other_damaged = !second && !page_1.empty();
    return first;
}

}  // namespace otabahn::device
