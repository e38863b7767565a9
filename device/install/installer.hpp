// SPDX-License-Identifier: Apache-2.0
// What a back end does with an image that is whole and verified: make it the one that starts, run it, confirm it, go back.
// One call at a time; where a call gives no answer, poll() gives it later. Owned by Stages, polled by the agent's loop.
#pragma once

#include "device/core/record.hpp"
#include "device/host/poll_set.hpp"
#include "device/install/settings.hpp"
#include "device/install/slot_files.hpp"
#include "device/host/keeper.hpp"
#include "device/port/ports.hpp"

#include <functional>
#include <optional>
#include <string>

namespace otabahn::device {

struct InstallContext {
    const InstallSettings& settings;
    SlotFiles& slots;
    const Clock& clock;
    Log& log;
    int lock = -1;  // the agent's; a supervised program's keeper holds it too
    std::function<const Record&()> record;

    const SlotImage& image(std::uint8_t slot) const { return record().slots[slot]; }
    // `words` with {image} replaced, and what programs and commands see of the slot.
    ProgramSpec spec(const Words& words, std::uint8_t slot) const;
};

class Installer {
  public:
    explicit Installer(const InstallContext& context) : context_(context) {}
    virtual ~Installer() = default;

    // As the ports of the same names (device/port/ports.hpp).
    virtual Answer activate(std::uint8_t slot) = 0;
    virtual Answer confirm(std::uint8_t slot) = 0;
    virtual Answer roll_back(std::uint8_t slot) = 0;
    virtual Answer restart(std::uint8_t slot) = 0;

    virtual Answer poll() { return std::nullopt; }
    virtual void want(PollSet&) const {}
    // Why the image that is on trial does not run any more; nothing: as far as is known it does.
    virtual std::optional<std::string> ended() { return std::nullopt; }
    // `restart` ends in a boot of the machine.
    virtual bool boots_machine() const { return false; }
    // Of a machine that boots: which slot it came up with.
    virtual Result<std::uint8_t> running() { return context_.record().active; }
    // `factory` has put the first image into that slot.
    virtual Result<void> adopt(std::uint8_t) { return {}; }
    // The way out: what was started by us has ended when it returns.
    virtual void stop() {}

  protected:
    Answer say(ActionKind action, bool good, std::string text = {}) {
        text_ = std::move(text);
        return Input::done(action, good, text_);
    }
    InstallContext context_;

  private:
    std::string text_;
};

}  // namespace otabahn::device
