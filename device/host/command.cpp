// SPDX-License-Identifier: Apache-2.0
#include "device/host/command.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace otabahn::device {

std::string last_line(std::string_view output) {
    constexpr std::size_t longest = 100;
    while (!output.empty() && (output.back() == '\n' || output.back() == '\r' || output.back() == ' ')) output.remove_suffix(1);
    if (const std::size_t newline = output.rfind('\n'); newline != std::string_view::npos) output.remove_prefix(newline + 1);
    std::string line(output.substr(0, longest));
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    return line;
}

Command::Command(std::string name, const ProgramSpec& spec, Millis now, Millis limit)
    : name_(std::move(name)), until_(now + limit), limit_(limit) {
    ProgramSpec captured = spec;
    captured.capture = true;
    auto started = KeptProgram::start(captured, -1);
    if (started) {
        program_.emplace(std::move(started).value());
    } else {
        end_ = End{false, name_ + ": " + started.error().message, {}};
    }
}

void Command::read_output() {
    char buffer[1'024];
    for (ssize_t count = 0; (count = ::read(program_->output(), buffer, sizeof buffer)) > 0;) {
        output_.append(buffer, static_cast<std::size_t>(count));
        if (output_.size() > most_output) output_.erase(0, output_.size() - most_output);
    }
}

void Command::end(bool good, std::string how) {
    End ended{good, {}, std::move(output_)};
    if (!good) {
        ended.text = name_ + " " + std::move(how);
        const std::string said = last_line(ended.output);
        ended.text += said.empty() ? "." : ": " + said;
    }
    program_.reset();
    end_ = std::move(ended);
}

const std::optional<Command::End>& Command::poll(Millis now) {
    if (end_) return end_;
    const bool over = program_->ended().has_value();  // first: what it said before is read after
    read_output();
    if (over) {
        end(program_->exit_status() == 0, "ended with " + *program_->ended());
    } else if (now >= until_) {
        end(false, "did not end within " + std::to_string(limit_.count() / 1'000) + " s");
    }
    return end_;
}

void Command::want(PollSet& set) const {
    if (end_) return;
    set.read(program_->output());
    set.wake(until_);
}

const Command::End& Command::wait(const Clock& clock) {
    while (!poll(clock.now())) ::usleep(5'000);
    return *end_;
}

}  // namespace otabahn::device
