// SPDX-License-Identifier: Apache-2.0
// The whole cloud side in one process: ports, capabilities and adapters put together, in the order in which they need each
// other. main() owns it; start() and stop() from that thread.
#pragma once

#include "apps/otabahn/serve_settings.hpp"
#include "base/error.hpp"

#include <memory>
#include <string>

namespace otabahn::program {

class Cloud {
  public:
    explicit Cloud(ServeSettings settings);
    ~Cloud();

    // All listeners accept and endpoints.json is written when it returns.
    Result<void> start();
    void reload();  // what may change without a restart: the TLS certificate
    void stop();    // takes nothing new, finishes what runs
    std::string ready_line() const;

    // Every operation of the models with what this program does of it: docs/compatibility.md.
    static Result<std::string> compatibility_markdown();

  private:
    struct Parts;
    ServeSettings settings_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace otabahn::program
