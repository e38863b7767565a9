// SPDX-License-Identifier: Apache-2.0
#include "device/install/supervised_program.hpp"

#include <algorithm>
#include <ctime>

namespace otabahn::device {

namespace {
constexpr Millis polite{5'000};
constexpr Millis first_patience{1'000}, longest_patience{60'000};
}  // namespace

Answer SupervisedProgram::activate(std::uint8_t) { return say(ActionKind::activate, true); }
Answer SupervisedProgram::confirm(std::uint8_t) { return say(ActionKind::confirm, true); }
Answer SupervisedProgram::roll_back(std::uint8_t) { return say(ActionKind::roll_back, true); }

Answer SupervisedProgram::restart(std::uint8_t slot) {
    patience_ = Millis{0};
    start_at_ = Millis::max();
    if (program_ && slot_ == slot && wanted_ && !stopping_ && !program_->ended()) return say(ActionKind::restart, true);
    slot_ = slot;
    wanted_ = true;
    if (!program_ || program_->ended()) return start();
    owes_answer_ = true;
    stopping_ = true;
    program_->terminate();
    kill_at_ = context_.clock.now() + polite;
    return std::nullopt;
}

bool SupervisedProgram::on_trial() const {
    const Record& record = context_.record();
    return (record.stage == Stage::on_trial || record.stage == Stage::confirming) && slot_ == record.target();
}

Answer SupervisedProgram::start() {
    program_.reset();
    owes_answer_ = stopping_ = false;
    kill_at_ = start_at_ = Millis::max();
    ProgramSpec spec = context_.spec(context_.settings.command, slot_);
    spec.with_descendants = true;
    auto started = KeptProgram::start(spec, context_.lock);
    if (!started) {
        // Whoever rolls back says what runs next.
        if (on_trial())
            wanted_ = false;
        else
            be_patient();
        return say(ActionKind::restart, false, started.error().message);
    }
    program_.emplace(std::move(started).value());
    started_ = context_.clock.now();
    context_.log.note("program started from slot " + std::string(1, SlotFiles::letter(slot_)) + ": " +
                      std::string(context_.image(slot_).version.view()));
    return say(ActionKind::restart, true);
}

void SupervisedProgram::be_patient() {
    if (program_ && context_.clock.now() - started_ > longest_patience) patience_ = Millis{0};
    patience_ = patience_ == Millis{0} ? first_patience : std::min(patience_ * 2, longest_patience);
    start_at_ = context_.clock.now() + patience_;
}

std::optional<std::string> SupervisedProgram::ended() {
    if (stopping_) return std::nullopt;
    if (!program_) return "It does not run.";
    if (!program_->ended()) return std::nullopt;
    std::string how = *program_->ended();
    if (program_->exit_status() == 0) how += "; it must stay in the foreground";
    program_.reset();
    wanted_ = false;  // whoever rolls back says what runs next
    return "It ended with " + how + ".";
}

Answer SupervisedProgram::poll() {
    if (stopping_ && program_) {
        if (program_->ended()) return owes_answer_ ? start() : Answer();
        if (context_.clock.now() >= kill_at_) {
            program_->kill();
            kill_at_ = Millis::max();
        }
        return std::nullopt;
    }
    if (!wanted_ || on_trial()) return std::nullopt;
    if (program_ && program_->ended()) {
        context_.log.note("program of slot " + std::string(1, SlotFiles::letter(slot_)) + " ended with " + *program_->ended() +
                          "; it is started again");
        be_patient();
        program_.reset();
    }
    if (!program_ && context_.clock.now() >= start_at_) {
        const Answer started = start();
        if (started && !started->good) context_.log.note(started->text);
    }
    return std::nullopt;
}

void SupervisedProgram::want(PollSet& set) const { set.wake(std::min(kill_at_, start_at_)); }

void SupervisedProgram::stop() {
    if (!program_ || program_->ended()) return;
    program_->terminate();
    for (const Millis until = context_.clock.now() + polite; !program_->ended() && context_.clock.now() < until;) {
        // The loop has ended; nobody else waits.
        timespec pause{0, 20'000'000};
        ::nanosleep(&pause, nullptr);
    }
    program_->kill();
    program_->wait();
}

}  // namespace otabahn::device
