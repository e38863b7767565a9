// SPDX-License-Identifier: Apache-2.0
// Opens the state of the cloud behind runtime/store.hpp, on SQLite or PostgreSQL. The program owns what these give.
//
// SQLite and libpq are driven directly: SOCI 4.0.3 gives every expression of a SQLite query (COUNT(*), MAX(n), n + 1) back as
// text, because it goes by the declared type of a column and an expression has none; a BIGINT must read as a number on both.
#pragma once

#include "base/error.hpp"
#include "runtime/store.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::store {

// A capability's sql/schema.sql. The order of a list is the order of creation.
struct ModuleSchema {
    std::string_view module;
    std::string_view text;
};

struct Options {
    std::size_t readers = 4;                         // sessions for reads
    std::size_t group_limit = 256;                   // operations in one commit
    int attempts = 8;                                // of a transaction that the engine asks to try again
    std::chrono::milliseconds busy_timeout{10'000};  // SQLite: another process holds the file
};

// Creates what is not there; a module whose schema is not the one in the store is refused, saying so. Two runs are one.
Result<std::unique_ptr<runtime::Store>> open_sqlite(const std::filesystem::path& file, const std::vector<ModuleSchema>& schemas,
                                                    const Options& options = {});
Result<std::unique_ptr<runtime::Store>> open_postgresql(const std::string& conninfo, const std::vector<ModuleSchema>& schemas,
                                                        const Options& options = {});

}  // namespace otabahn::store
