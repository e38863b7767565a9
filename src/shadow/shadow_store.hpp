// SPDX-License-Identifier: Apache-2.0
// The statements of sql/ as functions. Each write names the row that it was computed from and does nothing when that is no
// longer there, so any number of threads and nodes may update one shadow.
#pragma once

#include "runtime/store.hpp"
#include "shadow/document.hpp"
#include "shadow/request.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otabahn::shadow {

std::optional<Stored> find(runtime::SqlSession& session, const Scope& scope, const ShadowName& name);

// False: the row is no longer what was found.
bool replace(runtime::SqlSession& session, const Scope& scope, const ShadowName& name, const std::optional<Stored>& found,
             const Stored& by);

std::vector<std::string> list_names(runtime::SqlSession& session, const Scope& scope, const ThingName& thing, const std::string& after,
                                    std::int64_t count);

// Rows that are gone.
std::int64_t forget_deleted(runtime::SqlSession& session, Timestamp before, std::int64_t count);

}  // namespace otabahn::shadow
