// SPDX-License-Identifier: Apache-2.0
#include "gateway/store_queue.hpp"

#include "runtime/log.hpp"

#include <utility>

namespace otabahn::gateway {
namespace {

constexpr std::size_t group_at_most = 1000;

}  // namespace

StoreQueue::Handle StoreQueue::append(Apply apply, Done done) {
    auto operation = std::make_shared<Operation>(Operation{std::move(apply), std::move(done)});
    const std::lock_guard lock(mutex_);
    queue_.push_back(operation);
    if (!running_) {
        running_ = true;
        pool_.post([this] { run(); });
    }
    return operation;
}

bool StoreQueue::cancel(const Handle& handle) {
    auto* operation = static_cast<Operation*>(handle.get());
    if (operation == nullptr) return false;
    Done let_go;  // may answer somebody: not under the mutex
    const std::lock_guard lock(mutex_);
    if (operation->taken) return false;
    operation->cancelled = true;
    operation->apply = nullptr;
    let_go.swap(operation->done);
    return true;
}

void StoreQueue::run() {
    std::vector<OperationPtr> group;
    {
        const std::lock_guard lock(mutex_);
        while (!queue_.empty() && group.size() < group_at_most) {
            auto operation = std::move(queue_.front());
            queue_.pop_front();
            if (operation->cancelled) continue;
            operation->taken = true;
            group.push_back(std::move(operation));
        }
    }
    if (!group.empty()) {
        const bool stored = commit(group);
        for (auto& operation : group) {
            if (operation->done) operation->done(stored);
            operation->done = nullptr;
            operation->apply = nullptr;
        }
    }
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) {
        running_ = false;
        idle_.notify_all();
    } else {
        pool_.post([this] { run(); });
    }
}

bool StoreQueue::commit(const std::vector<OperationPtr>& group) {
    try {
        const auto done = store_.write([&](runtime::SqlSession& session) -> Result<void> {
            for (const auto& operation : group) operation->apply(session);
            return {};
        });
        return done.has_value();
    } catch (const std::exception& failure) {  // whatever it was: the next group has its turn, and drain() an end
        spdlog::error("what the gateway keeps could not be stored operations={} what=\"{}\"", group.size(), failure.what());
        return false;
    }
}

void StoreQueue::drain() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return !running_ && queue_.empty(); });
}

std::size_t StoreQueue::waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

}  // namespace otabahn::gateway
