// SPDX-License-Identifier: Apache-2.0
// What a deployment needs around its files: the versioned bucket, and the role that lets AWS IoT read it.
#pragma once

#include "operator/session.hpp"

#include <string>

namespace otabahn::operator_tool {

// Made when missing (versioned); an existing one must have versioning on.
Result<void> ensure_bucket(Session& session, const std::string& bucket);

struct Role {
    std::string arn;
    bool made = false;  // just now: AWS takes some seconds until it can be assumed
};
// Made when missing; an existing one is checked for its trust in AWS IoT, never changed.
Result<Role> ensure_role(Session& session, const std::string& role, const std::string& bucket);

}  // namespace otabahn::operator_tool
