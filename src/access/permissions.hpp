// SPDX-License-Identifier: Apache-2.0
// What decides for a caller: the documents of its role, and what they may ask of it. For whoever asks often, as a connection does: to be
// kept until a role changes.
#pragma once

#include "awsapi/caller.hpp"
#include "base/error.hpp"
#include "policy/policy.hpp"
#include "runtime/store.hpp"

#include <map>
#include <string>
#include <vector>

namespace otabahn::access {

struct Permissions {
    bool root = false;  // needs neither
    std::vector<policy::NamedDocument> documents;
    std::map<std::string, std::string> facts;  // aws:PrincipalArn and the like, of the caller alone
};

Result<Permissions> permissions_of(runtime::Store& store, const awsapi::Caller& caller);  // blocks

}  // namespace otabahn::access
