// SPDX-License-Identifier: Apache-2.0
#include "gateway/loop.hpp"

#include "encoding/base64_string.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace otabahn::gateway {
namespace {

constexpr std::size_t renewals_at_once = 8;
constexpr std::size_t admissions_at_once = 8;
constexpr std::chrono::milliseconds retry_after{10};
constexpr std::uint64_t retained_swept_every = 10;  // seconds

constexpr std::size_t usual_parcels = 32;
constexpr std::size_t spent_at_most = 4096;

thread_local Loop* own_loop = nullptr;  // whose thread this is

// Held by whatever still has a message to deliver or to store; the last one to let go lets the PUBACK out.
class LoopTicket final : public PublishTicket {
  public:
    LoopTicket(Loop& loop, std::uint64_t connection, std::uint16_t packet_id)
        : loop_(loop), connection_(connection), packet_id_(packet_id) {}
    ~LoopTicket() override { loop_.ticket_done(connection_, packet_id_, outcome_.load()); }
    void fail(PublishOutcome outcome) override { outcome_.store(outcome); }

  private:
    Loop& loop_;
    std::uint64_t connection_;
    std::uint16_t packet_id_;
    std::atomic<PublishOutcome> outcome_{PublishOutcome::stored};
};

std::size_t size_of(const ServiceCall& waiting) { return sizeof(ServiceCall) + waiting.call.topic.size() + waiting.call.payload.size(); }

// What a blocking call throws is a bug or a lost database; its caller waits for an answer all the same.
template <class F>
auto answer_of(F call) -> decltype(call()) {
    try {
        return call();
    } catch (const std::exception& failure) {
        spdlog::error("a blocking call failed what=\"{}\"", failure.what());
        return fail(ErrorCode::unavailable, std::string("The gateway could not ask the store: ") + failure.what());
    }
}

}  // namespace

Loop::Loop(std::size_t number, Shared& shared, Loops& loops)
    : number_(number),
      shared_(shared),
      broker_(number, loops, shared.directory, shared.shares, shared.store, shared.retained, shared.settings,
              [this](std::uint64_t id) { return find_connection(id); }),
      streams_(shared.extended_quotas),
      now_(shared.parts.clock.now()) {}

Loop::~Loop() = default;

void Loop::run() {
    arm_tick();
    thread_ = std::thread([this] {
        own_loop = this;
        io_->context.run();
    });
}

void Loop::join() {
    post([](Loop& loop) {
        loop.io_->tick_timer.cancel();
        loop.io_->retry_timer.cancel();
        loop.io_->work.reset();
        loop.io_->context.stop();
    });
    if (thread_.joinable()) thread_.join();
}

void Loop::close_links() {
    closed_ = true;
    newcomers_.clear();
    links_.clear();
    dirty_.clear();
}

void Loop::post(std::function<void(Loop&)> work) {
    if (closed_) return;
    Loop* from = own_loop;
    if (from != nullptr && from != this && &from->shared_ == &shared_)
        return from->leave_parcel(*this, {nullptr, nullptr, std::move(work)});
    boost::asio::post(io_->context, [this, work = std::move(work)]() mutable {
        const Turn turn(*this);
        work(*this);
        work = nullptr;  // what it held may have something to say as well
    });
}

void Loop::pass(const MessagePtr& message, const TicketPtr& ticket) {
    if (closed_) return;
    Loop* from = own_loop;
    if (from != nullptr && from != this && &from->shared_ == &shared_) return from->leave_parcel(*this, {message, ticket, nullptr});
    post([message, ticket](Loop& owner) { owner.broker_.deliver(message, ticket); });
}

void Loop::leave_parcel(Loop& to, Parcel parcel) {
    if (outboxes_.size() <= to.number_) outboxes_.resize(to.number_ + 1);
    auto& outbox = outboxes_[to.number_];
    if (outbox.empty()) {
        written_to_.push_back(&to);
        outbox.reserve(usual_parcels);
    }
    outbox.push_back(std::move(parcel));
    expect_end_of_round();
}

void Loop::send_outboxes() {
    for (Loop* to : written_to_) {
        auto outbox = std::exchange(outboxes_[to->number_], {});
        if (to->closed_) continue;
        boost::asio::post(to->io_->context, [this, to, parcels = std::move(outbox)]() mutable { to->open_parcels(parcels, *this); });
    }
    written_to_.clear();
}

