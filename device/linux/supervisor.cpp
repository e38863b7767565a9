// SPDX-License-Identifier: Apache-2.0
#include "device/linux/supervisor.hpp"

#include "encoding/base64_string.hpp"

#include <algorithm>

namespace otabahn::device {

namespace {
constexpr Millis polite{5'000};
constexpr Millis first_patience{1'000}, longest_patience{60'000};
constexpr Millis hand_over_limit{30 * 60'000};
}  // namespace

ProgramSpec Supervisor::spec(const std::vector<std::string>& words, std::uint8_t slot) const {
    ProgramSpec out;
    const std::string image = slots_.image(slot).string();
    for (std::string word : words) {
        constexpr std::string_view place = "{image}";
        for (std::size_t at = 0; (at = word.find(place, at)) != std::string::npos; at += image.size())
            word.replace(at, place.size(), image);
        out.words.push_back(std::move(word));
    }
    const SlotImage& facts = image_of_(slot);
    out.environment = slots_.parameters(slot);
    out.environment.emplace_back("OTABAHN_IMAGE", image);
    out.environment.emplace_back("OTABAHN_VERSION", std::string(facts.version.view()));
    out.environment.emplace_back("OTABAHN_SHA256", encoding::to_hex(facts.sha256));
    out.environment.emplace_back("OTABAHN_SLOT", std::string(1, SlotFiles::letter(slot)));
    out.folder = config_.folder;
    return out;
}

Answer Supervisor::restart(std::uint8_t slot) {
    test_ = Test::none;
    if (handing_ == 0) command_.reset();
    patience_ = Millis{0};
    start_at_ = Millis::max();
    if (hands_over()) return hand_over(slot);
    if (program_ && slot_ == slot && wanted_ && !stopping_ && !program_->ended()) return Input::done(ActionKind::restart, true);
    slot_ = slot;
    wanted_ = true;
    if (!program_ || program_->ended()) return start();
    owes_restart_ = true;
    stopping_ = true;
    program_->terminate();
    kill_at_ = clock_.now() + polite;
    return std::nullopt;
}

Answer Supervisor::start() {
    program_.reset();
    owes_restart_ = stopping_ = false;
    kill_at_ = start_at_ = Millis::max();
    auto started = KeptProgram::start(spec(config_.command, slot_), lock_);
    if (!started) {
        text_ = started.error().message;
        program_ended();
        return Input::done(ActionKind::restart, false, text_);
    }
    program_.emplace(std::move(started).value());
    started_ = clock_.now();
    log_.note("program started from slot " + std::string(1, SlotFiles::letter(slot_)) + ": " +
              std::string(image_of_(slot_).version.view()));
    return Input::done(ActionKind::restart, true);
}

void Supervisor::program_ended() {
    if (program_ && clock_.now() - started_ > longest_patience) patience_ = Millis{0};
    patience_ = patience_ == Millis{0} ? first_patience : std::min(patience_ * 2, longest_patience);
    start_at_ = clock_.now() + patience_;
}

Answer Supervisor::self_test(std::uint8_t) {
    test_ = Test::waiting;
    test_at_ = clock_.now() + config_.self_test_seconds;
    return std::nullopt;
}

Answer Supervisor::fail_trial(Reason reason, std::string text) {
    test_ = Test::none;
    command_.reset();
    text_ = std::move(text);
    return Input::trial_failed(reason, text_);
}

Answer Supervisor::poll_self_test() {
    const Millis now = clock_.now();
    if (!hands_over() && program_ && program_->ended()) {
        std::string how = *program_->ended();
        if (program_->exit_status() == 0) how += "; it must stay in the foreground";
        program_.reset();
        wanted_ = false;  // whoever rolls back says what runs next
        return fail_trial(Reason::program_exited, "It ended with " + how + ".");
    }
    if (!hands_over() && !program_) return fail_trial(Reason::program_exited, "It does not run.");
    if (test_ == Test::waiting && now >= test_at_) {
        if (config_.self_test_command.empty()) {
            test_ = Test::none;
            return Input::done(ActionKind::self_test, true);
        }
        auto started = KeptProgram::start(spec(config_.self_test_command, slot_), -1);
        if (!started) return fail_trial(Reason::self_test, started.error().message);
        command_.emplace(std::move(started).value());
        command_until_ = now + config_.self_test_timeout_seconds;
        test_ = Test::command;
    }
    if (test_ != Test::command) return std::nullopt;
    if (const auto& ended = command_->ended()) {
        const std::string how = *ended;
        if (command_->exit_status() != 0) return fail_trial(Reason::self_test, "self_test_command ended with " + how + ".");
        command_.reset();
        test_ = Test::none;
        return Input::done(ActionKind::self_test, true);
    }
    if (now >= command_until_)
        return fail_trial(Reason::self_test,
                          "self_test_command did not end within " + std::to_string(config_.self_test_timeout_seconds.count()) + " s.");
    return std::nullopt;
}

// Another system runs the image: it is installed and activated there, once for each image.
Answer Supervisor::hand_over(std::uint8_t slot) {
    slot_ = slot;
    const auto handed = read_file(config_.state / "handed-over", 256);
    if (handed && *handed == encoding::to_hex(image_of_(slot).sha256)) return Input::done(ActionKind::restart, true);
    auto started = KeptProgram::start(spec(config_.install_command, slot), -1);
    if (!started) {
        text_ = started.error().message;
        return Input::done(ActionKind::restart, false, text_);
    }
    command_.emplace(std::move(started).value());
    command_until_ = clock_.now() + hand_over_limit;
    handing_ = 1;
    return std::nullopt;
}

Answer Supervisor::poll_hand_over() {
    const auto end = [&](bool good, std::string text) {
        handing_ = 0;
        command_.reset();
        text_ = std::move(text);
        return Input::done(ActionKind::restart, good, text_);
    };
    const char* name = handing_ == 1 ? "install_command" : "activate_command";
    if (clock_.now() >= command_until_) return end(false, std::string(name) + " did not end within 30 minutes.");
    const auto& ended = command_->ended();
    if (!ended) return std::nullopt;
    if (command_->exit_status() != 0) return end(false, std::string(name) + " ended with " + *ended + ".");
    if (handing_ == 2) {
        const auto kept = replace_file(config_.state / "handed-over", as_bytes(encoding::to_hex(image_of_(slot_).sha256)));
        return kept ? end(true, {}) : end(false, kept.error().message);
    }
    auto started = KeptProgram::start(spec(config_.activate_command, slot_), -1);
    if (!started) return end(false, started.error().message);
    command_.emplace(std::move(started).value());
    command_until_ = clock_.now() + hand_over_limit;
    handing_ = 2;
    return std::nullopt;
}

Answer Supervisor::poll() {
    if (handing_ != 0) return poll_hand_over();
    if (stopping_ && program_) {
        if (program_->ended()) return owes_restart_ ? start() : Answer();
        if (clock_.now() >= kill_at_) {
            program_->kill();
            kill_at_ = Millis::max();
        }
        return std::nullopt;
    }
    if (test_ != Test::none) return poll_self_test();
    if (!wanted_) return std::nullopt;
    if (program_ && program_->ended()) {
        log_.note("program of slot " + std::string(1, SlotFiles::letter(slot_)) + " ended with " + *program_->ended() +
                  "; it is started again");
        program_ended();
        program_.reset();
    }
    if (!program_ && clock_.now() >= start_at_) {
        const Answer started = start();
        if (started && !started->good) log_.note(text_);
    }
    return std::nullopt;
}

Millis Supervisor::wake_at() const {
    Millis wake = std::min(kill_at_, start_at_);
    if (test_ == Test::waiting) wake = std::min(wake, test_at_);
    if (command_) wake = std::min(wake, command_until_);
    return wake;
}

void Supervisor::stop() {
    command_.reset();
    if (!program_ || program_->ended()) return;
    program_->terminate();
    for (const Millis until = clock_.now() + polite; !program_->ended() && clock_.now() < until;) {
        // The loop has ended; nobody else waits.
        timespec pause{0, 20'000'000};
        ::nanosleep(&pause, nullptr);
    }
    program_->kill();
    program_->wait();
}

}  // namespace otabahn::device
