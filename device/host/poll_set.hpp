// SPDX-License-Identifier: Apache-2.0
// What the agent's one loop waits for: each part adds its descriptors and the moment at which it wants to be asked again.
#pragma once

#include "device/core/transfer.hpp"

#include <poll.h>

#include <algorithm>
#include <vector>

namespace otabahn::device {

class PollSet {
  public:
    void clear() {
        waiting_.clear();
        wake_ = Millis::max();
    }
    void read(int fd) { watch(fd, POLLIN); }
    void watch(int fd, short events) {
        if (fd >= 0) waiting_.push_back({fd, events, 0});
    }
    void wake(Millis at) { wake_ = std::min(wake_, at); }

    // Waits until something is there or the moment has come.
    void wait(Millis now) {
        constexpr Millis longest{60'000};
        const Millis left = wake_ <= now ? Millis{0} : std::min(wake_ - now, longest);
        ::poll(waiting_.data(), waiting_.size(), static_cast<int>(left.count()));
    }
    short found(int fd) const {
        for (const pollfd& row : waiting_)
            if (row.fd == fd) return row.revents;
        return 0;
    }

  private:
    std::vector<pollfd> waiting_;
    Millis wake_ = Millis::max();
};

}  // namespace otabahn::device
