// SPDX-License-Identifier: Apache-2.0
// The system's D-Bus, by sd-bus: what RAUC and systemd are spoken to with. Connected when it is first needed; a bus that is
// not there is told when something is asked of it.
#pragma once

#include "base/error.hpp"
#include "device/host/poll_set.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

struct sd_bus;
struct sd_bus_message;

namespace otabahn::device {

class SystemBus {
  public:
    struct Object {
        const char* service;
        const char* path;
        const char* interface;
    };
    struct Release {
        void operator()(sd_bus* bus) const;
    };

    Result<sd_bus*> connected();
    // Blocks for a few seconds at the most.
    Result<std::string> read_text(const Object& object, const char* property);
    Result<std::uint32_t> read_number(const Object& object, const char* property);
    // The first text that it answers, blocking likewise; `arguments` are texts.
    Result<std::string> call(const Object& object, const char* method, std::initializer_list<const char*> arguments);

    void work();
    void want(PollSet& set) const;
    // After work(): the bus has gone; the next use connects again.
    bool lost() const { return lost_; }

  private:
    std::unique_ptr<sd_bus, Release> bus_;
    bool lost_ = false;
};

// "could not be called: words of the bus"
std::string bus_trouble(const SystemBus::Object& object, const std::string& what, const char* words);

}  // namespace otabahn::device