void Loop::open_parcels(std::vector<Parcel>& parcels, Loop& from) {
    const Turn turn(*this);
    std::vector<MessagePtr> spent;
    spent.reserve(parcels.size());
    for (auto& parcel : parcels) {
        if (parcel.message) {
            broker_.deliver(parcel.message, parcel.ticket);
            if (parcel.message.use_count() == 1) spent.push_back(std::move(parcel.message));
            // Home, where letting go of it is the answer.
            if (parcel.ticket) leave_parcel(from, {nullptr, std::move(parcel.ticket), nullptr});
        } else if (parcel.work) {
            parcel.work(*this);
        }
        parcel = {};  // what it held may have something to say as well
    }
    if (!spent.empty()) from.give_back(spent);
}

void Loop::give_back(std::vector<MessagePtr>& messages) {
    const std::lock_guard lock(spent_mutex_);
    if (closed_ || spent_.size() > spent_at_most) return;
    spent_.insert(spent_.end(), std::move_iterator(messages.begin()), std::move_iterator(messages.end()));
    any_spent_.store(true, std::memory_order_relaxed);
}

void Loop::begin_turn() {
    if (depth_++ != 0) return;
    now_ = shared_.parts.clock.now();
}

// What came of the turns is written once the other events that were ready have had theirs: a session that many write to gets one
// record of it, another loop one post.
void Loop::end_turn() {
    --depth_;
    expect_end_of_round();
}

void Loop::expect_end_of_round() {
    if (depth_ != 0 || round_ending_ || (dirty_.empty() && acknowledgements_.empty() && written_to_.empty())) return;
    round_ending_ = true;
    boost::asio::post(io_->context, [this] {
        round_ending_ = false;
        const Turn turn(*this);
        end_round();
    });
}

void Loop::end_round() {
    // Settling may wake others and complete further acknowledgements; it ends because each needs new input.
    while (!dirty_.empty() || !acknowledgements_.empty()) {
        acknowledging_.swap(acknowledgements_);
        for (const auto& done : acknowledging_)
            if (auto* connection = find_connection(done.connection)) connection->published(done.packet_id, done.outcome);
        acknowledging_.clear();
        settling_.swap(dirty_);
        for (auto& link : settling_) {
            link->dirty = false;
            link->settle();
        }
        settling_.clear();
    }
    send_outboxes();
    if (!any_spent_.load(std::memory_order_relaxed)) return;
    const std::lock_guard lock(spent_mutex_);
    spent_.clear();
    any_spent_.store(false, std::memory_order_relaxed);
}

void Loop::wake(Connection& connection) {
    if (connection.peer().link != nullptr) wake_link(*connection.peer().link);
}

void Loop::wake_link(Link& link) {
    if (link.dirty) return;
    link.dirty = true;
    dirty_.push_back(link.shared_from_this());
}

Link* Loop::find(std::uint64_t id) {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : found->second.get();
}

Connection* Loop::find_connection(std::uint64_t id) {
    auto* link = find(id);
    return link == nullptr ? nullptr : link->connection();
}

void Loop::deal(boost::asio::ip::tcp::socket socket, bool crowded) {
    link_count_.fetch_add(1, std::memory_order_relaxed);
    handshake_count_.fetch_add(1, std::memory_order_relaxed);
    auto held = std::make_shared<boost::asio::ip::tcp::socket>(std::move(socket));  // std::function wants what it holds copyable
    post([held, crowded](Loop& owner) {
        owner.newcomers_.push_back({std::move(*held), crowded});
        if (owner.newcomers_.size() == 1) owner.post([](Loop& loop) { loop.admit_some(); });
    });
}

void Loop::admit_some() {
    for (std::size_t count = 0; count < admissions_at_once && !newcomers_.empty(); ++count) {
        Newcomer next = std::move(newcomers_.front());
        newcomers_.pop_front();
        adopt(std::move(next.socket), next.crowded);
    }
    if (!newcomers_.empty()) post([](Loop& loop) { loop.admit_some(); });
}

void Loop::deal(Arrival arrival) {
    link_count_.fetch_add(1, std::memory_order_relaxed);
    auto held = std::make_shared<Arrival>(std::move(arrival));  // likewise
    post([held](Loop& owner) { owner.adopt(std::move(*held)); });
}

