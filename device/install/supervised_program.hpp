// SPDX-License-Identifier: Apache-2.0
// The default back end: the image is (or is the argument of) a program that the agent starts and watches. A confirmed program
// that ends is started again, with growing patience; one that ends on trial has failed.
#pragma once

#include "device/install/installer.hpp"

namespace otabahn::device {

class SupervisedProgram final : public Installer {
  public:
    using Installer::Installer;

    // Which slot starts is in the record alone.
    Answer activate(std::uint8_t slot) override;
    Answer confirm(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;
    Answer restart(std::uint8_t slot) override;
    Answer poll() override;
    void want(PollSet& set) const override;
    std::optional<std::string> ended() override;
    void stop() override;

  private:
    Answer start();
    void be_patient();
    // Its end is for whoever judges the trial to find.
    bool on_trial() const;

    std::optional<KeptProgram> program_;
    std::uint8_t slot_ = 0;  // of the program, or wanted
    bool wanted_ = false;
    bool owes_answer_ = false;
    bool stopping_ = false;
    Millis kill_at_ = Millis::max();
    Millis started_{0};
    Millis start_at_ = Millis::max();  // again
    Millis patience_{0};
};

}  // namespace otabahn::device
