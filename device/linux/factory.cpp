// SPDX-License-Identifier: Apache-2.0
// The two commands beside the agent: the first image, and what the state says.
#include "device/core/record.hpp"
#include "device/core/update.hpp"
#include "device/linux/agent.hpp"
#include "device/host/instance_lock.hpp"
#include "device/host/monotonic_clock.hpp"
#include "device/host/stderr_log.hpp"
#include "device/install/back_ends.hpp"
#include "device/linux/state_files.hpp"
#include "device/linux/trust.hpp"
#include "encoding/base64_string.hpp"
#include "encoding/json.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <vector>

namespace otabahn::device {

namespace {

Result<void> copy_into_slot(SlotFiles& slots, const std::filesystem::path& from, std::uint64_t size) {
    const Descriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) return fail(ErrorCode::not_found, trouble_with(from, "cannot be opened"), from.string());
    const auto failed = [&](const Trouble& trouble) { return trouble.has_value(); };
    Trouble trouble = slots.prepare(0, size);
    if (failed(trouble)) return fail(ErrorCode::unavailable, std::string(*trouble));
    std::vector<std::uint8_t> buffer(64 * 1024);
    for (std::uint64_t offset = 0; offset < size;) {
        const ssize_t count = ::read(in.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return fail(ErrorCode::unavailable, trouble_with(from, "cannot be read to its end"), from.string());
        trouble = slots.write(0, offset, {buffer.data(), static_cast<std::size_t>(count)});
        if (failed(trouble)) return fail(ErrorCode::unavailable, std::string(*trouble));
        offset += static_cast<std::uint64_t>(count);
    }
    trouble = slots.flush(0);
    if (failed(trouble)) return fail(ErrorCode::unavailable, std::string(*trouble));
    trouble = slots.close(0);
    if (failed(trouble)) return fail(ErrorCode::unavailable, std::string(*trouble));
    return {};
}

std::string_view state_name(const Record& record) {
    if (record.outcome != Outcome::none) return "reporting";
    switch (record.stage) {
        case Stage::none:
            return "idle";
        case Stage::downloading:
            return record.job.id.empty() ? "idle" : "downloading";
        case Stage::activating:
            return "activating";
        case Stage::armed:
            return "restarting";
        case Stage::on_trial:
            return "on-trial";
        case Stage::confirming:
            return "confirming";
        case Stage::rolling_back:
            return "rolling-back";
    }
    return "idle";
}

}  // namespace

namespace {

Result<void> put_into_slot_a(const Config& config, SlotFiles& slots, const std::filesystem::path& image, const SlotImage& facts) {
    if (facts.size > config.slot_bytes)
        return fail(ErrorCode::invalid_request, image.string() + " has " + std::to_string(facts.size) + " bytes; a slot takes 1 to " +
                                                    std::to_string(config.slot_bytes) + " (slot_bytes in device.toml).");
    if (auto copied = copy_into_slot(slots, image, facts.size); !copied) return copied;
    const auto written = hash_file(slots.image(0));
    if (!written || written->sha256 != facts.sha256 || written->size != facts.size)
        return fail(ErrorCode::unavailable, slots.image(0).string() + " does not read back as " + image.string() +
                                                ": the disk is faulty, or the file changed meanwhile.");
    return {};
}

// What does not belong to the first image any more.
void forget_the_past(const Config& config) {
    for (const char* name : {"handed-over", "rauc-slots", "boot-count"}) ::unlink((config.state / name).c_str());
}

}  // namespace

Result<std::string> install_factory_image(const Config& config, const std::filesystem::path& image, const std::string& version,
                                          std::optional<std::uint8_t> slot) {
    SlotImage facts;
    if (version.empty() || !facts.version.assign(version))
        return fail(ErrorCode::invalid_request, "--version takes a text of 1 to 64 characters; '" + version + "' is none.");
    for (char c : version)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            return fail(ErrorCode::invalid_request, "--version takes no control characters.");
    if (auto made = make_folder(config.state); !made) return Unexpected(made.error());
    auto lock = take_instance_lock(config.state, std::chrono::milliseconds{0});
    if (!lock) return Unexpected(lock.error());
    const auto hashed = hash_file(image);
    if (!hashed) return Unexpected(hashed.error());
    if (hashed->size == 0) return fail(ErrorCode::invalid_request, image.string() + " is empty.");
    facts.size = hashed->size;
    facts.sha256 = hashed->sha256;

    const BackEnd& back_end = *find_back_end(config.install);
    SlotFiles slots(config.state, back_end.places(config));
    MonotonicClock clock;
    StderrLog log;
    Record record = Update::factory_record(facts);
    forget_the_past(config);
    const auto installer = back_end.make({config, slots, clock, log, -1, [&record]() -> const Record& { return record; }});
    if (back_end.takes_factory_image) {
        if (slot.value_or(0) != 0)
            return fail(ErrorCode::invalid_request,
                        "--slot is for machines that run an image already; install = \"" + config.install + "\" puts it into a.");
        if (auto put = put_into_slot_a(config, slots, image, facts); !put) return Unexpected(put.error());
        if (auto adopted = installer->adopt(0); !adopted) return Unexpected(adopted.error());
    } else {
        const bool ask = !slot && installer->boots_machine();
        const Result<std::uint8_t> running = ask ? installer->running() : Result<std::uint8_t>(slot.value_or(0));
        if (!running) return fail(ErrorCode::unavailable, running.error().message + " Or say --slot a or --slot b.");
        std::swap(record.slots[0], record.slots[*running]);
        record.active = *running;
    }
    // Both pages, so that damage to one leaves the other.
    std::vector<std::uint8_t> page(Record::fixed_bytes_at_most);
    StateFiles state(config.state);
    for (std::uint8_t number = 0; number < 2; ++number) {
        const Trouble trouble = state.write(number, encode_record(record, {}, number + 1U, page));
        if (trouble) return fail(ErrorCode::unavailable, std::string(*trouble));
    }
    return std::string("slot ") + SlotFiles::letter(record.active) + (back_end.takes_factory_image ? " holds " : " runs ") + version +
           " (" + std::to_string(facts.size) + " bytes, sha256 " + encoding::to_hex(ByteView(facts.sha256)) + ")";
}

Result<std::string> describe_state(const Config& config, bool waits_for_leave) {
    StateFiles state(config.state);
    std::vector<std::uint8_t> bitmap(Transfer::max_block_number / 8);
    const auto loaded = decode_newest(state.read(0), state.read(1), bitmap);
    if (!loaded)
        return fail(ErrorCode::not_found,
                    config.state.string() + " holds no state that could be read: put an image there with `otabahn-device factory`.",
                    config.state.string());
    const Record& record = loaded->record;
    const SlotImage& image = record.slots[record.active];
    const SlotFiles slots(config.state, find_back_end(config.install)->places(config));
    const std::string path = slots.image(record.active).string(), hash = encoding::to_hex(ByteView(image.sha256));
    std::vector<char> out(2'048 + path.size() * 6);
    encoding::JsonWriter to(out);
    const auto member = [&](std::string_view key, std::string_view value) {
        to.key(key);
        to.string(value);
    };
    to.begin_object();
    const std::string_view name = waits_for_leave ? "waiting" : state_name(record);
    member("state", name);
    member("slot", std::string(1, SlotFiles::letter(record.active)));
    member("version", image.version.view());
    to.key("versionSigned");
    to.boolean(image.version_signed);
    // Some back ends have it in places of their own.
    std::error_code none;
    if (std::filesystem::exists(path, none)) member("image", path);
    member("sha256", hash);
    if (name != "idle") {
        member("job", record.job.id.view());
        if (record.stage != Stage::none) member("nextVersion", record.slots[record.target()].version.view());
        if (record.reason != Reason::none) member("reason", word_of(record.reason));
    }
    if (name == "downloading" && record.blocks > 0) {
        std::uint64_t here = 0;
        for (std::size_t i = 0; i < Transfer::bitmap_bytes(record.blocks); ++i)
            here += static_cast<std::uint64_t>(std::popcount(bitmap[i]));
        to.key("progress");
        to.unsigned_integer(here * 100 / record.blocks);
    }
    to.end_object();
    return std::string(to.written());
}

}  // namespace otabahn::device
