// SPDX-License-Identifier: Apache-2.0
// What is asked of the Jobs service, and what it is told.
#include "device/core/update.hpp"

namespace otabahn::device {

namespace {
constexpr Millis first_retry{10'000};
constexpr Millis longest_retry{5 * 60'000};
constexpr Millis done_again{30'000};

Millis doubled(Millis after) {
    if (after == Millis{0}) return first_retry;
    return after * 2 < longest_retry ? after * 2 : longest_retry;
}

std::string_view status_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::none:
            return "IN_PROGRESS";
        case Outcome::succeeded:
            return "SUCCEEDED";
        case Outcome::failed:
            return "FAILED";
        case Outcome::rejected:
            return "REJECTED";
    }
    return "FAILED";
}
}  // namespace

bool Update::just_done() const { return !last_done_.id.empty() && offered_.job == last_done_ && was_queued_at(last_done_queued_at_); }
void Update::remember_done() {
    last_done_ = job_;
    last_done_queued_at_ = job_queued_at_;
}
bool Update::report_was_bare() const { return bare_report_; }

void Update::go_online() {
    retry_after_ = Millis{0};
    for (std::string_view suffix : job_subscriptions) {
        const std::string_view topic = keep_out(job_topic(settings_.thing, {}, suffix, arena()));
        if (topic.empty()) return;
        if (Action* action = add(ActionKind::subscribe)) action->topic = topic;
    }
    if (state_ == State::idle || state_ == State::verifying) ask_next();
    if (state_ == State::on_trial) report_progress(Reason::on_trial, 1);
}

void Update::go_offline() { retry_at_ = Millis::max(); }

void Update::ask_next() {
    if (!connected_) return;
    retry_after_ = doubled(retry_after_);
    retry_at_ = now_ + retry_after_;
    publish_job("$next", "get", R"({"clientToken":"g"})", 1);
}

void Update::ask_again_later() {
    if (retry_after_ == Millis{0}) retry_after_ = first_retry;
    retry_after_ = retry_after_ < done_again ? done_again : doubled(retry_after_);
    retry_at_ = now_ + retry_after_;
}

// What was to follow the write was dropped; it is taken up again with the next answer.
void Update::say_unwritten() {
    note("the disk could not be written: ", detail_.view());
    ask_again_later();
}

void Update::tick_idle() {
    if (connected_ && now_ >= retry_at_) ask_next();
}

void Update::report_progress(Reason reason, std::uint8_t qos) {
    reported_at_ = now_;
    reported_percent_ = percent();
    if (!connected_) return;
    const SlotImage& running = record_.slots[slot_to_run()];
    Message message;
    if (reason == Reason::downloading)
        message.append(std::uint64_t{transfer_.blocks_here()})
            .append(" of ")
            .append(std::uint64_t{transfer_.blocks()})
            .append(" blocks of ")
            .append(order_.called());
    else if (reason == Reason::verifying)
        message.append("reading back ").append(order_.called());
    else
        message.append(record_.slots[record_.target()].version.view()).append(" runs its self-test");
    const std::string_view payload = keep_out(write_report({"IN_PROGRESS", reason, message.view(), running.version.view(),
                                                            running.version_signed, reported_percent_, job_.execution, 'p', false},
                                                           arena()));
    publish_job(job_.id.view(), "update", payload, qos);
}

void Update::decide(Outcome outcome, Reason reason, std::string_view message) {
    record_.outcome = outcome;
    record_.reason = reason;
    record_.message.clear();
    record_.message.append(message);
    record_.job = job_;
    bare_report_ = false;
    retry_after_ = Millis{0};
    note("job ", job_.id.view(), ": ", status_of(outcome), ", ", word_of(reason), ": ", message);
    // A refusal need not outlive a start: the job would be read and refused again.
    if (outcome != Outcome::rejected) save();
    publish_outcome();
}

void Update::fail(Reason reason, std::string_view message) {
    drop_download();
    decide(Outcome::failed, reason, message);
}

void Update::fail_save() {
    Message message;
    message.append("The agent's state could not be written. ").append(detail_.view());
    if (state_ == State::rolling_back) return start_rolling_back(Reason::state_write, message.view());
    fail(Reason::state_write, message.view());
}

void Update::decide_refusal() {
    const Judgement judgement = judgement_;
    decide(job_in_progress_ ? Outcome::failed : Outcome::rejected, judgement.reason, judgement.message.view());
}

void Update::decide_already() {
    Message message;
    message.append(record_.slots[record_.active].version.view()).append(" with this very hash runs already.");
    decide(Outcome::succeeded, Reason::already_running, message.view());
}

void Update::publish_outcome() {
    if (!connected_ || boot_pending_) return;
    retry_after_ = doubled(retry_after_);
    retry_at_ = now_ + retry_after_;
    const SlotImage& running = record_.slots[record_.active];
    const std::string_view payload =
        keep_out(write_report({status_of(record_.outcome), record_.reason, record_.message.view(), running.version.view(),
                               running.version_signed, percent(), job_.execution, 'o', bare_report_},
                              arena()));
    publish_job(job_.id.view(), "update", payload, 1);
}

void Update::online_reporting() {
    go_online();
    publish_outcome();
}

void Update::tick_reporting() {
    if (connected_ && now_ >= retry_at_) publish_outcome();
}

void Update::carry_on_unsaved() {
    note("the outcome could not be stored; it is reported all the same");
    boot_pending_ = false;
    if (!running_)
        if (Action* action = add(ActionKind::restart)) action->slot = slot_to_run();
    publish_outcome();
}

void Update::report_bare() {
    bare_report_ = true;
    publish_outcome();
}

void Update::forget_outcome() {
    remember_done();
    // A download that still waits in its slot waited for another job than the one that has just ended.
    const bool waiting = download_waits_for_job();
    const bool stored = waiting || record_.outcome != Outcome::rejected;
    if (waiting) record_.job = JobRef();
    record_.outcome = Outcome::none;
    record_.reason = Reason::none;
    record_.message.clear();
    if (stored) save();
    retry_after_ = Millis{0};
    ask_next();
}

}  // namespace otabahn::device
