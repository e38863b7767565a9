// SPDX-License-Identifier: Apache-2.0
// SWUpdate over its control socket: the image is an .swu file that is streamed in, then its progress is asked for; the
// boot loader's update state is set when the trial is over. The messages are SWUpdate's own C structs (network_ipc.h, API
// version 1), so agent and SWUpdate must be of one word size.
#pragma once

#include "device/install/machine_installer.hpp"

#include <vector>

namespace otabahn::device {

class SwupdateInstaller final : public MachineInstaller {
  public:
    using MachineInstaller::MachineInstaller;
    Answer activate(std::uint8_t slot) override;
    Answer confirm(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;
    Answer poll() override;
    void want(PollSet& set) const override;

  private:
    enum class Phase { none, requesting, streaming, installing, asking };
    Answer fail_installing(std::string why);
    Result<Descriptor> connect() const;
    // Sends the rest of what is to be sent; false: it would block.
    Result<bool> flush();
    // A whole message, or nothing yet.
    Result<bool> receive();
    Answer stream();
    Answer ask();
    Answer judge_status();
    // Blocks shortly: one message there, one back.
    Result<void> set_update_state(char state);

    Phase phase_ = Phase::none;
    Descriptor socket_, image_;
    std::vector<char> out_, in_;
    std::size_t sent_ = 0;
    std::string last_words_;
    Millis until_ = Millis::max(), ask_at_ = Millis::max();
};

}  // namespace otabahn::device
