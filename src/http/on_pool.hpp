// SPDX-License-Identifier: Apache-2.0
// Blocking work seen from a coroutine: it runs on the pool, the coroutine goes on on its own loop. What `work` refers to
// must live as long as the coroutine waits, which it does when the caller awaits at once.
#pragma once

#include "runtime/pool.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace otabahn::http {

enum class Taken {
    if_room,  // a full queue gives nothing back: the caller says "slow down"
    always,   // the end of something begun
};

// What `work` gives; nothing when the queue was full. What it throws is thrown here.
template <class Work>
boost::asio::awaitable<std::optional<std::invoke_result_t<Work&>>> on_pool(runtime::BlockingPool& pool, Work work,
                                                                           Taken taken = Taken::if_room) {
    namespace asio = boost::asio;
    using Value = std::optional<std::invoke_result_t<Work&>>;
    const auto start = [&pool, &work, taken](auto handler) {
        const auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        // std::function copies, and neither work nor handler can be copied: one state, which the job and its answer share.
        struct State {
            decltype(handler) handler_;
            std::decay_t<decltype(executor)> executor_;
            Work* work_;
            std::exception_ptr failure_;
            Value value_;
        };
        auto state = std::make_shared<State>(State{std::move(handler), executor, &work, nullptr, std::nullopt});
        const auto answer = [](std::shared_ptr<State> given) {
            const auto where = given->executor_;
            asio::post(where, [state = std::move(given)]() mutable {
                auto resume = std::move(state->handler_);
                const std::exception_ptr failure = state->failure_;
                Value value = std::move(state->value_);
                state.reset();
                resume(failure, std::move(value));
            });
        };
        const auto job = [state, answer] {
            try {
                state->value_.emplace((*state->work_)());
            } catch (...) {
                state->failure_ = std::current_exception();
            }
            answer(state);
        };
        if (taken == Taken::always)
            pool.post(job);
        else if (!pool.try_post(job))
            answer(state);
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(std::exception_ptr, Value)>(start, asio::use_awaitable);
}

}  // namespace otabahn::http
