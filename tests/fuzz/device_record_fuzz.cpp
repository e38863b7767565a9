// SPDX-License-Identifier: Apache-2.0
// The state on disk: any bytes are read without harm; what is taken is written again as the same record. The checksum is put
// right, or the fuzzer would never get past it.
#include "device/core/record.hpp"
#include "device/core/transfer.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace otabahn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint8_t> page(data, data + size);
    std::vector<std::uint8_t> bitmap(256), other_bitmap(256);
    (void)device::decode_newest(page, {data, size / 2}, bitmap);
    if (size < 18) return 0;
    for (std::size_t i = 0; i < 4; ++i) page[6 + i] = static_cast<std::uint8_t>(size >> (8 * i));
    const std::uint32_t right = device::crc32({page.data(), size - 4});
    for (std::size_t i = 0; i < 4; ++i) page[size - 4 + i] = static_cast<std::uint8_t>(right >> (8 * i));
    const auto loaded = device::decode_record(page, bitmap);
    if (!loaded) return 0;
    std::vector<std::uint8_t> out(size + 64);
    const ByteView encoded = device::encode_record(loaded->record, bitmap, loaded->sequence, out);
    const auto again = device::decode_record(encoded, other_bitmap);
    if (!again || again->sequence != loaded->sequence || again->record.active != loaded->record.active ||
        again->record.blocks != loaded->record.blocks || !(again->record.job == loaded->record.job) ||
        !(again->record.message == loaded->record.message))
        std::abort();
    return 0;
}
