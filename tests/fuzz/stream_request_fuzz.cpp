// SPDX-License-Identifier: Apache-2.0
// Stream requests of a device as the gateway takes them: any payload gives a request within the limits, or a refusal that can
// be written; a request that was taken is taken again, the same, after it was written; its selection lies in the file.
#include "otawire/block_selection.hpp"
#include "otawire/stream_answer.hpp"

#include <cstdlib>
#include <vector>

using namespace otabahn;
using namespace otabahn::otawire;

namespace {

void check_selection(const GetStreamRequest& request, std::uint64_t file_size, const StreamLimits& limits) {
    auto selection = BlockSelection::of(request, file_size, limits);
    if (!selection) return;
    std::uint64_t drawn = 0, next = 0;
    while (const auto block = selection->next()) {
        if (block->number < next || block->size == 0 || block->position + block->size > file_size) std::abort();
        next = block->number + 1;
        drawn += block->size;
    }
    if (drawn == 0 || drawn > limits.request_bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Format format = (data[0] & 1) != 0 ? Format::cbor : Format::json;
    const StreamLimits& limits = (data[0] & 2) != 0 ? extended_limits : aws_limits;
    const ByteView payload{data + 1, size - 1};
    static std::vector<std::uint8_t> scratch(bitmap_scratch(extended_limits)), other(bitmap_scratch(extended_limits)), room(1 << 20);
    std::array<std::uint8_t, longest_rejection> answer{};

    const auto described = decode_describe(payload, format);
    if (!described && !encode_rejection(described.error(), format, answer)) std::abort();
    const auto request = decode_get(payload, format, scratch, limits);
    if (!request) {
        if (!encode_rejection(request.error(), format, answer)) std::abort();
        return 0;
    }
    for (const std::uint64_t file_size : {std::uint64_t{0}, std::uint64_t{600}, std::uint64_t{25165824}, UINT64_MAX / 2})
        check_selection(*request, file_size, limits);
    const auto written = encode_get(*request, format, room);
    if (!written) std::abort();
    const auto again = decode_get(*written, format, other, limits);
    if (!again || again->file != request->file || again->block_size != request->block_size || again->offset != request->offset ||
        again->count != request->count || again->version != request->version || again->token.text() != request->token.text() ||
        again->bitmap.has_value() != request->bitmap.has_value() || (again->bitmap && as_text(*again->bitmap) != as_text(*request->bitmap)))
        std::abort();
    return 0;
}
