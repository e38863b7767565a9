// SPDX-License-Identifier: Apache-2.0
// Finds a member that stands twice in one JSON object. Boost.JSON keeps the last one silently; in a policy the other, say
// the narrower Condition, would vanish without anybody noticing. Private to policy/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::policy {

// `json` has been parsed before; of text that is no JSON nothing is said.
std::optional<std::string> find_duplicate_key(std::string_view json);

}  // namespace otabahn::policy
