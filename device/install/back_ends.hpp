// SPDX-License-Identifier: Apache-2.0
// The back ends that device.toml's `install` names, each in one row: what it is called, which keys it takes beside the common
// ones, where its images lie, and who installs them. docs/device.md lists the same table (a test holds them together).
#pragma once

#include "device/install/installer.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::device {

struct BackEnd {
    std::string_view name;
    std::string_view keys;  // space-separated; that it must have, with a *
    std::string_view meaning;
    SlotPlaces (*places)(const InstallSettings& settings);
    std::unique_ptr<Installer> (*make)(const InstallContext& context);
    // `factory` puts the first image there; else it records what the machine runs already.
    bool takes_factory_image;
    // The confirmed image can be read back from its slot: to tell whether it is damaged, and to take blocks from.
    bool keeps_images;
};

std::span<const BackEnd> back_ends();
const BackEnd* find_back_end(std::string_view name);
// Whether `key` is one that not every back end takes.
bool is_back_end_key(std::string_view key);
bool takes_key(const BackEnd& back_end, std::string_view key);
// Each key that it must have.
std::vector<std::string_view> required_keys(const BackEnd& back_end);
// "program, files, …"
std::string back_end_names();

}  // namespace otabahn::device
