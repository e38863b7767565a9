// SPDX-License-Identifier: Apache-2.0
// The port's slots and program, put together: each call of the update becomes a list of steps (a hook, the installer, the
// health check), done one after the other; the first that fails is the answer. Calls are worked off in their order, but a
// later one ends what only waits (a leave to download, a self-test). One thread, polled by the agent's loop.
#pragma once

#include "device/install/health_check.hpp"
#include "device/install/hooks.hpp"
#include "device/install/installer.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace otabahn::device {

class Stages final : public Slots, public Program {
  public:
    Stages(const InstallContext& context, std::unique_ptr<Installer> installer);

    Trouble prepare(std::uint8_t slot, std::uint64_t size) override { return context_.slots.prepare(slot, size); }
    Trouble write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) override { return context_.slots.write(slot, offset, bytes); }
    Trouble flush(std::uint8_t slot) override { return context_.slots.flush(slot); }
    Trouble keep_document(std::uint8_t slot, ByteView document) override { return context_.slots.keep_document(slot, document); }
    Answer activate(std::uint8_t slot) override;
    Answer confirm(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;
    Answer allow_download(std::uint8_t slot, std::string_view job, ByteView document) override;
    Answer restart(std::uint8_t slot) override;
    Answer self_test(std::uint8_t slot) override;

    Installer& installer() { return *installer_; }
    Answer poll();
    void want(PollSet& set) const;
    void stop();

    // From outside, by the application or a person. False: nothing waits for that.
    bool told_healthy(bool good, std::string_view why) { return health_.told(good, why); }
    bool told_leave(bool allowed, std::string_view why);
    bool waits_for_leave() const { return under_way_ && current_.kind == Step::Kind::leave; }
    // Called when a slot is confirmed, before the hook; gives trouble, which is told but changes nothing.
    void on_confirmed(std::function<std::string(std::uint8_t)> what) { on_confirmed_ = std::move(what); }

  private:
    struct Step {
        enum class Kind { leave, hook, installer, health, confirmed } kind = Kind::hook;
        std::string_view hook;
        bool must = true;  // else its failure is a remark
        static Step of_hook(std::string_view name) { return {Kind::hook, name, true}; }
        static Step of_late_hook(std::string_view name) { return {Kind::hook, name, false}; }
    };
    using Steps = std::deque<Step>;
    static constexpr Step install{Step::Kind::installer, {}, true};
    struct Call {
        ActionKind action = ActionKind::note;
        std::uint8_t slot = 0;
        Steps steps;
        std::string job, document, remarks;  // job and document: of an order that is not in the record yet
    };
    Answer begin(ActionKind action, std::uint8_t slot, Steps steps) { return begin({action, slot, std::move(steps), {}, {}, {}}); }
    Answer begin(Call call);
    Answer go_on();
    // The step's end: nothing while it is under way.
    struct StepEnd {
        bool good = true;
        Reason reason = Reason::none;
        std::string text;
    };
    std::optional<StepEnd> start_step();
    std::optional<StepEnd> poll_step();
    std::optional<StepEnd> start_hook(const Step& step);
    std::optional<StepEnd> of(const Answer& answer) const;
    Answer call_installer();
    Answer answer(bool good, Reason reason, std::string text);
    void leave_waiting_step();
    bool of_an_update(std::uint8_t slot) const;

    InstallContext context_;
    std::unique_ptr<Installer> installer_;
    HealthCheck health_;
    std::function<std::string(std::uint8_t)> on_confirmed_;
    std::deque<Call> calls_;
    bool under_way_ = false;  // current_ is
    Step current_;
    std::optional<Command> hook_;
    std::optional<bool> leave_;
    std::string leave_words_, text_;
};

}  // namespace otabahn::device
