// SPDX-License-Identifier: Apache-2.0
// Which of two firmware versions is newer (design 4): SemVer 2.0 precedence when both are SemVer; else field by field at dots,
// numbers by value, a number before a word, fewer fields before more. A leading v before a digit is dropped.
#pragma once

#include <compare>
#include <string_view>

namespace otabahn::otawire {

bool is_semantic_version(std::string_view text);  // after a leading v
std::weak_ordering compare_versions(std::string_view left, std::string_view right);

}  // namespace otabahn::otawire
