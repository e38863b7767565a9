// SPDX-License-Identifier: Apache-2.0
// Signer's platforms (spec control-plane 3.2): one row each, in the order in which they are listed. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace otabahn::signer {

struct Platform {
    std::string_view id, display_name, partner, target;
    std::span<const std::string_view> encryptions;  // allowed; the first is the default
    std::span<const std::string_view> hashes;
    std::string_view image_format;  // supported and default
    std::int32_t max_megabytes;
    bool revocation;
    bool own_key;  // AWS signs with a key of its own: no signing material, and no job here
};

std::span<const Platform> platforms();
const Platform* find_platform(std::string_view id);

}  // namespace otabahn::signer
