// SPDX-License-Identifier: Apache-2.0
// A named pool of threads for blocking work (database, files, RSA). Event loops hand work over with try_post and get the
// answer back on their own strand. The queue is bounded: a full one is the caller's back-pressure, never a growing list.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace otabahn::runtime {

class BlockingPool {
  public:
    BlockingPool(std::string name, std::size_t threads, std::size_t queue_limit);
    ~BlockingPool();  // finishes what is queued
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    // False: the queue is full, or the pool is stopping; nothing was taken.
    [[nodiscard]] bool try_post(std::function<void()> work);
    // Work that was promised to somebody (the end of something begun): taken even when the queue is full.
    void post(std::function<void()> work);
    void stop();  // finishes what is queued, then joins

  private:
    void run();

    std::string name_;
    std::size_t queue_limit_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace otabahn::runtime
