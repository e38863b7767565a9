// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include "store/group_store.hpp"
#include "store/postgresql.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace otabahn::store {
namespace {

// Keys compare by their bytes: another collation would page in another order than SQLite does, and differently on each machine.
Result<void> check_database(Engine& engine) {
    const auto session = engine.connect(Engine::Use::read);
    session->begin_read();
    const auto row =
        session->query_one("SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()", {});
    session->rollback();
    if (!row) return fail(ErrorCode::internal, "The " + engine.name() + " does not name its own database.");
    const std::string collation = row->text(0), encoding = row->text(1);
    if ((collation == "C" || collation == "POSIX" || collation == "C.UTF-8" || collation == "C.utf8") && encoding == "UTF8") return {};
    return fail(ErrorCode::invalid_request,
                "The database of " + engine.name() + " has collation " + collation + " and encoding " + encoding +
                    "; otabahn needs C and UTF8. Make it with: createdb --locale=C --encoding=UTF8 --template=template0 NAME");
}

// Access keys and private keys lie in it, so nobody else may read it. SQLite gives its journals the mode of the database, and
// an older database and its journals may still have the one of the umask.
Result<void> keep_private(const std::filesystem::path& file) {
    const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made >= 0) ::close(made);
    for (const char* suffix : {"", "-wal", "-shm"}) {
        const std::string path = file.string() + suffix;
        if (::chmod(path.c_str(), 0600) != 0 && errno != ENOENT)
            return fail(ErrorCode::unavailable, "The SQLite file " + path + " holds secrets and could not be kept from other users: " +
                                                    std::strerror(errno) + ". Give it to the user that the server runs as.");
    }
    return {};
}

template <class Check>
Result<std::unique_ptr<runtime::Store>> open(std::unique_ptr<Engine> engine, const std::vector<ModuleSchema>& schemas,
                                             const Options& options, Check check) {
    try {
        if (Result<void> fit = check(*engine); !fit) return Unexpected(std::move(fit).error());
        if (auto created = create_schemas(*engine, schemas); !created) return Unexpected(std::move(created).error());
    } catch (const runtime::StoreFailure& failure) {
        return fail(ErrorCode::unavailable, "The " + engine->name() + " could not be opened: " + failure.what());
    }
    return std::unique_ptr<runtime::Store>(std::make_unique<GroupStore>(std::move(engine), options));
}

}  // namespace

Result<std::unique_ptr<runtime::Store>> open_sqlite(const std::filesystem::path& file, const std::vector<ModuleSchema>& schemas,
                                                    const Options& options) {
    if (auto kept = keep_private(file); !kept) return Unexpected(std::move(kept).error());
    return open(std::make_unique<SqliteEngine>(file, options.busy_timeout), schemas, options, [](Engine&) { return Result<void>(); });
}

Result<std::unique_ptr<runtime::Store>> open_postgresql(const std::string& conninfo, const std::vector<ModuleSchema>& schemas,
                                                        const Options& options) {
    return open(std::make_unique<PostgresqlEngine>(conninfo), schemas, options, check_database);
}

}  // namespace otabahn::store
