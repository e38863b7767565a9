// SPDX-License-Identifier: Apache-2.0
// The C header's other side: ports that call functions, and the update with its runner in the caller's memory.
#include "otabahn_device.h"

#include "device/port/runner.hpp"

#include <new>

namespace {

using namespace otabahn;
using namespace otabahn::device;

constexpr std::string_view could_not = "the port could not do it";

otabahn_bytes to_c(ByteView view) { return {view.data(), view.size()}; }
otabahn_text to_c(std::string_view view) { return {view.data(), view.size()}; }
std::string_view text_of(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }

Trouble trouble(bool good) { return good ? Trouble() : Trouble(could_not); }

Answer answer(ActionKind action, otabahn_answer given) {
    return given == OTABAHN_LATER ? Answer() : Answer(Input::done(action, given == OTABAHN_DONE));
}

Digest digest_of(const std::uint8_t* bytes) {
    Digest out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = bytes[i];
    return out;
}

Input checked(otabahn_trust trust) { return Input::checked(static_cast<Trust>(trust)); }

Input verified(otabahn_trust trust, const std::uint8_t* digest) {
    const bool readable = trust != OTABAHN_UNREADABLE;
    return Input::verified(readable, digest_of(digest), readable ? static_cast<Trust>(trust) : Trust::good);
}

static_assert(static_cast<int>(Trust::good) == OTABAHN_GOOD && static_cast<int>(Trust::unsupported) == OTABAHN_UNSUPPORTED);
static_assert(static_cast<int>(SignatureKind::sha256_ecdsa) == OTABAHN_SHA256_ECDSA &&
              static_cast<int>(SignatureKind::sha256_rsa) == OTABAHN_SHA256_RSA);

otabahn_signature to_c(const SignatureFacts& facts) {
    return {static_cast<otabahn_signature_kind>(facts.kind), to_c(facts.value), to_c(facts.certificate)};
}

class CPorts final : public Slots, public StateStorage, public Verifier, public Program, public Transport, public Log, public Clock {
  public:
    explicit CPorts(const otabahn_ports& ports) : c_(ports) {}

    Trouble prepare(std::uint8_t slot, std::uint64_t size) override { return trouble(c_.prepare_slot(c_.user, slot, size)); }
    Trouble write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) override {
        return trouble(c_.write_slot(c_.user, slot, offset, to_c(bytes)));
    }
    Trouble flush(std::uint8_t slot) override { return trouble(c_.flush_slot(c_.user, slot)); }
    Trouble keep_document(std::uint8_t slot, ByteView document) override {
        return trouble(c_.keep_document == nullptr || c_.keep_document(c_.user, slot, to_c(document)));
    }
    Answer activate(std::uint8_t slot) override { return answer(ActionKind::activate, c_.activate(c_.user, slot)); }
    Answer confirm(std::uint8_t slot) override { return answer(ActionKind::confirm, c_.confirm(c_.user, slot)); }
    Answer roll_back(std::uint8_t slot) override { return answer(ActionKind::roll_back, c_.roll_back(c_.user, slot)); }

    ByteView read(std::uint8_t page) override {
        const otabahn_bytes stored = c_.read_page(c_.user, page);
        return {stored.data, stored.size};
    }
    Trouble write(std::uint8_t page, ByteView bytes) override { return trouble(c_.write_page(c_.user, page, to_c(bytes))); }

    Answer check(const SignatureFacts& facts, ByteView message, const Digest* digest) override {
        const otabahn_signature signature = to_c(facts);
        const otabahn_trust trust = c_.check_signature(c_.user, &signature, to_c(message), digest == nullptr ? nullptr : digest->data());
        return trust == OTABAHN_TRUST_LATER ? Answer() : Answer(checked(trust));
    }
    Answer verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& facts) override {
        const otabahn_signature signature = to_c(facts);
        std::uint8_t digest[32] = {};
        const otabahn_trust trust = c_.verify(c_.user, slot, size, &signature, digest);
        return trust == OTABAHN_TRUST_LATER ? Answer() : Answer(verified(trust, digest));
    }

    Answer allow_download(std::uint8_t slot, std::string_view job, ByteView document) override {
        if (c_.allow_download == nullptr) return Input::done(ActionKind::allow_download, true);
        return answer(ActionKind::allow_download, c_.allow_download(c_.user, slot, to_c(job), to_c(document)));
    }
    Answer restart(std::uint8_t slot) override { return answer(ActionKind::restart, c_.restart(c_.user, slot)); }
    Answer self_test(std::uint8_t slot) override { return answer(ActionKind::self_test, c_.self_test(c_.user, slot)); }

    void publish(std::string_view topic, ByteView payload, std::uint8_t qos) override {
        c_.publish(c_.user, to_c(topic), to_c(payload), qos);
    }
    void subscribe(std::string_view topic) override { c_.subscribe(c_.user, to_c(topic)); }
    void unsubscribe(std::string_view topic) override { c_.unsubscribe(c_.user, to_c(topic)); }
    void note(std::string_view text) override {
        if (c_.note != nullptr) c_.note(c_.user, to_c(text));
    }
    Millis now() const override { return Millis(static_cast<Millis::rep>(c_.now(c_.user))); }

  private:
    otabahn_ports c_;
};

