// SPDX-License-Identifier: Apache-2.0
#include "device/host/system_bus.hpp"

#include <systemd/sd-bus.h>

#include <cstring>

namespace otabahn::device {

namespace {

constexpr std::uint64_t patience_us = 10'000'000;

struct Answered {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* message = nullptr;
    ~Answered() {
        sd_bus_error_free(&error);
        sd_bus_message_unref(message);
    }
    const char* words(int code) const { return error.message != nullptr ? error.message : std::strerror(-code); }
};

}  // namespace

std::string bus_trouble(const SystemBus::Object& object, const std::string& what, const char* words) {
    return std::string(object.service) + " on the system's D-Bus: " + what + ": " + words + ".";
}

void SystemBus::Release::operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }

Result<sd_bus*> SystemBus::connected() {
    if (lost_) bus_.reset();
    lost_ = false;
    if (bus_) return bus_.get();
    sd_bus* made = nullptr;
    const int code = sd_bus_open_system(&made);
    if (code < 0) return fail(ErrorCode::unavailable, std::string("the system's D-Bus cannot be reached: ") + std::strerror(-code) + ".");
    bus_.reset(made);
    sd_bus_set_method_call_timeout(made, patience_us);
    return made;
}

Result<std::string> SystemBus::read_text(const Object& object, const char* property) {
    const auto bus = connected();
    if (!bus) return Unexpected(bus.error());
    Answered answered;
    char* text = nullptr;
    const int code = sd_bus_get_property_string(*bus, object.service, object.path, object.interface, property, &answered.error, &text);
    if (code < 0) return fail(ErrorCode::unavailable, bus_trouble(object, std::string("property ") + property, answered.words(code)));
    std::string out(text);
    std::free(text);
    return out;
}

Result<std::uint32_t> SystemBus::read_number(const Object& object, const char* property) {
    const auto bus = connected();
    if (!bus) return Unexpected(bus.error());
    Answered answered;
    std::uint32_t value = 0;
    const int code =
        sd_bus_get_property_trivial(*bus, object.service, object.path, object.interface, property, &answered.error, 'u', &value);
    if (code < 0) return fail(ErrorCode::unavailable, bus_trouble(object, std::string("property ") + property, answered.words(code)));
    return value;
}

Result<std::string> SystemBus::call(const Object& object, const char* method, std::initializer_list<const char*> arguments) {
    const auto bus = connected();
    if (!bus) return Unexpected(bus.error());
    Answered answered, made;
    int code = sd_bus_message_new_method_call(*bus, &made.message, object.service, object.path, object.interface, method);
    for (const char* argument : arguments)
        if (code >= 0) code = sd_bus_message_append_basic(made.message, 's', argument);
    if (code >= 0) code = sd_bus_call(*bus, made.message, patience_us, &answered.error, &answered.message);
    if (code < 0) return fail(ErrorCode::unavailable, bus_trouble(object, std::string("method ") + method, answered.words(code)));
    const char* text = "";
    char type = 0;
    sd_bus_message_peek_type(answered.message, &type, nullptr);
    if (type == 's' || type == 'o') sd_bus_message_read_basic(answered.message, type, &text);
    return std::string(text);
}

void SystemBus::work() {
    if (!bus_ || lost_) return;
    int code = 1;
    while (code > 0) code = sd_bus_process(bus_.get(), nullptr);
    lost_ = code < 0;
}

void SystemBus::want(PollSet& set) const {
    if (!bus_ || lost_) return;
    set.watch(sd_bus_get_fd(bus_.get()), static_cast<short>(sd_bus_get_events(bus_.get())));
    std::uint64_t at = UINT64_MAX;
    // Of the monotonic clock, as ours.
    if (sd_bus_get_timeout(bus_.get(), &at) > 0 && at != UINT64_MAX) set.wake(Millis(static_cast<std::int64_t>(at / 1'000 + 1)));
}

}  // namespace otabahn::device
