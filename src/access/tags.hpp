// SPDX-License-Identifier: Apache-2.0
// Tags of roles and policies: IAM's rules, and the text that the store keeps of them. Private to access/.
#pragma once

#include "api/iam.hpp"
#include "awsapi/service_error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::access {

// Checked and written as JSON [["key","value"],…]. Stored.
awsapi::Outcome<std::string> to_stored_tags(const std::optional<std::vector<api::iam::Tag>>& tags);
std::vector<api::iam::Tag> from_stored_tags(std::string_view stored);

}  // namespace otabahn::access
