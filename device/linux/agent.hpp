// SPDX-License-Identifier: Apache-2.0
// The agent on Linux: the update's core, its port and one event loop. One thread, but for the moment of a connect.
#pragma once

#include "base/error.hpp"
#include "device/linux/config.hpp"

#include <filesystem>
#include <string>

namespace otabahn::device {

// Runs until SIGTERM or SIGINT. Fails when it cannot start: another agent runs, no image, no state.
Result<void> run_agent(const Config& config);

// Puts the first image into slot a. What the state held is gone.
Result<std::string> install_factory_image(const Config& config, const std::filesystem::path& image, const std::string& version);

// The JSON of `status`: read from the state alone, whether an agent runs or not.
Result<std::string> describe_state(const Config& config);

}  // namespace otabahn::device
