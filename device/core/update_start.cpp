// SPDX-License-Identifier: Apache-2.0
// What a start finds, the trial of a new image, and the way back.
#include "device/core/update.hpp"

namespace otabahn::device {

bool Update::no_record() const { return !loaded_ || !record_.slots[record_.active].present; }
bool Update::on_trial_since_this_boot() const { return record_.stage == Stage::on_trial && record_.trial_boot == boot_; }
bool Update::on_trial_and_running() const { return on_trial_since_this_boot() && running_.has_value() && *running_ == record_.target(); }
bool Update::on_trial_since_another_boot() const { return record_.stage == Stage::on_trial; }
bool Update::booted_into_target() const {
    return (record_.stage == Stage::armed || record_.stage == Stage::activating) && record_.trial_boot != boot_ && running_.has_value() &&
           *running_ == record_.target();
}
// The agent alone was started again before the machine went down.
bool Update::armed_in_this_boot() const { return record_.stage == Stage::armed && machine_boots_ && record_.trial_boot == boot_; }
bool Update::armed_but_elsewhere() const { return record_.stage == Stage::armed; }
bool Update::confirming_but_elsewhere() const {
    return record_.stage == Stage::confirming && running_.has_value() && *running_ != record_.target();
}
bool Update::stage_confirming() const { return record_.stage == Stage::confirming; }
bool Update::stage_rolling_back() const { return record_.stage == Stage::rolling_back; }
bool Update::outcome_pending() const { return record_.outcome != Outcome::none; }
bool Update::machine_boots() const { return machine_boots_; }

void Update::say_unusable() { note("the state holds no image that could be trusted: put one there with `factory`"); }

void Update::start_confirmed() {
    // Verified, not yet on trial: everything is here, so the order only has to come again.
    if (record_.stage == Stage::activating) record_.stage = Stage::downloading;
    // A boot loader may fall back on the other image long after the update was confirmed: what runs is what is told.
    if (running_ && *running_ != record_.active && record_.stage == Stage::none && record_.slots[*running_].present) {
        note("the machine came up with slot ", *running_ == 0 ? "a" : "b", ", not with the one that was confirmed last");
        record_.active = *running_;
        save();
    }
    if (running_) return;
    if (Action* action = add(ActionKind::restart)) action->slot = record_.active;
}

void Update::start_confirmed_and_report() { start_confirmed(); }

void Update::start_trial_again() {
    note("the agent was started again during the trial of ", record_.slots[record_.target()].version.view(), ": the self-test starts over");
    if (Action* action = add(ActionKind::restart)) action->slot = record_.target();
}

void Update::begin_trial_here() {
    record_.stage = Stage::on_trial;
    record_.trial_boot = boot_;
    save();
    begin_self_test();
}

void Update::begin_self_test() {
    note(record_.slots[record_.target()].version.view(), " runs on trial from slot ", record_.target() == 0 ? "a" : "b");
    report_progress(Reason::on_trial, 1);
    if (Action* action = add(ActionKind::self_test)) action->slot = record_.target();
}

void Update::fail_not_booted() { start_rolling_back(Reason::not_booted, "The machine came up with the old image."); }

void Update::roll_back_after_reboot() {
    start_rolling_back(Reason::rebooted_on_trial, "The machine booted before the new image had passed its self-test.");
}

void Update::confirm_again() {
    if (!running_)
        if (Action* action = add(ActionKind::restart)) action->slot = record_.target();
    if (Action* action = add(ActionKind::confirm)) action->slot = record_.target();
}

void Update::roll_back_again() {
    if (Action* action = add(ActionKind::roll_back)) action->slot = record_.active;
}

void Update::begin_activate() {
    SlotImage& slot = record_.slots[record_.target()];
    order_.image.sha256 = verified_;
    if (order_.image.version.empty()) {
        // afr_ota has no version: the image is called by its hash.
        constexpr char digits[] = "0123456789abcdef";
        order_.image.version.append("sha256:");
        for (std::size_t i = 0; i < 6; ++i) {
            const char two[2] = {digits[verified_[i] >> 4], digits[verified_[i] & 15]};
            order_.image.version.append(std::string_view(two, 2));
        }
    }
    slot = order_.image;
    slot.present = true;
    record_.stage = Stage::activating;
    record_.trial_boot = boot_;
    note("image ", slot.version.view(), " is whole and trusted; activating slot ", record_.target() == 0 ? "a" : "b");
    save();
    if (Action* action = add(ActionKind::activate)) action->slot = record_.target();
}

void Update::begin_restart() {
    record_.stage = Stage::on_trial;
    record_.trial_boot = boot_;
    save();
    if (Action* action = add(ActionKind::restart)) action->slot = record_.target();
}

void Update::wait_for_boot() {
    record_.stage = Stage::armed;
    record_.trial_boot = boot_;
    save();
    if (Action* action = add(ActionKind::restart)) action->slot = record_.target();
}

void Update::fail_activation() {
    Message message;
    message.append("The slot could not be activated. ").append(detail_.view());
    start_rolling_back(reason_or(Reason::activation), message.view());
}

void Update::fail_restart() {
    Message message;
    message.append("The new program could not be started. ").append(detail_.view());
    start_rolling_back(reason_or(Reason::program_exited), message.view());
}

void Update::pass_trial() {
    record_.stage = Stage::confirming;
    save();
    if (Action* action = add(ActionKind::confirm)) action->slot = record_.target();
}

void Update::fail_trial() {
    Message message;
    const Reason reason = reason_or(Reason::self_test);
    message.append(reason == Reason::program_exited ? "The new program ended during its trial. " : "The self-test failed. ")
        .append(detail_.view());
    start_rolling_back(reason, message.view());
}

void Update::fail_confirmation() {
    Message message;
    message.append("The slot could not be confirmed. ").append(detail_.view());
    start_rolling_back(reason_or(Reason::confirmation), message.view());
}

void Update::start_rolling_back(Reason reason, std::string_view message) {
    record_.stage = Stage::rolling_back;
    record_.reason = reason;
    record_.message.clear();
    record_.message.append(message);
    note("rolling back to ", record_.slots[record_.active].version.view(), ": ", message);
    save();
    if (Action* action = add(ActionKind::roll_back)) action->slot = record_.active;
}

void Update::succeed() {
    const std::uint8_t slot = record_.target();
    record_.active = slot;
    const SlotImage& image = record_.slots[slot];
    if (image.version_signed) {
        record_.floor_version = image.version;
        record_.floor_sha256 = image.sha256;
    }
    if (image.counter > record_.counter) record_.counter = image.counter;
    record_.stage = Stage::none;
    record_.block_size = record_.blocks = 0;
    Message message;
    message.append(image.version.view()).append(" passed its self-test and is confirmed.");
    append_detail(message);
    decide(Outcome::succeeded, Reason::updated, message.view());
}

void Update::decide_rolled_back() {
    Message message = record_.message;
    append_detail(message);
    // What is told is what runs: where the machine boots back, it is told after that boot.
    boot_pending_ = running_ && *running_ != record_.active;
    fail(record_.reason, message.view());
    if (running_ && !boot_pending_) return;
    if (Action* action = add(ActionKind::restart)) action->slot = record_.active;
}

void Update::tell_without_boot() {
    if (!boot_pending_) return;
    boot_pending_ = false;
    record_.reason = Reason::rollback;
    record_.message.append(" The machine could not be booted back. ").append(detail_.view());
    save();
    publish_outcome();
}

void Update::decide_roll_back_failed() {
    Message message;
    message.append(record_.message.view()).append(" Rolling back failed too. ").append(detail_.view());
    fail(Reason::rollback, message.view());
    if (running_) return;
    if (Action* action = add(ActionKind::restart)) action->slot = record_.active;
}

}  // namespace otabahn::device
