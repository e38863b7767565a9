// SPDX-License-Identifier: Apache-2.0
#include "http/http_server.hpp"

#include "http/connection.hpp"
#include "http/door.hpp"
#include "runtime/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace otabahn::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds pause_after_failed_accept{100};

}  // namespace

class HttpServer::Impl {
  public:
    Impl(HttpOptions options, runtime::BlockingPool& pool, FindKey find_key, const awsapi::Operations& operations,
         const runtime::Clock& clock, std::shared_ptr<prometheus::Registry> metrics, std::function<std::string()> well_known)
        : door_{std::move(options),    pool, std::move(find_key), operations, clock, HttpMetrics(std::move(metrics)),
                std::move(well_known), 0} {}

    Result<BoundEndpoints> start();
    void stop();

  private:
    // A thread and the connections that live on it; nobody else touches them.
    struct Loop {
        asio::io_context context{1};
        asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
        std::unordered_map<Connection*, std::unique_ptr<Connection>> connections;
        std::thread thread;
    };
    struct Listener {
        tcp::acceptor acceptor;
        std::optional<tls::Entrance> entrance;  // none: plain
        Audience audience;
    };

    Result<Address> listen(const Address& address, std::string_view setting, std::optional<tls::Entrance> entrance, Audience audience);
    asio::awaitable<void> accept(Listener& listener);
    void open(Loop& loop, tcp::socket socket, Listener& listener);
    void begin_task();
    void end_task(std::exception_ptr failure);
    bool wait_for_tasks(std::optional<std::chrono::milliseconds> limit);
    void tell_connections(void (Connection::*what)());

    Door door_;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::size_t next_loop_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::size_t> open_connections_ = 0;

    std::mutex mutex_;
    std::condition_variable task_ended_;
    std::size_t tasks_ = 0;
};

Result<Address> HttpServer::Impl::listen(const Address& address, std::string_view setting, std::optional<tls::Entrance> entrance,
                                         Audience audience) {
    asio::io_context& context = loops_.front()->context;
    const auto wrong = [&](const error_code& error) {
        return fail(ErrorCode::unavailable, "Could not listen on " + address.text() + ": " + error.message() +
                                                ". Another program may hold the port: give " + std::string(setting) +
                                                " another one (port 0 takes a free one).");
    };
    error_code error;
    const auto found = tcp::resolver(context).resolve(address.host, std::to_string(address.port),
                                                      tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error) return wrong(error);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    auto listener = std::make_unique<Listener>(Listener{tcp::acceptor(context), entrance, audience});
    tcp::acceptor& acceptor = listener->acceptor;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return wrong(error);
    const tcp::endpoint bound = acceptor.local_endpoint(error);
    if (error) return wrong(error);
    listeners_.push_back(std::move(listener));
    return Address{address.host, bound.port()};
}

Result<BoundEndpoints> HttpServer::Impl::start() {
    const HttpOptions& options = door_.options;
    for (std::size_t i = 0; i < std::max<std::size_t>(options.threads, 1); ++i) loops_.push_back(std::make_unique<Loop>());
    BoundEndpoints bound;
    auto http = listen(options.http, "--http", std::nullopt, Audience::everyone);
    if (!http) return Unexpected(std::move(http).error());
    bound.http = *http;
    if (options.https) {
        auto https = listen(*options.https, "--https", tls::Entrance::https, Audience::everyone);
        if (!https) return Unexpected(std::move(https).error());
        bound.https = *https;
    }
    if (options.device_https) {
        auto https = listen(*options.device_https, "--device-https", tls::Entrance::device_https, Audience::devices);
        if (!https) return Unexpected(std::move(https).error());
        bound.device_https = *https;
    }
    for (const auto& listener : listeners_) {
        begin_task();
        asio::co_spawn(loops_.front()->context, accept(*listener), [this](std::exception_ptr failure) { end_task(failure); });
    }
    for (const auto& loop : loops_) loop->thread = std::thread([context = &loop->context] { context->run(); });
    return bound;
}

