// SPDX-License-Identifier: Apache-2.0
// A statement's text with its `:name` parameters turned into the numbered ones of an engine. Pure.
#pragma once

#include "runtime/store.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::store {

struct Statement {
    std::string text;                // `$1` (PostgreSQL) or `?1` (SQLite) in the place of each parameter
    std::vector<std::string> names;  // names[0] is parameter 1; a name that stands twice has one number
    bool reads_only = false;         // a SELECT: running it leaves nothing to undo
};

// Parameters in quotes and comments are text; `::` is a cast.
Statement number_parameters(std::string_view text, char mark);

// The values in the statement's order. A name that one side has and the other has not is a bug: throws StoreFailure.
std::vector<const runtime::SqlValue*> order_parameters(const Statement& statement, std::initializer_list<runtime::SqlParameter> parameters,
                                                       std::string_view original);

// A schema's statements, each ended by `;` at the end of a line; comments dropped.
std::vector<std::string> split_schema(std::string_view text);

}  // namespace otabahn::store