Settings settings_of(const otabahn_settings& c) {
    Settings settings;
    settings.thing = text_of(c.thing);
    settings.policy = {text_of(c.product), text_of(c.hardware), c.slot_bytes, c.require_release, c.allow_downgrade, c.allow_unsigned};
    if (c.block_bytes > 0) settings.block_bytes = c.block_bytes;
    if (c.window_bytes > 0) settings.link.max_window_bytes = c.window_bytes;
    settings.max_bytes_per_second = c.max_bytes_per_second;
    return settings;
}

template <class T>
std::span<T> span_of(const otabahn_buffer& buffer) {
    return {static_cast<T*>(buffer.data), buffer.size};
}

struct Device {
    Device(const otabahn_settings& settings, const otabahn_memory& memory, const otabahn_ports& c)
        : ports(c),
          page(span_of<std::uint8_t>(memory.page)),
          update(settings_of(settings), {span_of<char>(memory.out), span_of<char>(memory.document), span_of<std::uint8_t>(memory.scratch),
                                         span_of<std::uint8_t>(memory.signature), span_of<std::uint8_t>(memory.bitmap), page}),
          runner(update, {ports, ports, ports, ports, ports, ports, ports}) {}

    CPorts ports;
    std::span<std::uint8_t> page;
    Update update;
    Runner runner;
};
static_assert(sizeof(Device) <= OTABAHN_DEVICE_BYTES && alignof(Device) <= alignof(otabahn_device), "OTABAHN_DEVICE_BYTES is too small");

Device& of(otabahn_device* device) { return *reinterpret_cast<Device*>(device->opaque.bytes); }
const Device& of(const otabahn_device* device) { return *reinterpret_cast<const Device*>(device->opaque.bytes); }

ActionKind action_of(otabahn_stage stage) {
    switch (stage) {
        case OTABAHN_ALLOW_DOWNLOAD:
            return ActionKind::allow_download;
        case OTABAHN_ACTIVATE:
            return ActionKind::activate;
        case OTABAHN_RESTART:
            return ActionKind::restart;
        case OTABAHN_SELF_TEST:
            return ActionKind::self_test;
        case OTABAHN_CONFIRM:
            return ActionKind::confirm;
        case OTABAHN_ROLL_BACK:
            break;
    }
    return ActionKind::roll_back;
}

}  // namespace

void otabahn_device_init(otabahn_device* device, const otabahn_settings* settings, const otabahn_memory* memory,
                         const otabahn_ports* ports) {
    new (device->opaque.bytes) Device(*settings, *memory, *ports);
}

bool otabahn_device_factory(otabahn_device* device, uint64_t size, const uint8_t sha256[32], const char* version) {
    Device& self = of(device);
    return self.runner.write_first_record(size, digest_of(sha256), text_of(version), self.page);
}

void otabahn_device_boot(otabahn_device* device, const uint8_t boot_id[16], int running, bool restart_boots_machine) {
    BootId boot{};
    for (std::size_t i = 0; i < boot.size(); ++i) boot[i] = boot_id[i];
    of(device).runner.boot(boot, running < 0 ? std::nullopt : std::optional(static_cast<std::uint8_t>(running)), restart_boots_machine);
}

void otabahn_device_connected(otabahn_device* device, bool up) { of(device).runner.feed(Input::connection(up)); }

void otabahn_device_message(otabahn_device* device, otabahn_text topic, otabahn_bytes payload) {
    of(device).runner.feed(Input::message({topic.data, topic.size}, {payload.data, payload.size}));
}

void otabahn_device_tick(otabahn_device* device) { of(device).runner.tick(); }

uint64_t otabahn_device_wake_at(const otabahn_device* device) {
    const Millis wake = of(device).runner.wake_at();
    return wake == Millis::max() ? UINT64_MAX : static_cast<uint64_t>(wake.count());
}

void otabahn_device_done(otabahn_device* device, otabahn_stage stage, bool good, const char* why) {
    of(device).runner.feed(Input::done(action_of(stage), good, text_of(why)));
}

void otabahn_device_checked(otabahn_device* device, otabahn_trust trust) { of(device).runner.feed(checked(trust)); }

void otabahn_device_verified(otabahn_device* device, otabahn_trust trust, const uint8_t digest[32]) {
    of(device).runner.feed(verified(trust, digest));
}

uint8_t otabahn_device_slot_to_run(const otabahn_device* device) { return of(device).update.slot_to_run(); }

otabahn_text otabahn_device_version(const otabahn_device* device) {
    const Record& record = of(device).update.record();
    return to_c(record.slots[record.active].version.view());
}

const char* otabahn_device_state(const otabahn_device* device) { return name_of(of(device).update.state()).data(); }
