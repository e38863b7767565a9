// SPDX-License-Identifier: Apache-2.0
// Whether the image on trial is good: it still runs after self_test_seconds, and then, each within
// self_test_timeout_seconds, the command succeeds, the HTTP probe answers, the systemd unit is active, the application says so
// itself. Only what device.toml names is asked, all of it must be good. Polled; owned by Stages.
#pragma once

#include "device/host/command.hpp"
#include "device/host/http_fetch.hpp"
#include "device/host/system_bus.hpp"
#include "device/install/installer.hpp"

#include <optional>
#include <string>

namespace otabahn::device {

class HealthCheck {
  public:
    HealthCheck(const InstallContext& context, Installer& installer) : context_(context), installer_(installer) {}

    struct Verdict {
        bool good = false;
        Reason reason = Reason::self_test;
        std::string text;
    };

    void begin(std::uint8_t slot);
    void cancel();
    bool under_way() const { return slot_.has_value(); }
    std::optional<Verdict> poll();
    void want(PollSet& set) const;
    // The application's own word. False: nobody waits for it.
    bool told(bool good, std::string_view why);

  private:
    std::optional<Verdict> end(bool good, std::string text, Reason reason = Reason::self_test);
    std::optional<Verdict> poll_command();
    void poll_probe();
    std::optional<Verdict> poll_unit();
    std::string what_is_missing() const;

    InstallContext context_;
    Installer& installer_;
    std::optional<std::uint8_t> slot_;
    Millis begins_{0}, until_{0}, again_at_ = Millis::max();
    std::optional<Command> command_;
    std::optional<HttpFetch> probe_;
    TlsContext tls_;
    SystemBus bus_;
    bool command_good_ = false, probe_good_ = false, unit_good_ = false, word_good_ = false;
    std::string probe_said_, unit_said_;
    std::optional<std::string> told_bad_;
};

}  // namespace otabahn::device
