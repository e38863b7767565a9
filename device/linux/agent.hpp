// SPDX-License-Identifier: Apache-2.0
// The agent on Linux: the update's core, its port and one event loop. One thread, but for the moment of a connect.
#pragma once

#include "base/error.hpp"
#include "device/core/record.hpp"
#include "device/linux/config.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace otabahn::device {

// Runs until SIGTERM or SIGINT. Fails when it cannot start: another agent runs, no image, no state.
Result<void> run_agent(const Config& config);

// Puts the first image into slot a, or (where the machine has its images in places of its own) records what runs: in `slot`, or
// where the machine says. What the state held is gone.
Result<std::string> install_factory_image(const Config& config, const std::filesystem::path& image, const std::string& version,
                                          std::optional<std::uint8_t> slot = std::nullopt);

// For machines whose boot loader counts no boots: run at each boot, before the agent. Rolls back and boots again when an image
// on trial has had its boots without an agent's word. Says what it did.
Result<std::string> guard_boots(const Config& config);

// The JSON of `status`: read from the state alone, whether an agent runs or not.
Result<std::string> describe_state(const Config& config, bool waits_for_leave = false);

// The boot that this is, as a number that no other boot has.
Result<BootId> read_boot_id(const std::filesystem::path& path);

}  // namespace otabahn::device
