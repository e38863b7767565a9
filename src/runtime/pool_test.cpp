// SPDX-License-Identifier: Apache-2.0
#include "runtime/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <stdexcept>

namespace otabahn::runtime {
namespace {

TEST(BlockingPool, RunsWhatIsPostedOnItsThreads) {
    BlockingPool pool("test", 2, 10);
    std::promise<std::thread::id> ran;
    ASSERT_TRUE(pool.try_post([&] { ran.set_value(std::this_thread::get_id()); }));
    EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

TEST(BlockingPool, RefusesWhenItsQueueIsFullButTakesWhatWasPromised) {
    BlockingPool pool("test", 1, 1);
    std::latch begun(1), go_on(1);
    std::atomic<int> ran = 0;
    ASSERT_TRUE(pool.try_post([&] {
        begun.count_down();
        go_on.wait();
    }));
    begun.wait();
    ASSERT_TRUE(pool.try_post([&] { ++ran; }));
    EXPECT_FALSE(pool.try_post([&] { ran += 100; }));
    pool.post([&] { ++ran; });
    go_on.count_down();
    pool.stop();
    EXPECT_EQ(ran, 2);
}

TEST(BlockingPool, FinishesItsQueueBeforeItStopsAndThenTakesNothing) {
    std::atomic<int> ran = 0;
    BlockingPool pool("test", 3, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.try_post([&] { ++ran; }));
    pool.stop();
    EXPECT_EQ(ran, 500);
    EXPECT_FALSE(pool.try_post([&] { ++ran; }));
}

TEST(BlockingPool, SurvivesWorkThatThrows) {
    std::atomic<bool> ran = false;
    BlockingPool pool("test", 1, 10);
    ASSERT_TRUE(pool.try_post([] { throw std::runtime_error("bug"); }));
    ASSERT_TRUE(pool.try_post([&] { ran = true; }));
    pool.stop();
    EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace otabahn::runtime
