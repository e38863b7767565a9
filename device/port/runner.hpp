// SPDX-License-Identifier: Apache-2.0
// Carries out what the update asks for, on a port, and feeds back what comes of it. One thread; not re-entrant: a port
// never calls feed() from within a call of its own.
#pragma once

#include "device/core/update.hpp"
#include "device/port/ports.hpp"

namespace otabahn::device {

class Runner {
  public:
    Runner(Update& update, const Ports& ports) : update_(update), ports_(ports) {}

    void boot(const BootId& boot, std::optional<std::uint8_t> running = std::nullopt, bool restart_boots_machine = false);
    void feed(const Input& input);
    // For the factory: slot a holds this image. `page` is room to put the record together; false: it could not be written.
    bool has_record() const { return !ports_.storage.read(0).empty() || !ports_.storage.read(1).empty(); }
    bool write_first_record(std::uint64_t size, const Digest& sha256, std::string_view version, std::span<std::uint8_t> page);
    // Ticks if one is due.
    void tick();
    Millis wake_at() const { return update_.wake_at(); }

  private:
    // Nothing: go on with the next action. `failed`: drop the rest.
    Answer carry_out(const Action& action, bool& failed);
    void push(const Input& input);

    // A step asks two things at the most that are answered at once, and each answer is taken before the next is asked for.
    static constexpr std::size_t most_waiting = 4;
    Update& update_;
    Ports ports_;
    Input waiting_[most_waiting];
    std::size_t waiting_count_ = 0;
    bool feeding_ = false;
};

}  // namespace otabahn::device
