// SPDX-License-Identifier: Apache-2.0
// The update's core on a simulated device, fed with any messages on any of its topics, answers, ticks and lost connections.
// Whatever comes, the flash holds an image that boots, and no action lies outside what a port must bear.
#include "device/port/runner.hpp"
#include "device/sim/sim_device.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

using namespace otabahn;
using namespace otabahn::device;

namespace {

constexpr std::size_t slot_bytes = 1'024;
const std::vector<std::uint8_t> first_image(40, 0x5A);

// The pages of a device that left the factory, put together once.
std::vector<std::uint8_t> factory_page(std::uint32_t sequence) {
    SlotImage image;
    image.size = first_image.size();
    image.sha256 = sim::toy_hash(first_image);
    image.version.assign("1.0.0");
    std::vector<std::uint8_t> page(2'048);
    page.resize(encode_record(Update::factory_record(image), {}, sequence, page).size());
    return page;
}
const std::vector<std::uint8_t> first_pages[2] = {factory_page(1), factory_page(2)};

class World final : public Verifier, public Program, public Transport, public Log, public Clock {
  public:
    World() : flash(slot_bytes) {
        flash.put(0, first_image);
        for (std::size_t page = 0; page < 2; ++page) flash.pages_[page] = first_pages[page];
    }
    Answer check(const SignatureFacts& signature, ByteView message, const Digest* digest) override {
        if (message.empty() && digest == nullptr && signature.kind == SignatureKind::none) std::abort();
        return Input::checked(signature.value.empty() || (signature.value[0] & 1) == 0 ? Trust::good : Trust::wrong);
    }
    Answer verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts&) override {
        const ByteView bytes = flash.slot(slot, static_cast<std::size_t>(std::min<std::uint64_t>(size, slot_bytes)));
        return Input::verified(bytes.size() == size, sim::toy_hash(bytes), Trust::good);
    }
    Answer restart(std::uint8_t) override { return Input::done(ActionKind::restart, true); }
    Answer self_test(std::uint8_t) override { return Input::done(ActionKind::self_test, passes); }
    void publish(std::string_view topic, ByteView payload, std::uint8_t qos) override {
        if (topic.empty() || topic.size() > 256 || payload.size() > 128 * 1024 || qos > 1) std::abort();
    }
    void subscribe(std::string_view topic) override {
        if (topic.empty() || topic.size() > 256) std::abort();
    }
    void unsubscribe(std::string_view) override {}
    void note(std::string_view) override {}
    Millis now() const override { return time; }

    sim::SimFlash flash;
    Millis time{1'000};
    bool passes = true;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    World world;
    // What a run leaves there is what memory after a boot holds.
    static char out[4'096], document[2'048];
    static std::uint8_t scratch[1'024], signature[128], bitmap[8], page[Record::fixed_bytes_at_most + sizeof bitmap];
    const Settings settings{.thing = "T", .policy = {"lamp", "rev-b", slot_bytes, false, false, true}, .block_bytes = 256};
    Update update(settings, Memory{out, document, scratch, signature, bitmap, page});
    Runner runner(update, {world.flash, world.flash, world, world, world, world, world});
    runner.boot({});
    runner.feed(Input::connection(true));
    // A long conversation finds little that a short one does not, and costs runs.
    for (int messages = 0; size >= 3 && messages < 24; ++messages) {
        const std::uint8_t kind = data[0] % 12;
        const std::size_t length = std::min<std::size_t>(size - 3, data[1] | data[2] << 8);
        const ByteView payload{data + 3, length};
        data += 3 + length;
        size -= 3 + length;
        world.time += Millis{20};
        const auto message = [&](const char* topic) { runner.feed(Input::message(topic, payload)); };
        switch (kind) {
            case 0:
                message("$aws/things/T/jobs/$next/get/accepted");
                break;
            case 1:
                message("$aws/things/T/jobs/notify-next");
                break;
            case 2:
                message("$aws/things/T/jobs/J/update/accepted");
                break;
            case 3:
                message("$aws/things/T/jobs/J/update/rejected");
                break;
            case 4:
                message("$aws/things/T/jobs/$next/get/rejected");
                break;
            case 5:
            case 6:
                message("$aws/things/T/streams/S/data/cbor");
                break;
            case 7:
                message("$aws/things/T/streams/S/rejected/cbor");
                break;
            case 8:
                world.time += Millis{30'000};
                runner.feed(Input::tick());
                break;
            case 9:
                runner.feed(Input::connection(false));
                break;
            case 10:
                runner.feed(Input::connection(true));
                break;
            case 11:
                runner.feed(Input::message(as_text(payload.first(length / 2)), payload.subspan(length / 2)));
                break;
        }
    }
    std::vector<std::uint8_t> stored(64);
    const auto loaded = decode_newest(world.flash.pages_[0], world.flash.pages_[1], stored);
    if (!loaded) std::abort();
    const SlotImage& active = loaded->record.slots[loaded->record.active];
    const ByteView image = world.flash.slot(loaded->record.active, active.size);
    if (!active.present || sim::toy_hash(image) != active.sha256) std::abort();
    return 0;
}
