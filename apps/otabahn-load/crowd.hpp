// SPDX-License-Identifier: Apache-2.0
// Many MQTT clients of one kind on one reactor: opened a few at a time, then driven until the load has what it came for.
#pragma once

#include "apps/otabahn-load/mqtt_talk.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace otabahn::load {

// T is a MqttTalk with ready(): all that it needs before the load begins has been granted.
template <class T>
class Crowd {
  public:
    explicit Crowd(const Target& target) : target_(target) {}

    template <class... Arguments>
    T& add(Arguments&&... arguments) {
        return *talks_.emplace_back(std::make_unique<T>(std::forward<Arguments>(arguments)...));
    }

    // All of them, `at_once` under way.
    Result<void> open(std::size_t at_once = 32) {
        std::size_t done = 0;
        while (done < talks_.size()) {
            while (wires_.size() < talks_.size() && wires_.size() < done + at_once) {
                auto wire = reactor_.open(target_, *talks_[wires_.size()]);
                if (!wire) return Unexpected(wire.error());
                wires_.push_back(*wire);
            }
            // They become ready nearly in order.
            auto waited = run_until([&] { return talks_[done]->ready(); });
            if (!waited) return waited;
            while (done < wires_.size() && talks_[done]->ready()) ++done;
        }
        return {};
    }

    template <class F>
    Result<void> run_until(F done) {
        const MqttTalk* failed = nullptr;
        auto ran = reactor_.run([&] {
            // One at a time: a crowd is too large to be looked through each round.
            for (int i = 0; i < 16 && failed == nullptr; ++i) {
                const auto& talk = *talks_[looked_at_++ % talks_.size()];
                if (!talk.failure().empty()) failed = &talk;
            }
            return failed != nullptr || done();
        });
        if (!ran) return ran;
        if (failed != nullptr) return fail(ErrorCode::unavailable, target_.endpoint + ": " + failed->failure(), target_.endpoint);
        return {};
    }

    template <class Duration>
    Result<void> run_for(Duration duration) {
        const auto end = Clock::now() + duration;
        return run_until([end] { return Clock::now() >= end; });
    }

    std::size_t size() const { return talks_.size(); }
    T& talk(std::size_t i) { return *talks_[i]; }
    Wire& wire(std::size_t i) { return *wires_[i]; }

  private:
    const Target& target_;
    std::vector<std::unique_ptr<T>> talks_;  // before the reactor, whose wires point to them
    std::vector<Wire*> wires_;
    std::size_t looked_at_ = 0;
    Reactor reactor_;
};

}  // namespace otabahn::load
