// SPDX-License-Identifier: Apache-2.0
// RAUC over D-Bus (de.pengutronix.rauc.Installer): the image is a bundle, RAUC writes it into its own slots and tells the boot
// loader; we say good or bad when the trial is over. Our slots a and b stand for RAUC's boot slots by the names that these
// had when they ran (state/rauc-slots).
#pragma once

#include "device/host/system_bus.hpp"
#include "device/install/machine_installer.hpp"

#include <array>

struct sd_bus_slot;

namespace otabahn::device {

class RaucInstaller final : public MachineInstaller {
  public:
    using MachineInstaller::MachineInstaller;
    ~RaucInstaller() override;
    Answer activate(std::uint8_t slot) override;
    Answer confirm(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;
    Answer poll() override;
    void want(PollSet& set) const override;
    bool boots_machine() const override { return true; }

  protected:
    Result<std::uint8_t> find_running() override;

  private:
    using Names = std::array<std::string, 2>;
    Names load_names() const;
    Result<void> store_names(const Names& names) const;
    Answer installed(int result);
    Answer fail_installing(std::string why);

    SystemBus bus_;
    sd_bus_slot* match_ = nullptr;
    std::optional<int> completed_;
    bool installing_ = false;
    Millis until_ = Millis::max(), look_at_ = Millis::max();
};

}  // namespace otabahn::device
