// SPDX-License-Identifier: Apache-2.0
// The back ends that need nothing but files and commands: A/B image files behind a link, block devices with commands of the
// user's, U-Boot's environment, and commands alone.
#pragma once

#include "device/install/machine_installer.hpp"

namespace otabahn::device {

// `active_link` points at the image that starts.
class LinkInstaller final : public MachineInstaller {
  public:
    using MachineInstaller::MachineInstaller;
    Answer activate(std::uint8_t slot) override { return point(ActionKind::activate, slot); }
    Answer roll_back(std::uint8_t slot) override { return point(ActionKind::roll_back, slot); }
    Result<void> adopt(std::uint8_t slot) override;

  protected:
    Result<std::uint8_t> find_running() override;

  private:
    Result<void> point_at(std::uint8_t slot) const;
    Answer point(ActionKind action, std::uint8_t slot);
};

// activate_command and its like tell the boot loader.
class DeviceInstaller final : public MachineInstaller {
  public:
    using MachineInstaller::MachineInstaller;
    Answer activate(std::uint8_t slot) override;
};

// A variable of U-Boot's environment names the slot; upgrade_available, bootcount and bootlimit are U-Boot's own, so that a
// slot that does not come up is left again by altbootcmd.
class UbootInstaller final : public MachineInstaller {
  public:
    using MachineInstaller::MachineInstaller;
    Answer activate(std::uint8_t slot) override { return set(ActionKind::activate, slot, true); }
    Answer confirm(std::uint8_t slot) override { return set(ActionKind::confirm, slot, false); }
    Answer roll_back(std::uint8_t slot) override { return set(ActionKind::roll_back, slot, false); }

  protected:
    Result<std::uint8_t> find_running() override;

  private:
    Answer set(ActionKind action, std::uint8_t slot, bool trial);
};

// install_command hands the image to another system, activate_command makes it run: once for each image, for the way back too
// unless rollback_command is there. With running_command the machine boots it.
class CommandInstaller final : public MachineInstaller {
  public:
    using MachineInstaller::MachineInstaller;
    Answer activate(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;
    Answer restart(std::uint8_t slot) override;
    bool boots_machine() const override { return !context_.settings.running_command.empty(); }

  private:
    Answer hand_over(ActionKind action, std::uint8_t slot);
};

}  // namespace otabahn::device
