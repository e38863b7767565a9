// SPDX-License-Identifier: Apache-2.0
// Roles as the store holds them, and the policies that say what one may. Private to access/.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "policy/policy.hpp"
#include "runtime/store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::access {

struct StoredRole {
    std::string name, path, role_id, trust;
    std::optional<std::string> description;
    std::int64_t max_session = 3600;
    std::string tags;  // as tags.hpp writes them
    Timestamp created;

    std::string arn(const AccountId& account) const;
};

// Of a row that selects name, path, role_id, trust, description, max_session, tags, created.
StoredRole to_role(const runtime::SqlRow& row);
std::optional<StoredRole> find_role(runtime::SqlSession& session, const AccountId& account, std::string_view name);

// Its inline and attached policies, AWS's own among them. internal: a stored document does not parse.
Result<std::vector<policy::NamedDocument>> load_permissions(runtime::SqlSession& session, const AccountId& account,
                                                            std::string_view role_name);

}  // namespace otabahn::access
