// SPDX-License-Identifier: Apache-2.0
// What every port must keep, as checks that run on any of them, microcontrollers included: no heap, no test framework. Each
// gives nothing when the promise is kept, else the promise that is broken.
#pragma once

#include "device/port/ports.hpp"

#include <optional>
#include <string_view>

namespace otabahn::device::contract {

using Broken = std::optional<std::string_view>;

// Both pages, written in turn and read back; each is left as the other is written.
Broken check_state_storage(StateStorage& storage);

// `hash_of` is the port's own verifier: slots and verifier must speak of the same bytes. `expected` is the SHA-256 of
// 4,096 bytes of which byte i is i*7 mod 251, as the verifier computes it over memory. The slot given is written.
// The other slot must be left as it is.
Broken check_slots(Slots& slots, Verifier& verifier, std::uint8_t slot, const Digest& expected);

// `good` is a signature over `digest`, `forged` one that is not.
Broken check_signatures(Verifier& verifier, const SignatureFacts& good, const SignatureFacts& forged, const Digest& digest);

// `wait` takes a millisecond or more.
Broken check_clock(const Clock& clock, void (*wait)());

// The pattern that check_slots() writes.
constexpr std::uint8_t pattern(std::uint64_t at) { return static_cast<std::uint8_t>(at * 7 % 251); }
inline constexpr std::uint64_t pattern_size = 4'096;

}  // namespace otabahn::device::contract
