// SPDX-License-Identifier: Apache-2.0
// PostgreSQL as an engine. Writes are SERIALIZABLE, so several nodes on one database behave as one; reads see one snapshot.
#pragma once

#include "store/engine.hpp"

#include <string>

namespace otabahn::store {

class PostgresqlEngine final : public Engine {
  public:
    explicit PostgresqlEngine(std::string conninfo);
    std::string name() const override;  // without what may be secret
    std::unique_ptr<Session> connect(Use use) override;

  private:
    std::string conninfo_;
};

}  // namespace otabahn::store
