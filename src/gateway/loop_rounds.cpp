// SPDX-License-Identifier: Apache-2.0
// How a loop's work is gathered: turns and rounds, what loops leave for each other, acknowledgements.
#include "gateway/loop.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace otabahn::gateway {
namespace {

constexpr std::size_t usual_parcels = 32;
constexpr std::size_t spent_at_most = 4096;

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

}  // namespace

Loop* Loop::sibling() const { return running_ != nullptr && running_ != this && &running_->shared_ == &shared_ ? running_ : nullptr; }

void Loop::post(std::function<void(Loop&)> work) {
    if (closed_) return;
    if (Loop* from = sibling()) return from->leave_parcel(*this, {nullptr, nullptr, std::move(work)});
    boost::asio::post(io_->context, [this, work = std::move(work)]() mutable {
        const Turn turn(*this);
        work(*this);
        work = nullptr;  // what it held may have something to say as well
    });
}

void Loop::pass(const MessagePtr& message, const TicketPtr& ticket) {
    if (closed_) return;
    if (Loop* from = sibling()) return from->leave_parcel(*this, {message, ticket, nullptr});
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

TicketPtr Loop::make_ticket(Connection& connection, std::uint16_t packet_id) {
    return std::make_shared<LoopTicket>(*this, connection.peer().id, packet_id);
}

void Loop::ticket_done(std::uint64_t connection, std::uint16_t packet_id, PublishOutcome outcome) {
    if (closed_) return;
    const Acknowledgement done{connection, packet_id, outcome};
    if (running_ == this) {
        acknowledgements_.push_back(done);
        expect_end_of_round();
    } else {
        post([done](Loop& loop) { loop.acknowledgements_.push_back(done); });
    }
}

}  // namespace otabahn::gateway
