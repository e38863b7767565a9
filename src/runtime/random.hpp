// SPDX-License-Identifier: Apache-2.0
// Random bytes of cryptographic quality, and the ids made of them. Any thread; throws when the system gives none.
#pragma once

#include <cstddef>
#include <string>

namespace otabahn::runtime {

std::string random_bytes(std::size_t count);
std::string random_uuid();  // version 4: 8-4-4-4-12 lower-case hex digits

}  // namespace otabahn::runtime
