// SPDX-License-Identifier: Apache-2.0
// The bus of a single process: subscribers are called at once, on the publishing thread. The program owns it; subscribers
// are added while it starts and must outlive the last publication. Any thread.
#pragma once

#include "runtime/bus.hpp"

#include <functional>
#include <shared_mutex>
#include <vector>

namespace otabahn::bus {

class InProcessBus final : public runtime::Bus {
  public:
    void publish(const Scope& scope, runtime::Publication publication) override;
    void announce(runtime::Change change) override;
    void on_publication(std::function<void(const Scope&, const runtime::Publication&)> subscriber) override;
    void on_change(std::function<void(const runtime::Change&)> subscriber) override;

  private:
    std::shared_mutex mutex_;  // held shared while subscribers run: one may publish again, none may subscribe
    std::vector<std::function<void(const Scope&, const runtime::Publication&)>> publication_subscribers_;
    std::vector<std::function<void(const runtime::Change&)>> change_subscribers_;
};

}  // namespace otabahn::bus
