// SPDX-License-Identifier: Apache-2.0
#include "otawire/block_selection.hpp"

namespace otabahn::otawire {

std::optional<BlockSelection> BlockSelection::of(const GetStreamRequest& request, std::uint64_t file_size, const StreamLimits& limits) {
    if (request.block_size == 0) return std::nullopt;
    const std::uint32_t most = limits.request_bytes / request.block_size;
    const std::uint32_t asked = request.count ? *request.count : most;
    const std::uint32_t cap = asked < most ? asked : most;
    const std::uint64_t blocks = file_size / request.block_size + (file_size % request.block_size != 0 ? 1 : 0);

    BlockSelection out;
    out.bitmap_ = request.bitmap;
    out.offset_ = request.offset;
    out.file_size_ = file_size;
    out.block_size_ = request.block_size;
    out.left_ = cap;
    // Ascending, so the last one decides whether all lie within the file.
    BlockSelection last = out;
    std::uint32_t found = 0;
    while (found < cap && last.step()) ++found;
    if (found == 0 || out.offset_ + last.current_ >= blocks) return std::nullopt;
    out.left_ = found;
    return out;
}

bool BlockSelection::step() {
    if (!bitmap_) {
        current_ = bit_++;
        return true;
    }
    const std::uint64_t bits = std::uint64_t{bitmap_->size()} * 8;
    while (bit_ < bits) {
        const std::uint8_t byte = (*bitmap_)[bit_ >> 3];
        if (byte >> (bit_ & 7) == 0) {
            bit_ = (bit_ | 7) + 1;  // nothing more in this byte
            continue;
        }
        if ((byte >> (bit_ & 7) & 1) != 0) {
            current_ = bit_++;
            return true;
        }
        ++bit_;
    }
    return false;
}

std::optional<Block> BlockSelection::next() {
    if (left_ == 0 || !step()) return std::nullopt;
    --left_;
    Block out;
    out.number = offset_ + current_;
    out.position = out.number * block_size_;
    const std::uint64_t rest = file_size_ - out.position;
    out.size = rest < block_size_ ? static_cast<std::uint32_t>(rest) : block_size_;
    return out;
}

}  // namespace otabahn::otawire
