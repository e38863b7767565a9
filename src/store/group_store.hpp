// SPDX-License-Identifier: Apache-2.0
// The Store over any engine: reads on a few sessions of their own, writes by one thread that commits whatever waits as one
// group. A group in which an operation failed after writing, or threw, is undone and run again one operation at a time, so
// one caller's failure is never another's. Any thread but an event loop's; destroyed after the last call has returned.
#pragma once

#include "runtime/store.hpp"
#include "store/engine.hpp"
#include "store/store.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace otabahn::store {

class GroupStore final : public runtime::Store {
  public:
    // The schema is there already (schema.hpp).
    GroupStore(std::unique_ptr<Engine> engine, Options options);
    ~GroupStore() override;
    GroupStore(const GroupStore&) = delete;
    GroupStore& operator=(const GroupStore&) = delete;

  protected:
    void run_read(const std::function<void(runtime::SqlSession&)>& operation) override;
    void run_write(const std::function<bool(runtime::SqlSession&)>& operation) override;

  private:
    struct Pending {
        const std::function<bool(runtime::SqlSession&)>& operation;
        std::exception_ptr failure;
        bool done = false;
        std::condition_variable wake;
    };
    enum class GroupEnd { ended, spoiled };  // spoiled: nothing of it remains, each is to run alone

    void write_loop();
    void commit_group(const std::vector<Pending*>& group);
    GroupEnd run_together(const std::vector<Pending*>& group);
    void run_alone(Pending& pending);
    Session& writer();
    std::unique_ptr<Session> take_reader();
    void give_reader(std::unique_ptr<Session> session);
    void refuse_nesting() const;

    std::unique_ptr<Engine> engine_;
    Options options_;

    std::mutex readers_mutex_;
    std::condition_variable readers_wake_;
    std::vector<std::unique_ptr<Session>> readers_;  // a null one connects when it is taken
    std::unique_ptr<Session> writer_session_;        // the writer thread's

    std::mutex mutex_;
    std::condition_variable work_;
    std::deque<Pending*> queue_;
    bool stopping_ = false;
    std::thread writer_thread_;
};

}  // namespace otabahn::store
