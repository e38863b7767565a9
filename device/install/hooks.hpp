// SPDX-License-Identifier: Apache-2.0
// The hooks: programs in the folder `hooks` that are called before-STAGE and after-STAGE. One that is not there is no hook;
// one that cannot be run has failed.
#pragma once

#include "device/install/installer.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace otabahn::device {

inline constexpr std::array<std::string_view, 10> hook_names = {"before-download", "after-download", "before-install", "after-install",
                                                                "before-restart",  "after-restart",  "before-confirm", "after-confirm",
                                                                "before-rollback", "after-rollback"};

// What to run for a hook, and nothing when there is none of that name. `job` and `document`: of an order that is not in the
// record yet.
std::optional<ProgramSpec> find_hook(const InstallContext& context, std::string_view name, std::uint8_t slot, std::string_view job,
                                     std::string_view document);
// A file of the folder that no hook is called by would never run: its name; nothing when there is none.
std::optional<std::string> stray_hook(const std::filesystem::path& folder);

}  // namespace otabahn::device
