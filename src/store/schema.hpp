// SPDX-License-Identifier: Apache-2.0
// Makes the tables of each module once and remembers what they were made from (table store_schema), so that a program with
// another schema is refused before it touches anything, and a migration can tell where it starts.
#pragma once

#include "store/engine.hpp"
#include "store/store.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otabahn::store {

// SHA-256 of a schema's statements, in hex; comments and line ends do not count. Stored.
std::string schema_hash(std::string_view text);

Result<void> create_schemas(Engine& engine, const std::vector<ModuleSchema>& schemas);

}  // namespace otabahn::store
