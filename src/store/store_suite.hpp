// SPDX-License-Identifier: Apache-2.0
// For tests of every capability: the engines that a test is to run on, each giving a fresh store that is gone with the
// object. SQLite always; PostgreSQL when OTABAHN_TEST_POSTGRES holds a conninfo (tests/postgres.sh starts such a server).
//
//   class JobsTest : public ::testing::TestWithParam<store::testing::TestEngine> { … };
//   INSTANTIATE_TEST_SUITE_P(Engines, JobsTest, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);
#pragma once

#include "runtime/store.hpp"
#include "store/store.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace otabahn::store::testing {

// A store of its own: a file in a temporary folder, or a PostgreSQL schema.
class TestStore {
  public:
    TestStore(std::unique_ptr<runtime::Store> store, std::function<void()> remove);
    ~TestStore();
    TestStore(const TestStore&) = delete;
    TestStore& operator=(const TestStore&) = delete;

    runtime::Store& operator*() { return *store_; }
    runtime::Store* operator->() { return store_.get(); }

  private:
    std::unique_ptr<runtime::Store> store_;
    std::function<void()> remove_;
};

struct TestEngine {
    std::string name;                                                                          // Sqlite, Postgresql
    std::function<std::unique_ptr<TestStore>(const std::vector<ModuleSchema>& schemas)> open;  // throws when it can not
};
inline std::ostream& operator<<(std::ostream& out, const TestEngine& engine) { return out << engine.name; }

std::vector<TestEngine> engines();

// A new empty folder, the caller's to remove: in memory where there is room (a test's files need not outlive the machine, and
// waiting for a disk is most of a store test's time), else where temporary files go.
std::filesystem::path make_scratch_folder();

// Names a parameterised test after its engine.
inline constexpr auto engine_name = [](const auto& info) { return info.param.name; };

}  // namespace otabahn::store::testing
