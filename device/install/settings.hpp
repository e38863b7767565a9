// SPDX-License-Identifier: Apache-2.0
// The part of device.toml that says how an image is installed, run and judged. device/linux/config.cpp reads it; which keys
// belong to which back end is in back_ends.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace otabahn::device {

using Words = std::vector<std::string>;

struct InstallSettings {
    std::filesystem::path folder;  // of device.toml; also the working directory of the program and of all commands
    std::filesystem::path state;
    std::string install = "program";  // the back end
    std::uint64_t slot_bytes = 64 * 1024 * 1024;

    Words command = {"{image}"};
    std::filesystem::path slot_a, slot_b, active_link;
    Words install_command, activate_command, confirm_command, rollback_command;
    Words running_command, restart_command, reboot_command = {"systemctl", "reboot"};
    std::filesystem::path uboot_config = "/etc/fw_env.config";
    std::string uboot_variable = "boot_slot";
    std::filesystem::path swupdate_socket = "/tmp/sockinstctrl";
    std::filesystem::path sysupdate_folder, os_release = "/etc/os-release";
    std::string sysupdate_name;
    std::uint32_t trial_boots = 1;
    std::chrono::seconds command_seconds{30 * 60};

    std::filesystem::path hooks;  // empty: none
    std::chrono::seconds hook_seconds{300};
    bool ask_before_download = false;

    Words self_test_command;
    std::string self_test_http, self_test_unit;
    bool self_test_word = false;
    std::chrono::seconds self_test_seconds{3};
    std::chrono::seconds self_test_timeout_seconds{120};

    std::filesystem::path socket;  // where applications and `otabahn-device tell` speak to the agent
};

}  // namespace otabahn::device
