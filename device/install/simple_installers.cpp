// SPDX-License-Identifier: Apache-2.0
#include "device/install/simple_installers.hpp"

#include <unistd.h>

namespace otabahn::device {

Result<void> LinkInstaller::point_at(std::uint8_t slot) const {
    const std::filesystem::path& link = context_.settings.active_link;
    const std::filesystem::path fresh = link.string() + ".new";
    ::unlink(fresh.c_str());
    if (::symlink(context_.slots.image(slot).c_str(), fresh.c_str()) != 0)
        return fail(ErrorCode::unavailable, trouble_with(fresh, "cannot be made"), fresh.string());
    if (::rename(fresh.c_str(), link.c_str()) != 0)
        return fail(ErrorCode::unavailable, trouble_with(link, "cannot be replaced"), link.string());
    if (!sync_folder(link.parent_path())) return fail(ErrorCode::unavailable, trouble_with(link.parent_path(), "cannot be made durable"));
    return {};
}

Answer LinkInstaller::point(ActionKind action, std::uint8_t slot) {
    const auto pointed = point_at(slot);
    return pointed ? say(action, true) : say(action, false, pointed.error().message);
}

Result<void> LinkInstaller::adopt(std::uint8_t slot) { return point_at(slot); }

Result<std::uint8_t> LinkInstaller::find_running() {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(context_.settings.active_link, error);
    for (std::uint8_t slot = 0; slot < 2 && !error; ++slot)
        if (target == context_.slots.image(slot)) return slot;
    return fail(ErrorCode::unavailable,
                context_.settings.active_link.string() + " points at neither slot: `otabahn-device factory` makes it.");
}

Answer DeviceInstaller::activate(std::uint8_t slot) {
    return run(ActionKind::activate, {step("activate_command", context_.settings.activate_command, slot)});
}

Answer UbootInstaller::set(ActionKind action, std::uint8_t slot, bool trial) {
    const InstallSettings& settings = context_.settings;
    const auto script = context_.slots.state() / "uboot-script";
    std::string text =
        settings.uboot_variable + "=" + SlotFiles::letter(slot) + "\nbootcount=0\nupgrade_available=" + (trial ? "1" : "0") + "\n";
    if (trial) text += "bootlimit=" + std::to_string(settings.trial_boots) + "\n";
    // All variables in one write of the environment.
    if (const auto kept = replace_file(script, as_bytes(text)); !kept) return say(action, false, kept.error().message);
    return run(action, {step("fw_setenv", {"fw_setenv", "-c", settings.uboot_config.string(), "-s", script.string()}, slot)});
}

Result<std::uint8_t> UbootInstaller::find_running() {
    const InstallSettings& settings = context_.settings;
    const Command::End end = ask("fw_printenv", {"fw_printenv", "-c", settings.uboot_config.string(), "-n", settings.uboot_variable});
    if (!end.good) return fail(ErrorCode::unavailable, end.text);
    if (const auto slot = slot_named(end.output)) return *slot;
    return fail(ErrorCode::unavailable, "U-Boot's variable " + settings.uboot_variable + " is to be a or b, the slot that runs; it is '" +
                                            last_line(end.output) + "'.");
}

Answer CommandInstaller::hand_over(ActionKind action, std::uint8_t slot) {
    if (handed_over(slot)) return say(action, true);
    forget_handed_over();
    return run(action,
               {step("install_command", context_.settings.install_command, slot),
                step("activate_command", context_.settings.activate_command, slot)},
               [this, action, slot] { return note_handed_over(action, slot); });
}

Answer CommandInstaller::activate(std::uint8_t slot) {
    return boots_machine() ? hand_over(ActionKind::activate, slot) : say(ActionKind::activate, true);
}

Answer CommandInstaller::roll_back(std::uint8_t slot) {
    if (context_.settings.rollback_command.empty())
        return boots_machine() ? hand_over(ActionKind::roll_back, slot) : say(ActionKind::roll_back, true);
    forget_handed_over();
    return run(ActionKind::roll_back, {step("rollback_command", context_.settings.rollback_command, slot)},
               [this, slot] { return note_handed_over(ActionKind::roll_back, slot); });
}

Answer CommandInstaller::restart(std::uint8_t slot) {
    return boots_machine() ? MachineInstaller::restart(slot) : hand_over(ActionKind::restart, slot);
}

}  // namespace otabahn::device
