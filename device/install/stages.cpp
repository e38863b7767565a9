// SPDX-License-Identifier: Apache-2.0
#include "device/install/stages.hpp"

#include <utility>

namespace otabahn::device {

Stages::Stages(const InstallContext& context, std::unique_ptr<Installer> installer)
    : context_(context), installer_(std::move(installer)), health_(context_, *installer_) {}

Answer Stages::allow_download(std::uint8_t slot, std::string_view job, ByteView document) {
    Steps steps;
    if (context_.settings.ask_before_download) steps.push_back({Step::Kind::leave, {}, true});
    steps.push_back(Step::of_hook("before-download"));
    return begin({ActionKind::allow_download, slot, std::move(steps), std::string(job), std::string(as_text(document)), {}});
}

Answer Stages::activate(std::uint8_t slot) {
    if (const Trouble trouble = context_.slots.close(slot)) return Input::done(ActionKind::activate, false, *trouble);
    return begin(ActionKind::activate, slot,
                 {Step::of_hook("after-download"), Step::of_hook("before-install"), install, Step::of_hook("after-install")});
}

// A start of the agent runs the confirmed slot: no update, no hooks.
bool Stages::of_an_update(std::uint8_t slot) const {
    const Record& record = context_.record();
    return (record.stage == Stage::on_trial || record.stage == Stage::armed) && slot == record.target();
}

Answer Stages::restart(std::uint8_t slot) {
    Steps steps;
    if (of_an_update(slot)) steps.push_back(Step::of_hook("before-restart"));
    steps.push_back(install);
    return begin(ActionKind::restart, slot, std::move(steps));
}

Answer Stages::self_test(std::uint8_t slot) {
    return begin(ActionKind::self_test, slot, {Step::of_hook("after-restart"), {Step::Kind::health, {}, true}});
}

Answer Stages::confirm(std::uint8_t slot) {
    return begin(ActionKind::confirm, slot,
                 {Step::of_hook("before-confirm"), install, {Step::Kind::confirmed, {}, false}, Step::of_late_hook("after-confirm")});
}

Answer Stages::roll_back(std::uint8_t slot) {
    return begin(ActionKind::roll_back, slot, {Step::of_late_hook("before-rollback"), install, Step::of_late_hook("after-rollback")});
}

Answer Stages::begin(Call call) {
    leave_waiting_step();
    calls_.push_back(std::move(call));
    return calls_.size() == 1 ? go_on() : Answer();
}

void Stages::leave_waiting_step() {
    if (calls_.empty() || (calls_.front().action != ActionKind::self_test && calls_.front().action != ActionKind::allow_download)) return;
    health_.cancel();
    hook_.reset();
    under_way_ = false;
    calls_.pop_front();
}

bool Stages::told_leave(bool allowed, std::string_view why) {
    if (!waits_for_leave()) return false;
    leave_ = allowed;
    leave_words_ = allowed ? std::string() : "The application says: " + (why.empty() ? std::string("not now") : last_line(why)) + ".";
    return true;
}

std::optional<Stages::StepEnd> Stages::of(const Answer& answer) const {
    if (!answer) return std::nullopt;
    return StepEnd{answer->good, answer->reason, std::string(answer->text)};
}

Answer Stages::call_installer() {
    const std::uint8_t slot = calls_.front().slot;
    switch (calls_.front().action) {
        case ActionKind::activate:
            return installer_->activate(slot);
        case ActionKind::confirm:
            return installer_->confirm(slot);
        case ActionKind::roll_back:
            return installer_->roll_back(slot);
        default:
            return installer_->restart(slot);
    }
}

std::optional<Stages::StepEnd> Stages::start_hook(const Step& step) {
    const Call& call = calls_.front();
    const auto spec = find_hook(context_, step.hook, call.slot, call.job, call.document);
    if (!spec) return StepEnd{};
    hook_.emplace("Hook " + std::string(step.hook), *spec, context_.clock.now(), context_.settings.hook_seconds);
    return poll_step();
}

std::optional<Stages::StepEnd> Stages::start_step() {
    switch (current_.kind) {
        case Step::Kind::leave:
            leave_.reset();
            context_.log.note("the download waits for leave: `otabahn-device tell allow`, or the application's word over " +
                              context_.settings.socket.string());
            return std::nullopt;
        case Step::Kind::hook:
            return start_hook(current_);
        case Step::Kind::installer:
            return of(call_installer());
        case Step::Kind::health:
            health_.begin(calls_.front().slot);
            return std::nullopt;
        case Step::Kind::confirmed: {
            const std::string trouble = on_confirmed_ ? on_confirmed_(calls_.front().slot) : std::string();
            return StepEnd{trouble.empty(), Reason::none, trouble};
        }
    }
    return StepEnd{};
}

std::optional<Stages::StepEnd> Stages::poll_step() {
    switch (current_.kind) {
        case Step::Kind::leave:
            if (!leave_) return std::nullopt;
            return StepEnd{*leave_, Reason::none, leave_words_};
        case Step::Kind::hook: {
            const auto& ended = hook_->poll(context_.clock.now());
            if (!ended) return std::nullopt;
            StepEnd end{ended->good, ended->good ? Reason::none : Reason::hook, ended->text};
            hook_.reset();
            return end;
        }
        case Step::Kind::installer:
            return of(installer_->poll());
        case Step::Kind::health:
            if (auto verdict = health_.poll()) return StepEnd{verdict->good, verdict->good ? Reason::none : verdict->reason, verdict->text};
            return std::nullopt;
        case Step::Kind::confirmed:
            break;
    }
    return StepEnd{};
}

Answer Stages::answer(bool good, Reason reason, std::string text) {
    const ActionKind action = calls_.front().action;
    calls_.pop_front();
    under_way_ = false;
    text_ = std::move(text);
    return good ? Input::done(action, true, text_) : Input::not_done(action, reason, text_);
}

Answer Stages::go_on() {
    while (!calls_.empty()) {
        Call& call = calls_.front();
        std::optional<StepEnd> end;
        if (under_way_) {
            end = poll_step();
        } else if (call.steps.empty()) {
            return answer(true, Reason::none, std::exchange(call.remarks, {}));
        } else {
            current_ = call.steps.front();
            call.steps.pop_front();
            under_way_ = true;
            end = start_step();
        }
        if (!end) return std::nullopt;
        under_way_ = false;
        if (end->good) continue;
        if (current_.must) return answer(false, end->reason, end->text);
        context_.log.note(end->text);
        call.remarks += (call.remarks.empty() ? "" : " ") + end->text;
    }
    return std::nullopt;
}

Answer Stages::poll() {
    // A program that runs is looked after whatever is called; a call of the installer's is polled as a step.
    if (!under_way_ || current_.kind != Step::Kind::installer) installer_->poll();
    return go_on();
}

void Stages::want(PollSet& set) const {
    installer_->want(set);
    health_.want(set);
    if (hook_) hook_->want(set);
    // An answer was just given, and the next call has not begun.
    if (!calls_.empty() && !under_way_) set.wake(Millis{0});
}

void Stages::stop() {
    hook_.reset();
    health_.cancel();
    installer_->stop();
}

}  // namespace otabahn::device
