// SPDX-License-Identifier: Apache-2.0
// One agent for a state folder. The program's keeper holds the lock too, so it is free only when the program is gone.
#pragma once

#include "base/error.hpp"
#include "device/host/files.hpp"

#include <chrono>
#include <filesystem>

namespace otabahn::device {

// Waits so long for an agent that is just going.
Result<Descriptor> take_instance_lock(const std::filesystem::path& state, std::chrono::milliseconds patience);

}  // namespace otabahn::device
