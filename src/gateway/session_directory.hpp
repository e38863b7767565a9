// SPDX-License-Identifier: Apache-2.0
// Which loop has a client's session. Asked when a client connects and when a session ends, never for a message; so one lock
// over a map is enough. Shared by all loops.
#pragma once

#include "gateway/session.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace otabahn::gateway {

class SessionDirectory {
  public:
    struct Claim {
        std::uint64_t generation = 0;              // of this claim; the latest one owns the key
        std::optional<std::size_t> previous_loop;  // who must hand the session over first
    };

    Claim claim(const SessionKey& key, std::size_t loop) {
        const std::lock_guard lock(mutex_);
        const std::uint64_t generation = ++last_generation_;
        const auto [place, added] = owners_.try_emplace(key, Owner{loop, generation});
        if (added) return {generation, std::nullopt};
        const std::size_t previous = place->second.loop;
        place->second = Owner{loop, generation};
        return {generation, previous};
    }

    // Nothing happens when somebody else has claimed it meanwhile.
    void release(const SessionKey& key, std::uint64_t generation) {
        const std::lock_guard lock(mutex_);
        const auto found = owners_.find(key);
        if (found != owners_.end() && found->second.generation == generation) owners_.erase(found);
    }

  private:
    struct Owner {
        std::size_t loop;
        std::uint64_t generation;
    };
    std::mutex mutex_;
    std::unordered_map<SessionKey, Owner, SessionKeyHash> owners_;
    std::uint64_t last_generation_ = 0;
};

}  // namespace otabahn::gateway
