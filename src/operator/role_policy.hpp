// SPDX-License-Identifier: Apache-2.0
// What an existing role is checked for before anything is uploaded: AWS IoT may assume it, and it may read the bucket. Pure:
// documents in, a refusal that says which of the two it was out.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otabahn::operator_tool {

// `document`: the role's trust policy, as text.
Result<void> check_trust(const Scope& scope, const std::string& role, const std::string& document);

// `policies`: name and text of all that hang on the role.
Result<void> check_read(const std::string& role, const std::vector<std::pair<std::string, std::string>>& policies,
                        const std::string& bucket);

}  // namespace otabahn::operator_tool
