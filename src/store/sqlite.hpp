// SPDX-License-Identifier: Apache-2.0
// SQLite as an engine: WAL, every commit synced, foreign keys checked.
#pragma once

#include "store/engine.hpp"

#include <chrono>
#include <filesystem>

namespace otabahn::store {

class SqliteEngine final : public Engine {
  public:
    SqliteEngine(std::filesystem::path file, std::chrono::milliseconds busy_timeout);
    std::string name() const override { return "SQLite file " + file_.string(); }
    std::unique_ptr<Session> connect(Use use) override;

  private:
    std::filesystem::path file_;
    std::chrono::milliseconds busy_timeout_;
};

}  // namespace otabahn::store
