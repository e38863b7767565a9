// SPDX-License-Identifier: Apache-2.0
// Counts the boots of an image on trial, in a file of its own: the record is the agent's alone. The agent, once it runs in the
// old image again, finds that the machine came up elsewhere and tells so.
#include "device/core/update.hpp"
#include "device/host/command.hpp"
#include "device/host/instance_lock.hpp"
#include "device/host/monotonic_clock.hpp"
#include "device/host/stderr_log.hpp"
#include "device/install/back_ends.hpp"
#include "device/linux/agent.hpp"
#include "device/linux/state_files.hpp"
#include "encoding/base64_string.hpp"

#include <unistd.h>

#include <vector>

namespace otabahn::device {

namespace {

struct Count {
    std::string boot;  // counted last
    std::uint32_t boots = 0;
};

Count load_count(const std::filesystem::path& file) {
    const auto text = read_file(file, 256);
    const std::size_t space = text ? text->find(' ') : std::string::npos;
    if (space == std::string::npos) return {};
    Count count{text->substr(0, space), 0};
    for (char c : text->substr(space + 1))
        if (c >= '0' && c <= '9' && count.boots < 1'000'000) count.boots = count.boots * 10 + static_cast<std::uint32_t>(c - '0');
    return count;
}

// Waits for the installer's answer: there is no loop here.
Result<void> wait_for(Installer& installer, Answer answer, const Clock& clock) {
    while (!answer) {
        PollSet set;
        installer.want(set);
        set.wake(clock.now() + Millis{50});
        set.wait(clock.now());
        answer = installer.poll();
    }
    if (!answer->good) return fail(ErrorCode::unavailable, std::string(answer->text));
    return {};
}

}  // namespace

Result<std::string> guard_boots(const Config& config) {
    auto lock = take_instance_lock(config.state, std::chrono::milliseconds{0});
    if (!lock) return Unexpected(lock.error());
    const std::filesystem::path file = config.state / "boot-count";
    StateFiles state(config.state);
    std::vector<std::uint8_t> bitmap(Transfer::max_block_number / 8);
    const auto loaded = decode_newest(state.read(0), state.read(1), bitmap);
    const Stage stage = loaded ? loaded->record.stage : Stage::none;
    if (stage != Stage::armed && stage != Stage::on_trial) {
        ::unlink(file.c_str());
        return std::string("no image is on trial");
    }
    const auto boot = read_boot_id(config.boot_id);
    if (!boot) return Unexpected(boot.error());
    Count count = load_count(file);
    const std::string now = encoding::to_hex(*boot);
    // The boot in which it was armed is no boot of the new image.
    if (*boot == loaded->record.trial_boot && stage == Stage::armed) return std::string("the machine has not booted since the update");
    if (count.boot != now) count = {now, count.boots + 1};
    if (auto kept = replace_file(file, as_bytes(count.boot + " " + std::to_string(count.boots))); !kept) return Unexpected(kept.error());
    if (count.boots <= config.trial_boots)
        return "boot " + std::to_string(count.boots) + " of " + std::to_string(config.trial_boots) + " of an image on trial";

    const BackEnd& back_end = *find_back_end(config.install);
    SlotFiles slots(config.state, back_end.places(config));
    MonotonicClock clock;
    StderrLog log;
    const InstallContext context{config, slots, clock, log, -1, [&loaded]() -> const Record& { return loaded->record; }};
    const auto installer = back_end.make(context);
    if (auto back = wait_for(*installer, installer->roll_back(loaded->record.active), clock); !back) return Unexpected(back.error());
    if (installer->boots_machine()) {
        Command reboot("reboot_command", context.spec(config.reboot_command, loaded->record.active), clock.now(), config.command_seconds);
        const Command::End& end = reboot.wait(clock);
        if (!end.good) return fail(ErrorCode::unavailable, end.text);
    }
    return "the image on trial had " + std::to_string(config.trial_boots) + " boots and no agent confirmed it: rolled back";
}

}  // namespace otabahn::device
