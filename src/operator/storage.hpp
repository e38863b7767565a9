// SPDX-License-Identifier: Apache-2.0
// What a deployment needs around its files: the versioned bucket, and the role that lets AWS IoT read it.
#pragma once

#include "operator/session.hpp"

#include <optional>
#include <string>

namespace otabahn::operator_tool {

// Made when missing (versioned); an existing one must have versioning on.
Result<void> ensure_bucket(Session& session, const std::string& bucket);

struct Role {
    std::string arn;
    bool made = false;  // just now: AWS takes some seconds until it can be assumed
};
// An existing one is checked, never changed: AWS IoT may assume it, and it may read the bucket. Nothing: there is none.
Result<std::optional<Role>> find_role(Session& session, const std::string& role, const std::string& bucket);
Result<Role> make_role(Session& session, const std::string& role, const std::string& bucket);

}  // namespace otabahn::operator_tool
