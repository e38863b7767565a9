// SPDX-License-Identifier: Apache-2.0
// The policies that AWS itself manages and that the OTA workflow attaches by ARN (spec control-plane 5.5). Private to access/.
#pragma once

#include <span>
#include <string_view>

namespace otabahn::access {

struct ManagedPolicy {
    std::string_view arn, name, path, policy_id, version, description, document;
};

std::span<const ManagedPolicy> managed_policies();
const ManagedPolicy* find_managed_policy(std::string_view arn);

}  // namespace otabahn::access
