// SPDX-License-Identifier: Apache-2.0
// The layout of systemd-sysupdate and systemd-boot: images lie side by side in a folder under names that hold their version;
// a new one has a count of tries behind it (NAME_1.1.0+1.efi), which the boot loader counts down (+0-1) and whose removal
// makes it good. The newest that has tries left, or none to count, boots. One image a version, two at the most of ours.
#pragma once

#include "device/install/machine_installer.hpp"

namespace otabahn::device {

class SysupdateInstaller final : public MachineInstaller {
  public:
    using MachineInstaller::MachineInstaller;
    Answer activate(std::uint8_t slot) override;
    Answer confirm(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;
    bool boots_machine() const override { return true; }

  protected:
    Result<std::uint8_t> find_running() override;

  private:
    std::filesystem::path path_of(std::string_view version, std::string_view tries) const;
    // The file of a version, whatever its tries; empty: none.
    std::filesystem::path find(std::string_view version) const;
    Result<void> place(const std::filesystem::path& from, const std::filesystem::path& to) const;
};

// Why it cannot stand in a file's name; nothing: it can.
std::optional<std::string> unfit_for_sysupdate(std::string_view version);

}  // namespace otabahn::device
