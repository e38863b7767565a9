// SPDX-License-Identifier: Apache-2.0
// How many shared subscriptions there are and how many sessions are in each, against AWS's limits (spec gateway 1.3). Asked when
// a client subscribes to one and when it leaves, never for a message; so one lock over a map is enough. Shared by all loops.
#pragma once

#include "base/ids.hpp"
#include "gateway/limits.hpp"

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace otabahn::gateway {

enum class ShareJoin : std::uint8_t { joined, too_many_groups, too_many_members };

// A group: (account, region) and the whole filter as sent, $share/NAME/FILTER.
struct ShareKey {
    Scope scope;
    std::string filter;
    auto operator<=>(const ShareKey&) const = default;
};

struct ShareKeyHash {
    std::size_t operator()(const ShareKey& key) const noexcept {
        return std::hash<Scope>{}(key.scope) * 31 + std::hash<std::string>{}(key.filter);
    }
};

class ShareDirectory {
  public:
    // At start: whoever is a member stays one.
    void adopt(const ShareKey& key) {
        const std::lock_guard lock(mutex_);
        if (members_[key]++ == 0) ++groups_[key.scope];
    }

    ShareJoin join(const ShareKey& key, const Limits& limits) {
        const std::lock_guard lock(mutex_);
        const auto found = members_.find(key);
        if (found == members_.end()) {
            auto& groups = groups_[key.scope];
            if (groups >= limits.share_groups) return ShareJoin::too_many_groups;
            ++groups;
            members_.emplace(key, 1);
            return ShareJoin::joined;
        }
        if (found->second >= limits.share_members) return ShareJoin::too_many_members;
        ++found->second;
        return ShareJoin::joined;
    }

    void leave(const ShareKey& key) {
        const std::lock_guard lock(mutex_);
        const auto found = members_.find(key);
        if (found == members_.end() || --found->second != 0) return;
        members_.erase(found);
        if (const auto groups = groups_.find(key.scope); --groups->second == 0) groups_.erase(groups);
    }

  private:
    std::mutex mutex_;
    std::unordered_map<ShareKey, std::size_t, ShareKeyHash> members_;
    std::unordered_map<Scope, std::size_t> groups_;
};

}  // namespace otabahn::gateway
