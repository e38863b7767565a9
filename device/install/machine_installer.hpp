// SPDX-License-Identifier: Apache-2.0
// What the back ends have in common whose images are run by somebody else: the machine boots them, or restart_command makes
// them run. Knows which slot runs, runs a list of commands for a call, and hands over each image once.
#pragma once

#include "device/host/command.hpp"
#include "device/install/installer.hpp"

#include <deque>
#include <functional>

namespace otabahn::device {

class MachineInstaller : public Installer {
  public:
    using Installer::Installer;

    Answer activate(std::uint8_t slot) override { return say_done(ActionKind::activate, slot); }
    Answer confirm(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;
    Answer restart(std::uint8_t slot) override;
    Answer poll() override;
    void want(PollSet& set) const override;
    bool boots_machine() const override { return context_.settings.restart_command.empty(); }
    // running_command's word, else the kernel command line's otabahn.slot=, else find_running().
    Result<std::uint8_t> running() override;

  protected:
    struct Step {
        std::string name;  // as a person calls it
        ProgramSpec spec;
    };
    // One after the other; the first that fails is the answer. `then`, when all were good, gives the answer.
    Answer run(ActionKind action, std::vector<Step> steps, std::function<Answer()> then = {});
    Step step(std::string name, const Words& words, std::uint8_t slot) const { return {std::move(name), context_.spec(words, slot)}; }
    // For find_running(): waits for its end.
    Command::End ask(const std::string& name, const Words& words) const;
    virtual Result<std::uint8_t> find_running();

    // Who runs images without a boot is told of each once.
    bool handed_over(std::uint8_t slot) const;
    // Before it is done: what is cut off half way is to be done again, whichever slot is wanted then.
    void forget_handed_over();
    Answer note_handed_over(ActionKind action, std::uint8_t slot);

  private:
    Answer say_done(ActionKind action, std::uint8_t) { return say(action, true); }
    Answer next();

    ActionKind action_ = ActionKind::note;
    std::deque<Step> steps_;
    std::function<Answer()> then_;
    std::optional<Command> command_;
    Millis boots_until_ = Millis::max();
};

// "a" or "b" somewhere for itself, as running_command prints it.
std::optional<std::uint8_t> slot_named(std::string_view text);

}  // namespace otabahn::device
