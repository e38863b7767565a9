// SPDX-License-Identifier: Apache-2.0
// The order of versions is one: equal to itself, and the mirror of itself.
#include "otawire/version.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace otabahn::otawire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto cut = text.find('\n');
    const std::string_view left = text.substr(0, cut), right = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
    if (compare_versions(left, left) != 0) std::abort();
    const auto forth = compare_versions(left, right), back = compare_versions(right, left);
    if ((forth < 0) != (back > 0) || (forth == 0) != (back == 0)) std::abort();
    is_semantic_version(left);
    return 0;
}
