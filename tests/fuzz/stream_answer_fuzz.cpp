// SPDX-License-Identifier: Apache-2.0
// What a server (or somebody in its place) sends a device on a stream's topics.
#include "otawire/stream_answer.hpp"

#include <cstdlib>

using namespace otabahn;
using namespace otabahn::otawire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Format format = (data[0] & 1) != 0 ? Format::cbor : Format::json;
    const ByteView payload{data + 1, size - 1};
    std::array<std::uint8_t, 4096> scratch{};
    if (const auto block = decode_data(payload, format, scratch)) {
        std::uint64_t sum = 0;
        for (const std::uint8_t byte : block->bytes) sum += byte;
        if (block->bytes.size() != block->size || sum > block->size * 255) std::abort();
    }
    if (const auto stream = decode_description(payload, format); stream && stream->file_count > most_described_files) std::abort();
    if (const auto rejection = decode_rejection(payload, format);
        rejection && rejection->error && name_of(*rejection->error) != rejection->code())
        std::abort();
    parse_stream_topic(as_text(payload));
    split_stream_topic(as_text(payload));
    return 0;
}
