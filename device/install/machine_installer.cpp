// SPDX-License-Identifier: Apache-2.0
#include "device/install/machine_installer.hpp"

#include "encoding/base64_string.hpp"

#include <unistd.h>

#include <utility>

namespace otabahn::device {

namespace {
constexpr Millis question_limit{20'000};
// So long a machine may take to go down once it was told to boot.
constexpr Millis boot_limit{10 * 60'000};
constexpr std::string_view cmdline_word = "otabahn.slot=";

std::filesystem::path handed_over_file(const InstallContext& context) { return context.slots.state() / "handed-over"; }
}  // namespace

std::optional<std::uint8_t> slot_named(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
    if (text == "a" || text == "A") return std::uint8_t{0};
    if (text == "b" || text == "B") return std::uint8_t{1};
    return std::nullopt;
}

Answer MachineInstaller::run(ActionKind action, std::vector<Step> steps, std::function<Answer()> then) {
    action_ = action;
    steps_.assign(std::make_move_iterator(steps.begin()), std::make_move_iterator(steps.end()));
    then_ = std::move(then);
    command_.reset();
    return next();
}

Answer MachineInstaller::next() {
    if (steps_.empty()) return then_ ? std::exchange(then_, {})() : say(action_, true);
    command_.emplace(steps_.front().name, steps_.front().spec, context_.clock.now(), context_.settings.command_seconds);
    steps_.pop_front();
    return poll();
}

Answer MachineInstaller::poll() {
    if (command_) {
        const auto& ended = command_->poll(context_.clock.now());
        if (!ended) return std::nullopt;
        const Command::End end = *ended;
        command_.reset();
        if (end.good) return next();
        steps_.clear();
        return say(action_, false, end.text);
    }
    if (context_.clock.now() < boots_until_) return std::nullopt;
    boots_until_ = Millis::max();
    return say(ActionKind::restart, false,
               "The machine did not go down within " + std::to_string(boot_limit.count() / 1'000) + " s of reboot_command.");
}

void MachineInstaller::want(PollSet& set) const {
    if (command_) command_->want(set);
    set.wake(boots_until_);
}

Answer MachineInstaller::confirm(std::uint8_t slot) {
    const Words& words = context_.settings.confirm_command;
    return words.empty() ? say(ActionKind::confirm, true) : run(ActionKind::confirm, {step("confirm_command", words, slot)});
}

Answer MachineInstaller::roll_back(std::uint8_t slot) {
    const Words& words = context_.settings.rollback_command;
    return words.empty() ? say(ActionKind::roll_back, true) : run(ActionKind::roll_back, {step("rollback_command", words, slot)});
}

Answer MachineInstaller::restart(std::uint8_t slot) {
    if (boots_machine())
        return run(ActionKind::restart, {step("reboot_command", context_.settings.reboot_command, slot)}, [this] {
            context_.log.note("the machine is going down to boot the other slot");
            boots_until_ = context_.clock.now() + boot_limit;
            return Answer();
        });
    if (handed_over(slot)) return say(ActionKind::restart, true);
    forget_handed_over();
    return run(ActionKind::restart, {step("restart_command", context_.settings.restart_command, slot)},
               [this, slot] { return note_handed_over(ActionKind::restart, slot); });
}

bool MachineInstaller::handed_over(std::uint8_t slot) const {
    const auto handed = read_file(handed_over_file(context_), 256);
    return handed && *handed == encoding::to_hex(context_.image(slot).sha256);
}

void MachineInstaller::forget_handed_over() { ::unlink(handed_over_file(context_).c_str()); }

Answer MachineInstaller::note_handed_over(ActionKind action, std::uint8_t slot) {
    const auto kept = replace_file(handed_over_file(context_), as_bytes(encoding::to_hex(context_.image(slot).sha256)));
    return kept ? say(action, true) : say(action, false, kept.error().message);
}

Command::End MachineInstaller::ask(const std::string& name, const Words& words) const {
    return Command(name, context_.spec(words, context_.record().active), context_.clock.now(), question_limit).wait(context_.clock);
}

Result<std::uint8_t> MachineInstaller::running() {
    if (!context_.settings.running_command.empty()) {
        const Command::End end = ask("running_command", context_.settings.running_command);
        if (!end.good) return fail(ErrorCode::unavailable, end.text);
        if (const auto slot = slot_named(end.output)) return *slot;
        return fail(ErrorCode::unavailable,
                    "running_command is to print a or b, the slot that runs; it printed '" + last_line(end.output) + "'.");
    }
    if (const auto line = read_file("/proc/cmdline", 64 * 1024)) {
        const std::size_t at = line->find(cmdline_word);
        if (at != std::string::npos && (at == 0 || (*line)[at - 1] == ' '))
            if (const auto slot = slot_named(std::string_view(*line).substr(at + cmdline_word.size(), 1))) return *slot;
    }
    return find_running();
}

Result<std::uint8_t> MachineInstaller::find_running() {
    return fail(ErrorCode::unavailable,
                "which slot runs cannot be told: set running_command (it prints a or b), or have the boot loader pass otabahn.slot=a on "
                "the kernel's command line.");
}

}  // namespace otabahn::device
