// SPDX-License-Identifier: Apache-2.0
// The least firmware that updates itself, for `make device-size`: it is linked to see what the library costs, and never run. Its
// ports are empty; what they hand in and out is volatile, so that the linker drops nothing that a real port would use.
#include "device/core/update.hpp"

#include <cstddef>
#include <cstdint>
#include <new>

using namespace otabahn;
using namespace otabahn::device;

namespace {

// What a device of 256 KiB slots and 4 KiB blocks hands in. The order is read before the first block comes, so the buffer that
// the blocks are received into holds its document and its manifest until then.
constexpr std::size_t block = 4'096;
std::uint8_t block_buffer[block + 256];
char out_memory[Memory::least_out];
std::uint8_t signature_memory[72], bitmap_memory[8], page_memory[Record::fixed_bytes_at_most + sizeof bitmap_memory];
alignas(Update) std::uint8_t update_memory[sizeof(Update)];

}  // namespace

volatile const void* volatile arrived;
volatile std::uint32_t clock_now;

extern "C" void Reset_Handler() {
    const std::span<std::uint8_t> buffer(block_buffer);
    const std::span<std::uint8_t> text = buffer.first(buffer.size() / 2);
    Settings settings;
    settings.thing = "thing";
    settings.policy.slot_bytes = 256 * 1'024;
    settings.block_bytes = block;
    Update* update = new (update_memory) Update(settings, {.out = out_memory,
                                                           .document = {reinterpret_cast<char*>(text.data()), text.size()},
                                                           .scratch = buffer.subspan(text.size()),
                                                           .signature = signature_memory,
                                                           .bitmap = bitmap_memory,
                                                           .page = page_memory});
    for (;;) {
        const Input* input = const_cast<const Input*>(static_cast<volatile const Input*>(arrived));
        for (const Action& action : update->step(*input, Millis{clock_now})) arrived = &action;
        clock_now = static_cast<std::uint32_t>(update->wake_at().count());
    }
}