asio::awaitable<void> HttpServer::Impl::accept(Listener& listener) {
    while (!stopping_) {
        Loop& loop = *loops_[next_loop_++ % loops_.size()];
        auto [error, socket] = co_await listener.acceptor.async_accept(loop.context, asio::as_tuple(asio::use_awaitable));
        if (stopping_) break;
        if (error) {
            // Out of descriptors, mostly: those that are open will end, and then there is room again.
            spdlog::warn("accept failed why=\"{}\"", error.message());
            asio::steady_timer pause(listener.acceptor.get_executor(), pause_after_failed_accept);
            co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        if (open_connections_ >= door_.options.most_connections) {
            spdlog::warn("connection refused open={} limit={}", open_connections_.load(), door_.options.most_connections);
            continue;
        }
        asio::post(loop.context, [this, &loop, &listener, taken = std::move(socket)]() mutable { open(loop, std::move(taken), listener); });
    }
}

void HttpServer::Impl::open(Loop& loop, tcp::socket socket, Listener& listener) {
    if (stopping_) return;
    std::optional<tls::Context> context;
    if (listener.entrance) context = door_.options.tls->context(*listener.entrance);
    auto made = std::make_unique<Connection>(door_, std::move(socket), context, listener.audience);
    Connection* const connection = made.get();
    loop.connections.emplace(connection, std::move(made));
    ++open_connections_;
    door_.metrics.count_connection(1);
    begin_task();
    asio::co_spawn(loop.context, connection->run(), [this, &loop, connection](std::exception_ptr failure) {
        // The coroutine's frame is still being left; the object goes a step later.
        asio::post(loop.context, [this, &loop, connection, failure] {
            loop.connections.erase(connection);
            --open_connections_;
            door_.metrics.count_connection(-1);
            end_task(failure);
        });
    });
}

void HttpServer::Impl::begin_task() {
    const std::lock_guard lock(mutex_);
    ++tasks_;
}

void HttpServer::Impl::end_task(std::exception_ptr failure) {
    if (failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& bug) {
            spdlog::error("connection failed what=\"{}\"", bug.what());
        }
    }
    const std::lock_guard lock(mutex_);
    --tasks_;
    task_ended_.notify_all();
}

bool HttpServer::Impl::wait_for_tasks(std::optional<std::chrono::milliseconds> limit) {
    std::unique_lock lock(mutex_);
    const auto none_left = [this] { return tasks_ == 0; };
    if (limit) return task_ended_.wait_for(lock, *limit, none_left);
    task_ended_.wait(lock, none_left);
    return true;
}

void HttpServer::Impl::tell_connections(void (Connection::*what)()) {
    for (const auto& loop : loops_)
        asio::post(loop->context, [target = loop.get(), what] {
            for (const auto& [connection, owner] : target->connections) (connection->*what)();
        });
}

void HttpServer::Impl::stop() {
    if (stopping_.exchange(true)) return;
    if (loops_.empty() || !loops_.front()->thread.joinable()) return;
    asio::post(loops_.front()->context, [this] {
        error_code ignored;  // closing ends the accept, which is all that is wanted
        for (const auto& listener : listeners_) listener->acceptor.close(ignored);
    });
    tell_connections(&Connection::finish_and_stop);
    if (!wait_for_tasks(door_.options.stop_timeout)) {
        spdlog::warn("requests broken off after={}ms", door_.options.stop_timeout.count());
        tell_connections(&Connection::break_off);
        // What is left waits for the pool, whose work always ends.
        wait_for_tasks(std::nullopt);
    }
    for (const auto& loop : loops_) loop->work.reset();
    for (const auto& loop : loops_) loop->thread.join();
}

HttpServer::HttpServer(HttpOptions options, runtime::BlockingPool& pool, FindKey find_key, const awsapi::Operations& operations,
                       const runtime::Clock& clock, std::shared_ptr<prometheus::Registry> metrics, std::function<std::string()> well_known)
    : impl_(std::make_unique<Impl>(std::move(options), pool, std::move(find_key), operations, clock, std::move(metrics),
                                   std::move(well_known))) {}

HttpServer::~HttpServer() { stop(); }

Result<BoundEndpoints> HttpServer::start() { return impl_->start(); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace otabahn::http
