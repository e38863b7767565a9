// SPDX-License-Identifier: Apache-2.0
#include "device/install/hooks.hpp"

#include <algorithm>

namespace otabahn::device {

std::optional<ProgramSpec> find_hook(const InstallContext& context, std::string_view name, std::uint8_t slot, std::string_view job,
                                     std::string_view document) {
    if (context.settings.hooks.empty()) return std::nullopt;
    const std::filesystem::path file = context.settings.hooks / name;
    std::error_code error;
    if (!std::filesystem::exists(std::filesystem::symlink_status(file, error))) return std::nullopt;
    ProgramSpec spec = context.spec({file.string()}, slot);
    if (!document.empty())
        for (auto& parameter : parameters_of(document)) spec.environment.push_back(std::move(parameter));
    const Record& record = context.record();
    spec.environment.emplace_back("OTABAHN_HOOK", std::string(name));
    spec.environment.emplace_back("OTABAHN_JOB", std::string(job.empty() ? record.job.id.view() : job));
    spec.environment.emplace_back("OTABAHN_RUNNING_VERSION", std::string(record.slots[record.active].version.view()));
    return spec;
}

std::optional<std::string> stray_hook(const std::filesystem::path& folder) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (std::find(hook_names.begin(), hook_names.end(), name) == hook_names.end()) return name;
    }
    return std::nullopt;
}

}  // namespace otabahn::device
