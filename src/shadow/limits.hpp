// SPDX-License-Identifier: Apache-2.0
// Sizes of the Device Shadow service (spec gateway 5.5), and what `--quotas extended` lifts: a document's tree must still be
// cheap to merge while others wait for the store.
#pragma once

#include <cstddef>

namespace otabahn::shadow {

struct Limits {
    std::size_t document_bytes = 8192;  // of a request, and of the state that it leaves
    std::size_t levels = 8;             // names from the section to the deepest value
    std::size_t token_bytes = 64;
};

constexpr Limits aws_limits{};

// The JSON reader goes 32 levels deep, and a request wraps a section in two.
constexpr Limits extended_limits{131'072, 24, 64};

}  // namespace otabahn::shadow
