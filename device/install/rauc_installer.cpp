// SPDX-License-Identifier: Apache-2.0
#include "device/install/rauc_installer.hpp"

#include <systemd/sd-bus.h>

namespace otabahn::device {

namespace {
constexpr SystemBus::Object installer{"de.pengutronix.rauc", "/", "de.pengutronix.rauc.Installer"};
// A service that died sends no signal: it is looked after so often.
constexpr Millis look_every{5'000};

int on_completed(sd_bus_message* message, void* result, sd_bus_error*) {
    int code = -1;
    if (sd_bus_message_read_basic(message, 'i', &code) >= 0) *static_cast<std::optional<int>*>(result) = code;
    return 0;
}
}  // namespace

RaucInstaller::~RaucInstaller() { sd_bus_slot_unref(match_); }

Answer RaucInstaller::fail_installing(std::string why) {
    installing_ = false;
    until_ = look_at_ = Millis::max();
    return say(ActionKind::activate, false, std::move(why));
}

Answer RaucInstaller::activate(std::uint8_t slot) {
    const auto bus = bus_.connected();
    if (!bus) return say(ActionKind::activate, false, bus.error().message);
    match_ = sd_bus_slot_unref(match_);
    completed_.reset();
    if (sd_bus_match_signal(*bus, &match_, installer.service, installer.path, installer.interface, "Completed", on_completed, &completed_) <
        0)
        return say(ActionKind::activate, false, bus_trouble(installer, "signal Completed", "cannot be waited for"));
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const int code = sd_bus_call_method(*bus, installer.service, installer.path, installer.interface, "InstallBundle", &error, nullptr,
                                        "sa{sv}", context_.slots.image(slot).c_str(), 0);
    std::string refused;
    if (code < 0) refused = bus_trouble(installer, "method InstallBundle", error.message != nullptr ? error.message : "no answer");
    sd_bus_error_free(&error);
    if (!refused.empty()) return say(ActionKind::activate, false, std::move(refused));
    context_.log.note("RAUC installs the bundle");
    installing_ = true;
    until_ = context_.clock.now() + context_.settings.command_seconds;
    look_at_ = context_.clock.now() + look_every;
    return std::nullopt;
}

Answer RaucInstaller::installed(int result) {
    if (result == 0) {
        installing_ = false;
        until_ = look_at_ = Millis::max();
        return say(ActionKind::activate, true);
    }
    const auto words = bus_.read_text(installer, "LastError");
    return fail_installing("RAUC could not install it: " + (words ? *words : words.error().message));
}

Answer RaucInstaller::poll() {
    bus_.work();
    if (!installing_) return MachineInstaller::poll();
    if (completed_) return installed(*completed_);
    const Millis now = context_.clock.now();
    if (now >= until_)
        return fail_installing("RAUC did not end within " + std::to_string(context_.settings.command_seconds.count()) + " s.");
    if (now < look_at_) return std::nullopt;
    look_at_ = now + look_every;
    const auto operation = bus_.read_text(installer, "Operation");
    bus_.work();
    if (completed_) return installed(*completed_);
    if (operation && *operation == "installing") return std::nullopt;
    return fail_installing(operation ? "RAUC is " + *operation + " without having said how the installation ended."
                                     : operation.error().message);
}

void RaucInstaller::want(PollSet& set) const {
    MachineInstaller::want(set);
    bus_.want(set);
    if (installing_) set.wake(std::min(until_, look_at_));
}

Answer RaucInstaller::confirm(std::uint8_t slot) {
    const auto marked = bus_.call(installer, "Mark", {"good", "booted"});
    if (!marked) return say(ActionKind::confirm, false, marked.error().message);
    const auto boot = bus_.read_text(installer, "BootSlot");
    if (!boot) return say(ActionKind::confirm, false, boot.error().message);
    Names names = load_names();
    names[slot] = *boot;
    if (const auto kept = store_names(names); !kept) return say(ActionKind::confirm, false, kept.error().message);
    context_.slots.drop(slot);  // the bundle has done its duty
    return MachineInstaller::confirm(slot);
}

Answer RaucInstaller::roll_back(std::uint8_t slot) {
    const auto boot = bus_.read_text(installer, "BootSlot");
    if (!boot) return say(ActionKind::roll_back, false, boot.error().message);
    const bool on_the_old = *boot == load_names()[slot];
    if (!on_the_old) {
        const auto bad = bus_.call(installer, "Mark", {"bad", "booted"});
        if (!bad) return say(ActionKind::roll_back, false, bad.error().message);
    }
    const auto back = bus_.call(installer, "Mark", {"active", on_the_old ? "booted" : "other"});
    if (!back) return say(ActionKind::roll_back, false, back.error().message);
    return MachineInstaller::roll_back(slot);
}

RaucInstaller::Names RaucInstaller::load_names() const {
    Names names;
    const auto text = read_file(context_.slots.state() / "rauc-slots", 4'096);
    if (!text) return names;
    const std::size_t newline = text->find('\n');
    names[0] = text->substr(0, newline);
    if (newline != std::string::npos) names[1] = text->substr(newline + 1, text->find('\n', newline + 1) - newline - 1);
    return names;
}

Result<void> RaucInstaller::store_names(const Names& names) const {
    return replace_file(context_.slots.state() / "rauc-slots", as_bytes(names[0] + "\n" + names[1] + "\n"));
}

Result<std::uint8_t> RaucInstaller::find_running() {
    const auto boot = bus_.read_text(installer, "BootSlot");
    if (!boot) return Unexpected(boot.error());
    Names names = load_names();
    for (std::uint8_t slot = 0; slot < 2; ++slot)
        if (names[slot] == *boot) return slot;
    // The first time for this slot. The one that `factory` recorded is the first of all.
    const Record& record = context_.record();
    const std::uint8_t slot = names[record.active].empty() ? record.active : record.target();
    names[slot] = *boot;
    if (const auto kept = store_names(names); !kept) return Unexpected(kept.error());
    return slot;
}

}  // namespace otabahn::device
