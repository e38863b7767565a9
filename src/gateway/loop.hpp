// SPDX-License-Identifier: Apache-2.0
// One event loop on one thread, and everything that lives on it: links, sessions, open streams, counts. It is what its
// connections ask of their surroundings (connection_host.hpp). Other threads reach it by post() alone.
#pragma once

#include "gateway/broker.hpp"
#include "gateway/gateway.hpp"
#include "gateway/link.hpp"
#include "gateway/metrics.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace otabahn::gateway {

// Work on the pool that has not been answered yet: a gateway is not destroyed under it.
class JobCount {
  public:
    void begin() {
        const std::lock_guard lock(mutex_);
        ++count_;
    }
    void end() {
        const std::lock_guard lock(mutex_);
        if (--count_ == 0) none_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        none_.wait(lock, [this] { return count_ == 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable none_;
    int count_ = 0;
};

// What all loops of a gateway share; the gateway owns it.
struct Shared {
    Parts parts;
    ConnectionSettings settings;
    std::chrono::seconds handshake_deadline;
    std::chrono::milliseconds silent_handshake;
    bool extended_quotas;
    TopicTable topics;
    DocumentCache documents;
    SessionDirectory directory;
    ShareDirectory shares;
    StoreQueue queue;
    SessionStore store;
    RetainedStore retained;
    Metrics metrics;
    JobCount jobs;
};

class Loop final : public ConnectionHost {
  public:
    Loop(std::size_t number, Shared& shared, Loops& loops);
    ~Loop() override;

    void run();  // starts the thread
    void join();
    boost::asio::io_context& context() { return io_->context; }
    // Any thread. What turns of one loop have for another goes there in one piece when their round ends: what was read at once is
    // delivered at once, and written at once.
    void post(std::function<void(Loop&)> work);
    void pass(const MessagePtr& message, const TicketPtr& ticket);  // to be delivered here, in line with what is posted; any thread
    Broker& broker() { return broker_; }
    std::size_t handshakes() const { return handshake_count_.load(std::memory_order_relaxed); }  // any thread; of links(), not finished
    std::size_t links() const { return link_count_.load(std::memory_order_relaxed); }            // any thread

    // Any thread; counted at once. Where it is crowded, a handshake whose peer says nothing has to go for it, or it is not taken.
    void deal(boost::asio::ip::tcp::socket socket, bool crowded);
    void deal(Arrival arrival);  // any thread; counted at once

    // On the loop:
    void handshake_over() { handshake_count_.fetch_sub(1, std::memory_order_relaxed); }
    std::chrono::seconds handshake_deadline() const { return shared_.handshake_deadline; }
    void on_change(const runtime::Change& change);
    void say_goodbye();
    void abort_all();
    // After the threads have ended, for all loops before any is destroyed: what waits in one may name another.
    void close_links();
    void close_context() {
        outboxes_.clear();
        io_.reset();
    }
    void remove(Link& link);

    // A turn: everything that one event causes. After those of one round acknowledgements go out and woken links are settled.
    class Turn {
      public:
        explicit Turn(Loop& loop) : loop_(loop) { loop_.begin_turn(); }
        ~Turn() { loop_.end_turn(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        Loop& loop_;
    };

    std::span<std::uint8_t> scratch() { return scratch_; }
    void schedule(Link& link);
    void wake_link(Link& link);
    void ticket_done(std::uint64_t connection, std::uint16_t packet_id, PublishOutcome outcome);  // any thread

    // ConnectionHost
    Timestamp now() const override { return now_; }
    const ConnectionSettings& settings() const override { return shared_.settings; }
    const TopicTable& topics() const override { return shared_.topics; }
    BufferPool& buffers() override { return buffers_; }
    Tally& tally() override { return tally_; }
    std::string random_client_id() override;
    void load_admission(Connection& connection, const std::string& client_id) override;
    void open_session(Connection& connection, SessionRequest request) override { broker_.open(connection, std::move(request)); }
    void leave_session(Connection& connection, Session& session) override { broker_.leave(connection, session, now_); }
    void index(Subscription& subscription) override { broker_.index(subscription); }
    void unindex(Subscription& subscription) override { broker_.unindex(subscription); }
    ShareJoin join_share(Session& session, std::string_view filter) override { return broker_.join_share(session, filter); }
    void leave_share(Session& session, std::string_view filter) override { broker_.leave_share(session, filter); }
    void share_changed(Session& session) override { broker_.share_changed(session); }
    void store_subscriptions(Connection& connection, SubscriptionChange change, std::string answer) override {
        broker_.store_subscriptions(connection, std::move(change), std::move(answer));
    }
    void fetch_retained(Session& session, std::vector<RetainedWish> wishes) override {
        broker_.fetch_retained(session, std::move(wishes), now_);
    }
    TicketPtr make_ticket(Connection& connection, std::uint16_t packet_id) override;
    void publish(MessagePtr message, TicketPtr ticket) override { broker_.publish(message, ticket, now_); }
    void publish_for_service(const Scope& scope, runtime::Publication publication) override;
    void finish_calls_of(Connection& connection, std::deque<ServiceCall> calls) override;
    void call(Connection& connection, runtime::TopicService& service, runtime::TopicCall call) override;
    bool answer_stream(Connection& connection, const streams::BlockRequest& request, streams::BlockSink& sink) override;
    void wake(Connection& connection) override;

  private:
    struct Acknowledgement {
        std::uint64_t connection;
        std::uint16_t packet_id;
        PublishOutcome outcome;
    };
    // What one loop has for another: a message to deliver, a ticket that goes home, or work. Messages come by the thousand, so they
    // cost no allocation.
    struct Parcel {
        MessagePtr message;
        TicketPtr ticket;
        std::function<void(Loop&)> work;
    };
    using Job = std::function<std::function<void(Loop&)>()>;
    using StreamKey = std::pair<Scope, StreamId>;

    struct Newcomer {
        boost::asio::ip::tcp::socket socket;
        bool crowded;
    };

    inline static thread_local Loop* running_ = nullptr;  // whose thread this is

    Loop* sibling() const;  // another loop of this gateway, if we are on its thread
    void admit_some();
    void adopt(boost::asio::ip::tcp::socket socket, bool crowded);
    bool end_silent_handshake();
    void adopt(Arrival arrival);
    void keep(std::shared_ptr<Link> link);
    std::function<Result<AdmissionPtr>()> admission_loader(const Connection& connection, const std::string& client_id) const;
    void begin_turn();
    void end_turn();
    void expect_end_of_round();
    void end_round();
    void leave_parcel(Loop& to, Parcel parcel);
    void send_outboxes();
    void open_parcels(std::vector<Parcel>& parcels, Loop& from);
    void give_back(std::vector<MessagePtr>& messages);  // any thread
    void tick();
    void arm_tick();
    Link* find(std::uint64_t id);
    Connection* find_connection(std::uint64_t id);
    // `work` on the pool, then what it returned on this loop. A full pool is asked again shortly.
    void run_blocking(Job job);
    void retry_deferred();
    void post_job(Job job);
    void start_call(std::uint64_t id, ServiceCall next);
    void call_done(std::uint64_t id, const Scope& scope, const runtime::TopicReplies& replies);
    void start_abandoned(std::uint64_t id);
    void renew_stale();
    void mark_stale(Link& link);
    void renew(Link& link);

    std::size_t number_;
    Shared& shared_;
    Tally tally_;
    BufferPool buffers_;
    struct Io {
        boost::asio::io_context context{1};
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
        boost::asio::steady_timer tick_timer{context}, retry_timer{context};
    };
    std::unique_ptr<Io> io_ = std::make_unique<Io>();
    std::atomic<bool> closed_{false};
    Tally last_tally_;  // what Metrics has been told
    std::int64_t reported_links_ = 0;
    bool retrying_ = false;
    Broker broker_;
    streams::StreamBlocks streams_;
    std::map<StreamKey, std::vector<std::uint64_t>> warming_;  // who waits for which stream

    std::unordered_map<std::uint64_t, std::shared_ptr<Link>> links_;  // shared with the waits of their sockets
    std::atomic<std::size_t> link_count_{0}, handshake_count_{0};     // with those that are being dealt to it
    std::uint64_t last_link_ = 0;
    std::deque<Newcomer> newcomers_;         // a few at a time: a storm of handshakes must not hold up those who are here
    std::deque<std::uint64_t> handshaking_;  // oldest first; those at its front that are done are let go of as others come
    std::vector<std::shared_ptr<Link>> dirty_, settling_;
    std::vector<Acknowledgement> acknowledgements_, acknowledging_;
    int depth_ = 0;
    bool round_ending_ = false;
    std::vector<std::vector<Parcel>> outboxes_;  // by the number of the loop that it is for
    std::vector<Loop*> written_to_;              // whose is not empty
    // Messages of this loop that others are done with. Its own thread frees them: the allocator's caches are a thread's.
    std::mutex spent_mutex_;
    std::vector<MessagePtr> spent_;
    std::atomic<bool> any_spent_{false};
    Timestamp now_;

    static constexpr std::size_t wheel_slots = 256;
    std::array<std::vector<std::uint64_t>, wheel_slots> wheel_;
    std::uint64_t tick_ = 0;

    std::deque<Job> deferred_;
    std::unordered_map<std::uint64_t, std::deque<ServiceCall>> abandoned_;  // of connections that have ended
    std::size_t abandoned_size_ = 0;
    std::deque<std::uint64_t> stale_;
    std::size_t renewals_ = 0;
    std::array<std::uint8_t, 32768> scratch_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace otabahn::gateway
