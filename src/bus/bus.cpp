// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.hpp"

#include <mutex>
#include <utility>

namespace otabahn::bus {

void InProcessBus::publish(const Scope& scope, runtime::Publication publication) {
    const std::shared_lock lock(mutex_);
    for (const auto& subscriber : publication_subscribers_) subscriber(scope, publication);
}

void InProcessBus::announce(runtime::Change change) {
    const std::shared_lock lock(mutex_);
    for (const auto& subscriber : change_subscribers_) subscriber(change);
}

void InProcessBus::on_publication(std::function<void(const Scope&, const runtime::Publication&)> subscriber) {
    const std::unique_lock lock(mutex_);
    publication_subscribers_.push_back(std::move(subscriber));
}

void InProcessBus::on_change(std::function<void(const runtime::Change&)> subscriber) {
    const std::unique_lock lock(mutex_);
    change_subscribers_.push_back(std::move(subscriber));
}

}  // namespace otabahn::bus
