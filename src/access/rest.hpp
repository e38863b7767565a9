// SPDX-License-Identifier: Apache-2.0
// The operations of IAM and STS, a file for each group of them; access.hpp's bind_rest binds all. Private to access/.
#pragma once

#include "access/access.hpp"
#include "api/iam.hpp"
#include "awsapi/operations.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otabahn::access {

struct RestParts {
    Access& access;
    runtime::Store& store;
    runtime::Bus& bus;
    const runtime::Clock& clock;
};

void bind_roles(awsapi::Operations& operations, const RestParts& parts);
void bind_role_policies(awsapi::Operations& operations, const RestParts& parts);
void bind_managed_policies(awsapi::Operations& operations, const RestParts& parts);
void bind_sts(awsapi::Operations& operations, const RestParts& parts);

// What the groups share.
Unexpected<awsapi::ServiceError> no_such_role(std::string_view name);
// Whoever cached an answer about the role asks again.
void announce_role(const RestParts& parts, const awsapi::Caller& caller, std::string_view role_name);
// arn:aws:iam::A:role/NAME with the path that the role has, for the caller's own permission.
std::string role_resource(const RestParts& parts, const Scope& scope, const std::string& role_name);

// One page: the store was asked for one row more than `wanted`. The marker is the last key given.
inline int page_size(const std::optional<std::int32_t>& max_items) { return max_items.value_or(100); }

}  // namespace otabahn::access
