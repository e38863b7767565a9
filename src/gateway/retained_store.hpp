// SPDX-License-Identifier: Apache-2.0
// Retained messages as the gateway writes and reads them: in line with everything else that it stores, so whoever subscribes
// sees what was retained before. Nothing of them stays in memory. Any thread.
#pragma once

#include "gateway/session.hpp"
#include "gateway/store_queue.hpp"

#include <functional>
#include <vector>

namespace otabahn::gateway {

// Of a SUBSCRIBE: a filter without wildcards, and what it was granted.
struct RetainedWish {
    std::string topic;
    std::uint8_t qos = 0;
};

struct RetainedFound {
    MessagePtr message;
    std::uint8_t qos = 0;  // at which the subscriber gets it
};

class RetainedStore {
  public:
    using Found = std::function<void(std::vector<RetainedFound>)>;  // called on a pool thread

    // `quota`: messages of an account; 0: no limit.
    RetainedStore(StoreQueue& queue, std::int64_t quota) : queue_(queue), quota_(quota) {}

    // The publisher's ticket is let go of once it is stored. An empty payload deletes.
    void put(const MessagePtr& message, const TicketPtr& ticket, Timestamp now);
    void fetch(Scope scope, std::vector<RetainedWish> wishes, Timestamp now, Found found);
    void sweep(Timestamp now);  // a piece of what has expired

  private:
    StoreQueue& queue_;
    std::int64_t quota_;
};

}  // namespace otabahn::gateway
