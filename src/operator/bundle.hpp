// SPDX-License-Identifier: Apache-2.0
// The bundle folder: everything that `otabahn-device run` needs (design, section 3).
#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace otabahn::operator_tool {

struct TrustedCertificate {
    std::string file_name, pem;
};

struct Bundle {
    std::string thing_name, endpoint, certificate, private_key, root_ca;
    std::vector<TrustedCertificate> trust;
};

// Absent or empty, else refused.
Result<void> check_free(const std::filesystem::path& folder);
Result<void> write_bundle(const std::filesystem::path& folder, const Bundle& bundle);
// Amazon's root certificates out of the system's store.
Result<std::string> amazon_roots();

}  // namespace otabahn::operator_tool
