// SPDX-License-Identifier: Apache-2.0
#include "device/install/health_check.hpp"

#include <algorithm>

namespace otabahn::device {

namespace {
constexpr Millis ask_every{1'000};
constexpr Millis probe_patience{10'000};
constexpr std::size_t probe_most = 256 * 1024;
constexpr SystemBus::Object manager{"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"};
}  // namespace

void HealthCheck::begin(std::uint8_t slot) {
    cancel();
    slot_ = slot;
    begins_ = context_.clock.now() + context_.settings.self_test_seconds;
    until_ = begins_ + context_.settings.self_test_timeout_seconds;
    again_at_ = begins_;
    command_good_ = context_.settings.self_test_command.empty();
    probe_good_ = context_.settings.self_test_http.empty();
    unit_good_ = context_.settings.self_test_unit.empty();
    word_good_ = !context_.settings.self_test_word;
}

void HealthCheck::cancel() {
    slot_.reset();
    command_.reset();
    probe_.reset();
    told_bad_.reset();
    probe_said_.clear();
    unit_said_.clear();
}

std::optional<HealthCheck::Verdict> HealthCheck::end(bool good, std::string text, Reason reason) {
    cancel();
    return Verdict{good, reason, std::move(text)};
}

bool HealthCheck::told(bool good, std::string_view why) {
    if (!slot_) return false;
    if (good)
        word_good_ = true;
    else
        told_bad_ = "The application says: " + (why.empty() ? std::string("unhealthy") : last_line(why));
    return true;
}

std::optional<HealthCheck::Verdict> HealthCheck::poll_command() {
    if (command_good_) return std::nullopt;
    const Millis now = context_.clock.now();
    if (!command_)
        command_.emplace("self_test_command", context_.spec(context_.settings.self_test_command, *slot_), now,
                         context_.settings.self_test_timeout_seconds);
    const auto& ended = command_->poll(now);
    if (!ended) return std::nullopt;
    if (!ended->good) return end(false, ended->text);
    command_good_ = true;
    command_.reset();
    return std::nullopt;
}

void HealthCheck::poll_probe() {
    if (probe_good_) return;
    const Millis now = context_.clock.now();
    if (!probe_) {
        if (now < again_at_) return;
        auto url = parse_http_url(context_.settings.self_test_http);
        if (!url) {
            probe_said_ = url.error().message;
            return;
        }
        if (url->tls && !tls_) {
            auto made = make_https_context({});
            if (made) tls_ = std::move(made).value();
        }
        probe_.emplace(std::move(url).value(), std::nullopt, tls_.get(), now, probe_patience);
    }
    const HttpFetch::State state = probe_->work(now, probe_most, [](std::uint64_t, ByteView) {});
    if (state == HttpFetch::State::working) return;
    probe_good_ = state == HttpFetch::State::done;
    if (!probe_good_) probe_said_ = probe_->trouble();
    probe_.reset();
}

std::optional<HealthCheck::Verdict> HealthCheck::poll_unit() {
    if (unit_good_ || context_.clock.now() < again_at_) return std::nullopt;
    const std::string& name = context_.settings.self_test_unit;
    const auto path = bus_.call(manager, "LoadUnit", {name.c_str()});
    if (!path) {
        unit_said_ = path.error().message;
        return std::nullopt;
    }
    const auto state = bus_.read_text({manager.service, path->c_str(), "org.freedesktop.systemd1.Unit"}, "ActiveState");
    unit_said_ = state ? name + " is " + *state : state.error().message;
    if (!state) return std::nullopt;
    if (*state == "failed") return end(false, "Unit " + unit_said_ + ".");
    unit_good_ = *state == "active";
    return std::nullopt;
}

std::string HealthCheck::what_is_missing() const {
    std::string missing;
    const auto add = [&](bool good, const std::string& what) {
        if (!good) missing += (missing.empty() ? "" : "; ") + what;
    };
    add(command_good_, "self_test_command did not end");
    add(probe_good_, probe_said_.empty() ? context_.settings.self_test_http + " gave no answer" : probe_said_);
    add(unit_good_, unit_said_);
    add(word_good_, "the application did not say healthy");
    return missing;
}

std::optional<HealthCheck::Verdict> HealthCheck::poll() {
    if (!slot_) return std::nullopt;
    if (auto why = installer_.ended()) return end(false, std::move(*why), Reason::program_exited);
    if (told_bad_) return end(false, *told_bad_);
    const Millis now = context_.clock.now();
    if (now < begins_) return std::nullopt;
    if (auto verdict = poll_command()) return verdict;
    poll_probe();
    if (auto verdict = poll_unit()) return verdict;
    if (now >= again_at_) again_at_ = now + ask_every;
    if (command_good_ && probe_good_ && unit_good_ && word_good_) return end(true, {});
    if (now >= until_)
        return end(false,
                   "Not within " + std::to_string(context_.settings.self_test_timeout_seconds.count()) + " s: " + what_is_missing() + ".");
    return std::nullopt;
}

void HealthCheck::want(PollSet& set) const {
    if (!slot_) return;
    if (context_.clock.now() < begins_) return set.wake(begins_);
    set.wake(until_);
    if (!probe_good_ || !unit_good_) set.wake(again_at_);
    if (command_) command_->want(set);
    if (probe_) probe_->want(set);
}

}  // namespace otabahn::device
