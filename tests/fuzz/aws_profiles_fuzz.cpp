// SPDX-License-Identifier: Apache-2.0
// AWS's profile files, as users edit them by hand.
#include "client/aws_profiles.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using otabahn::client::ProfileFile;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto kind : {ProfileFile::Kind::credentials, ProfileFile::Kind::config}) {
        const ProfileFile file = ProfileFile::parse(text, kind);
        const auto region = file.find("default", "region");
        if (region && (region->empty() || region->find('\n') != std::string::npos)) std::abort();
    }
    return 0;
}