void Loop::adopt(boost::asio::ip::tcp::socket socket, bool crowded) {
    if (stopping_ || (crowded && !end_silent_handshake())) {
        handshake_over();
        link_count_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    const auto done = [this](std::uint64_t other) {
        const auto* found = find(other);
        return found == nullptr || !found->in_handshake();
    };
    while (!handshaking_.empty() && done(handshaking_.front())) handshaking_.pop_front();
    handshaking_.push_back(last_link_ + 1);
    keep(std::make_shared<Link>(*this, ++last_link_, std::move(socket),
                                shared_.parts.tls.context(tls::Entrance::mqtt)));  // shared with the waits of its socket
}

void Loop::adopt(Arrival arrival) {
    if (stopping_) {
        link_count_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    boost::asio::ip::tcp::socket socket(io_->context);
    boost::system::error_code error;
    // Which of the two protocols it is makes no difference to what is done with it.
    socket.assign(boost::asio::ip::tcp::v4(), arrival.connected.socket.number(), error);
    if (error) {
        spdlog::error("a connection was not taken over from its door via={} what=\"{}\"", to_string(arrival.via), error.message());
        link_count_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    arrival.connected.socket.release();
    keep(std::make_shared<Link>(*this, ++last_link_, std::move(socket), std::move(arrival)));  // likewise
}

void Loop::keep(std::shared_ptr<Link> link) {
    ++tally_.accepted;
    links_.emplace(link->id(), link);
    link->start();
    schedule(*link);
}

// The oldest one, unless the wait is our own: somebody who has answered is not let go for somebody who comes.
bool Loop::end_silent_handshake() {
    for (; !handshaking_.empty(); handshaking_.pop_front()) {
        auto* link = find(handshaking_.front());
        if (link == nullptr || !link->in_handshake()) continue;
        if (!link->is_silent(now_ - shared_.silent_handshake)) return false;
        handshaking_.pop_front();
        link->abort();
        return true;
    }
    return false;
}

void Loop::remove(Link& link) {
    if (links_.erase(link.id()) != 0) link_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Loop::schedule(Link& link) {
    const auto due = link.deadline();
    if (!due) return;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*due - now_).count();
    const auto ahead = static_cast<std::uint64_t>(std::clamp<std::int64_t>(seconds, 1, wheel_slots - 1));
    if (link.scheduled_tick > tick_ && link.scheduled_tick <= tick_ + ahead) return;
    link.scheduled_tick = tick_ + ahead;
    wheel_[link.scheduled_tick % wheel_slots].push_back(link.id());
}

void Loop::arm_tick() {
    io_->tick_timer.expires_after(std::chrono::seconds(1));
    io_->tick_timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        tick();
        arm_tick();
    });
}

void Loop::tick() {
    const Turn turn(*this);
    ++tick_;
    auto due = std::exchange(wheel_[tick_ % wheel_slots], {});
    for (const std::uint64_t id : due) {
        auto* link = find(id);
        if (link == nullptr || link->scheduled_tick != tick_) continue;
        link->check(now_);
        if (auto* still = find(id)) schedule(*still);
    }
    broker_.expire(now_);
    streams_.expire(now_);
    renew_stale();
    const auto open = static_cast<std::int64_t>(links_.size());
    shared_.metrics.connections(open - reported_links_);
    reported_links_ = open;
    shared_.metrics.add(tally_, last_tally_);
    if (number_ == 0) shared_.metrics.set_waiting_operations(shared_.queue.waiting());
    if (number_ == 0 && tick_ % retained_swept_every == 0) shared_.retained.sweep(now_);
}

void Loop::run_blocking(Job job) {
    if (deferred_.empty()) return post_job(std::move(job));
    deferred_.push_back(std::move(job));
}

void Loop::post_job(Job job) {
    shared_.jobs.begin();
    const bool taken = shared_.parts.pool.try_post([this, job] {
        auto done = job();
        post(std::move(done));
        shared_.jobs.end();
    });
    if (taken) return;
    shared_.jobs.end();
    deferred_.push_front(std::move(job));
    if (retrying_) return;
    retrying_ = true;
    io_->retry_timer.expires_after(retry_after);
    io_->retry_timer.async_wait([this](const boost::system::error_code& error) {
        retrying_ = false;
        if (!error) retry_deferred();
    });
}

void Loop::retry_deferred() {
    while (!deferred_.empty() && !retrying_) {
        Job job = std::move(deferred_.front());
        deferred_.pop_front();
        post_job(std::move(job));
    }
}

std::string Loop::random_client_id() { return "auto-" + encoding::to_hex(runtime::random_bytes(16)); }

void Loop::load_admission(Connection& connection, const std::string& client_id) {
    run_blocking([id = connection.peer().id, load = admission_loader(connection, client_id)]() -> std::function<void(Loop&)> {
        return [id, admission = answer_of(load)](Loop& loop) {
            if (auto* waiting = loop.find_connection(id)) waiting->admitted(admission);
        };
    });
}

// To be called on the pool.
std::function<Result<AdmissionPtr>()> Loop::admission_loader(const Connection& connection, const std::string& client_id) const {
    const Peer& peer = connection.peer();
    if (peer.caller)
        return [&identities = shared_.parts.identities, caller = peer.caller] { return gateway::load_admission(identities, *caller); };
    return [&shared = shared_, certificate = peer.certificate_id, region = peer.region, client_id] {
        return gateway::load_admission(shared.parts.identities, shared.documents, CertificateId::trusted(certificate), region, client_id);
    };
}

void Loop::mark_stale(Link& link) {
    if (link.stale) return;
    link.stale = true;
    stale_.push_back(link.id());
}

void Loop::renew_stale() {
    while (!stale_.empty() && renewals_ < renewals_at_once) {
        const std::uint64_t id = stale_.front();
        stale_.pop_front();
        auto* link = find(id);
        if (link == nullptr || link->connection() == nullptr) continue;
        if (link->renewing || link->connection()->gate() == nullptr) {
            stale_.push_back(id);
            return;  // the answer on its way may be older than the change; asked again once it is here
        }
        renew(*link);
    }
}

void Loop::renew(Link& link) {
    link.stale = false;
    link.renewing = true;
    ++renewals_;
    const auto& connection = *link.connection();
    run_blocking([id = link.id(), load = admission_loader(connection, connection.client_id())]() -> std::function<void(Loop&)> {
        return [id, admission = answer_of(load)](Loop& loop) {
            --loop.renewals_;
            if (auto* renewed = loop.find(id)) {
                renewed->renewing = false;
                renewed->connection()->admission_renewed(admission);
            }
            loop.renew_stale();
        };
    });
}

void Loop::on_change(const runtime::Change& change) {
    using runtime::ChangeKind;
    streams_.retire(change);
    for (auto& [id, link] : links_) {
        auto* connection = link->connection();
        if (connection == nullptr || connection->ended() || connection->client_id().empty()) continue;
        const auto* gate = connection->gate();
        // While it is still being admitted nothing is known of it: it is asked anew once it is in.
        const bool admitting = gate == nullptr;
        const auto* admission = admitting ? nullptr : gate->admission().get();
        bool concerned = admitting;
        switch (change.kind) {
            case ChangeKind::certificate:
                concerned = connection->peer().certificate_id == change.key;
                break;
            case ChangeKind::policy:
                concerned = concerned || std::any_of(admission->policies.begin(), admission->policies.end(),
                                                     [&](const auto& policy) { return policy.name == change.key; });
                break;
            case ChangeKind::attachment:
                // A group's name may be that of any thing's group, so whoever is a thing is asked again.
                concerned = concerned || connection->peer().certificate_id == change.key || (admission->thing && change.key.size() != 64);
                break;
            case ChangeKind::thing:
                concerned = connection->client_id() == change.key;
                break;
            case ChangeKind::role:
                concerned = connection->peer().caller != nullptr;
                break;
            case ChangeKind::stream:
            case ChangeKind::object:
                concerned = false;
                break;
        }
        // Roles are the account's, in every region.
        if (concerned && !admitting && change.kind != ChangeKind::role) concerned = admission->scope == change.scope;
        if (concerned) mark_stale(*link);
    }
    renew_stale();
}

TicketPtr Loop::make_ticket(Connection& connection, std::uint16_t packet_id) {
    return std::make_shared<LoopTicket>(*this, connection.peer().id, packet_id);
}

void Loop::ticket_done(std::uint64_t connection, std::uint16_t packet_id, PublishOutcome outcome) {
    if (closed_) return;
    const Acknowledgement done{connection, packet_id, outcome};
    if (own_loop == this) {
        acknowledgements_.push_back(done);
        expect_end_of_round();
    } else {
        post([done](Loop& loop) { loop.acknowledgements_.push_back(done); });
    }
}

void Loop::publish_for_service(const Scope& scope, runtime::Publication publication) {
    shared_.parts.bus.publish(scope, std::move(publication));
}

void Loop::call(Connection& connection, runtime::TopicService& service, runtime::TopicCall call) {
    start_call(connection.peer().id, {&service, std::move(call)});
}

void Loop::start_call(std::uint64_t id, ServiceCall next) {
    run_blocking([id, next = std::move(next)]() -> std::function<void(Loop&)> {
        const auto& call = next.call;
        try {
            return [id, scope = call.scope, replies = next.service->call(call)](Loop& loop) { loop.call_done(id, scope, replies); };
        } catch (const std::exception& failure) {
            spdlog::error("a service failed topic=\"{}\" client={} what=\"{}\"", call.topic, call.client_id, failure.what());
            return [id](Loop& loop) {
                auto* waiting = loop.find_connection(id);
                if (waiting != nullptr && !waiting->ended()) return waiting->service_failed();
                loop.start_abandoned(id);
            };
        }
    });
}

void Loop::call_done(std::uint64_t id, const Scope& scope, const runtime::TopicReplies& replies) {
    auto* waiting = find_connection(id);
    if (waiting != nullptr && !waiting->ended()) return waiting->answered(replies);
    for (const auto& publication : replies.then) publish_for_service(scope, publication);
    start_abandoned(id);
}

void Loop::finish_calls_of(Connection& connection, std::deque<ServiceCall> calls) {
    std::size_t size = 0;
    for (const auto& waiting : calls) size += size_of(waiting);
    if (abandoned_size_ + size > abandoned_bytes) {
        spdlog::warn("requests of a connection that has ended are dropped: too many such wait client={} requests={}",
                     connection.client_id(), calls.size());
        return;
    }
    abandoned_size_ += size;
    abandoned_.insert_or_assign(connection.peer().id, std::move(calls));
}

void Loop::start_abandoned(std::uint64_t id) {
    const auto found = abandoned_.find(id);
    if (found == abandoned_.end()) return;
    auto next = std::move(found->second.front());
    abandoned_size_ -= size_of(next);
    found->second.pop_front();
    if (found->second.empty()) abandoned_.erase(found);
    start_call(id, std::move(next));
}

bool Loop::answer_stream(Connection& connection, const streams::BlockRequest& request, streams::BlockSink& sink) {
    if (streams_.answer(request, sink)) return true;
    auto stream = streams::StreamBlocks::stream_of(request.topic);
    if (!stream) {
        spdlog::error("a stream topic names no stream topic=\"{}\"", request.topic);
        return true;
    }
    const StreamKey key{request.scope, *stream};
    auto& waiting = warming_[key];
    waiting.push_back(connection.peer().id);
    if (waiting.size() > 1) return false;
    run_blocking([&shared = shared_, key]() -> std::function<void(Loop&)> {
        auto loaded = answer_of([&] { return shared.parts.streams.load(key.first, key.second); });
        return [key, loaded = std::move(loaded)](Loop& loop) {
            loop.streams_.warm(key.first, key.second, loaded, loop.now_);
            const auto found = loop.warming_.find(key);
            const auto ids = std::move(found->second);
            loop.warming_.erase(found);
            for (const std::uint64_t id : ids)
                if (auto* asked = loop.find_connection(id)) asked->resume();
        };
    });
    return false;
}

void Loop::say_goodbye() {
    stopping_ = true;
    std::vector<std::shared_ptr<Link>> all;
    for (const auto& [id, link] : links_) all.push_back(link);
    for (const auto& link : all) link->stop();
}

void Loop::abort_all() {
    std::vector<std::shared_ptr<Link>> all;
    for (const auto& [id, link] : links_) all.push_back(link);
    for (const auto& link : all) link->abort();
}

}  // namespace otabahn::gateway
