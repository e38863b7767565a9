// SPDX-License-Identifier: Apache-2.0
#include "store/store_suite.hpp"

#include "store/postgresql.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace otabahn::store::testing {
namespace {

std::unique_ptr<TestStore> held(Result<std::unique_ptr<runtime::Store>> opened, std::function<void()> remove) {
    if (opened) return std::make_unique<TestStore>(std::move(opened).value(), std::move(remove));
    remove();
    throw std::runtime_error(opened.error().message);
}

std::unique_ptr<TestStore> open_fresh_sqlite(const std::vector<ModuleSchema>& schemas) {
    const auto folder = make_scratch_folder();
    return held(open_sqlite(folder / "state.db", schemas), [folder] { std::filesystem::remove_all(folder); });
}

std::unique_ptr<TestStore> open_fresh_postgresql(const std::string& conninfo, const std::vector<ModuleSchema>& schemas) {
    static std::atomic<int> last{0};
    const std::string name = "test_" + std::to_string(getpid()) + "_" + std::to_string(++last);
    const auto administer = [conninfo](const std::string& statement) {
        PostgresqlEngine(conninfo).connect(Engine::Use::write)->run_script(statement);
    };
    administer("CREATE SCHEMA " + name);
    return held(open_postgresql(conninfo + " options='-c search_path=" + name + "'", schemas),
                [administer, name] { administer("DROP SCHEMA " + name + " CASCADE"); });
}

}  // namespace

TestStore::TestStore(std::unique_ptr<runtime::Store> store, std::function<void()> remove)
    : store_(std::move(store)), remove_(std::move(remove)) {}

TestStore::~TestStore() {
    store_.reset();
    remove_();
}

std::filesystem::path make_scratch_folder() {
    namespace fs = std::filesystem;
    constexpr std::uintmax_t room = 512u << 20;
    std::error_code error;
    const auto memory = fs::space("/dev/shm", error);
    const fs::path parent =
        !error && memory.available >= room && access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path();
    std::string folder = parent / "otabahn-test-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("No temporary folder could be made at " + folder + ".");
    return folder;
}

std::vector<TestEngine> engines() {
    std::vector<TestEngine> out{{"Sqlite", open_fresh_sqlite}};
    if (const char* conninfo = std::getenv("OTABAHN_TEST_POSTGRES"); conninfo != nullptr && *conninfo != '\0')
        out.push_back({"Postgresql", [conninfo = std::string(conninfo)](const std::vector<ModuleSchema>& schemas) {
                           return open_fresh_postgresql(conninfo, schemas);
                       }});
    return out;
}

}  // namespace otabahn::store::testing
