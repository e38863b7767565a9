// SPDX-License-Identifier: Apache-2.0
// A command that is to end by itself within its time: a hook, a self-test, fw_setenv. The last line of what it says is kept,
// because that is what a person will ask for. Polled; one thread.
#pragma once

#include "device/host/keeper.hpp"
#include "device/host/poll_set.hpp"
#include "device/port/ports.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::device {

class Command {
  public:
    struct End {
        bool good = false;
        std::string text;    // "NAME ended with exit status 3: its last line"; empty when good
        std::string output;  // at most most_output of its end
    };
    static constexpr std::size_t most_output = 2'048;

    // `name` is what a person calls it. What cannot be started has ended.
    Command(std::string name, const ProgramSpec& spec, Millis now, Millis limit);

    const std::optional<End>& poll(Millis now);
    void want(PollSet& set) const;
    // Blocks until it has ended or its time is over; for the start, before there is a loop.
    const End& wait(const Clock& clock);

  private:
    void read_output();
    void end(bool good, std::string how);

    std::string name_;
    Millis until_, limit_;
    std::optional<KeptProgram> program_;
    std::string output_;
    std::optional<End> end_;
};

// The last line that is not empty, without control characters, cut to what a report takes.
std::string last_line(std::string_view output);

}  // namespace otabahn::device
