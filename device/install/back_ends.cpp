// SPDX-License-Identifier: Apache-2.0
#include "device/install/back_ends.hpp"

#include "device/install/rauc_installer.hpp"
#include "device/install/simple_installers.hpp"
#include "device/install/supervised_program.hpp"
#include "device/install/swupdate_installer.hpp"
#include "device/install/sysupdate_installer.hpp"

namespace otabahn::device {

namespace {

SlotPlaces in_state(const InstallSettings& settings) { return places_in(settings.state); }
SlotPlaces named_files(const InstallSettings& settings) { return {{settings.slot_a, settings.slot_b}, false}; }
SlotPlaces named_devices(const InstallSettings& settings) { return {{settings.slot_a, settings.slot_b}, true}; }

template <class Kind>
std::unique_ptr<Installer> make(const InstallContext& context) {
    return std::make_unique<Kind>(context);
}

constexpr BackEnd table[] = {
    {"program", "command", "the agent runs the image as a program, or as the argument of one", in_state, make<SupervisedProgram>, true,
     true},
    {"files", "slot_a* slot_b* active_link* restart_command running_command reboot_command confirm_command rollback_command trial_boots",
     "two files and a link at the one that starts; restart_command makes it run, without one the machine boots", named_files,
     make<LinkInstaller>, true, true},
    {"devices",
     "slot_a* slot_b* activate_command* rollback_command* confirm_command running_command restart_command reboot_command trial_boots",
     "two block devices; activate_command and rollback_command tell the boot loader which one starts", named_devices, make<DeviceInstaller>,
     false, false},
    {"uboot", "slot_a* slot_b* uboot_config uboot_variable running_command reboot_command trial_boots",
     "two block devices; U-Boot's environment says which one starts, and counts its boots", named_devices, make<UbootInstaller>, false,
     false},
    {"rauc", "running_command reboot_command confirm_command rollback_command", "the image is a RAUC bundle, installed over D-Bus",
     in_state, make<RaucInstaller>, false, false},
    {"swupdate", "swupdate_socket restart_command running_command reboot_command confirm_command rollback_command",
     "the image is an .swu file, handed to SWUpdate over its socket", in_state, make<SwupdateInstaller>, false, false},
    {"sysupdate",
     "sysupdate_folder* sysupdate_name* os_release running_command reboot_command confirm_command rollback_command trial_boots",
     "images side by side as systemd-sysupdate and systemd-boot have them, with tries in their names", in_state, make<SysupdateInstaller>,
     false, false},
    {"commands", "install_command* activate_command* confirm_command rollback_command running_command reboot_command",
     "install_command takes the image, activate_command makes it run; with running_command the machine boots it", in_state,
     make<CommandInstaller>, true, true},
};

// Each word of a list of keys.
template <class Each>
void for_each_key(std::string_view keys, Each each) {
    while (!keys.empty()) {
        const std::size_t space = std::min(keys.find(' '), keys.size());
        std::string_view word = keys.substr(0, space);
        const bool required = word.ends_with('*');
        if (required) word.remove_suffix(1);
        each(word, required);
        keys.remove_prefix(std::min(space + 1, keys.size()));
    }
}

}  // namespace

std::span<const BackEnd> back_ends() { return table; }

const BackEnd* find_back_end(std::string_view name) {
    for (const BackEnd& row : table)
        if (row.name == name) return &row;
    return nullptr;
}

bool takes_key(const BackEnd& back_end, std::string_view key) {
    bool found = false;
    for_each_key(back_end.keys, [&](std::string_view word, bool) { found = found || word == key; });
    return found;
}

std::vector<std::string_view> required_keys(const BackEnd& back_end) {
    std::vector<std::string_view> out;
    for_each_key(back_end.keys, [&](std::string_view word, bool required) {
        if (required) out.push_back(word);
    });
    return out;
}

std::string back_end_names() {
    std::string out;
    for (const BackEnd& row : table) out.append(out.empty() ? "" : ", ").append(row.name);
    return out;
}

bool is_back_end_key(std::string_view key) {
    bool found = false;
    for (const BackEnd& row : table) found = found || takes_key(row, key);
    return found;
}

}  // namespace otabahn::device
