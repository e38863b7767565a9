// SPDX-License-Identifier: Apache-2.0
// Runs the image of a slot: a supervised program (default), or a pair of commands that hand it to another system. Judges the
// trial: it still runs after self_test_seconds, and self_test_command succeeds. A confirmed program that ends is started
// again, with growing patience. Polled by the agent's loop; one thread.
#pragma once

#include "device/core/record.hpp"
#include "device/linux/config.hpp"
#include "device/linux/keeper.hpp"
#include "device/linux/slot_files.hpp"
#include "device/port/ports.hpp"

#include <functional>
#include <optional>
#include <string>

namespace otabahn::device {

class Supervisor final : public Program {
  public:
    // `image_of` tells what a slot holds, for the program's environment.
    Supervisor(const Config& config, const SlotFiles& slots, const Clock& clock, Log& log, int lock,
               std::function<const SlotImage&(std::uint8_t)> image_of)
        : config_(config), slots_(slots), clock_(clock), log_(log), lock_(lock), image_of_(std::move(image_of)) {}

    Answer restart(std::uint8_t slot) override;
    Answer self_test(std::uint8_t slot) override;

    // Moves on; gives the answer to restart() or self_test() when there is one.
    Answer poll();
    Millis wake_at() const;
    // The way out: the program ends before this returns.
    void stop();

  private:
    enum class Test { none, waiting, command };
    bool hands_over() const { return !config_.activate_command.empty(); }
    ProgramSpec spec(const std::vector<std::string>& words, std::uint8_t slot) const;
    Answer start();
    Answer hand_over(std::uint8_t slot);
    Answer poll_hand_over();
    Answer poll_self_test();
    Answer fail_trial(Reason reason, std::string text);
    void program_ended();

    const Config& config_;
    const SlotFiles& slots_;
    const Clock& clock_;
    Log& log_;
    int lock_;
    std::function<const SlotImage&(std::uint8_t)> image_of_;

    std::optional<KeptProgram> program_;
    std::uint8_t slot_ = 0;  // of the program, or wanted
    bool wanted_ = false;
    bool owes_restart_ = false;
    bool stopping_ = false;
    Millis kill_at_ = Millis::max();
    Millis started_{0};
    Millis start_at_ = Millis::max();  // again
    Millis patience_{0};

    Test test_ = Test::none;
    Millis test_at_ = Millis::max();
    std::optional<KeptProgram> command_;  // of the self-test, or of handing over
    Millis command_until_ = Millis::max();
    int handing_ = 0;  // 1: install, 2: activate
    std::string text_;
};

}  // namespace otabahn::device
