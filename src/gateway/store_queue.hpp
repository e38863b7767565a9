// SPDX-License-Identifier: Apache-2.0
// The gateway's writes, in line: every loop appends its operations to one queue; a job on the blocking pool takes all that waits
// and commits it as one group, in order, so what was appended earlier is seen by what comes later. Any thread.
#pragma once

#include "runtime/pool.hpp"
#include "runtime/store.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace otabahn::gateway {

class StoreQueue {
  public:
    using Apply = std::function<void(runtime::SqlSession&)>;  // may run more than once
    using Done = std::function<void(bool stored)>;            // called on a pool thread
    using Handle = std::shared_ptr<void>;                     // of an operation; with whoever may cancel it

    StoreQueue(runtime::Store& store, runtime::BlockingPool& pool) : store_(store), pool_(pool) {}

    runtime::Store& store() { return store_; }
    Handle append(Apply apply, Done done);
    // True: it had not begun, and neither it nor its `done` will run.
    bool cancel(const Handle& handle);

    // Blocks until nothing waits and nothing runs.
    void drain();
    std::size_t waiting() const;

  private:
    struct Operation {
        Apply apply;
        Done done;
        bool taken = false, cancelled = false;  // under the queue's mutex
    };
    using OperationPtr = std::shared_ptr<Operation>;  // by the queue, and by whoever may cancel it

    void run();
    bool commit(const std::vector<OperationPtr>& group);

    runtime::Store& store_;
    runtime::BlockingPool& pool_;
    mutable std::mutex mutex_;
    std::condition_variable idle_;
    std::deque<OperationPtr> queue_;
    bool running_ = false;
};

}  // namespace otabahn::gateway
