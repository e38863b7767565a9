// SPDX-License-Identifier: Apache-2.0
// The gateway's figures in the program's Prometheus registry. Each loop hands over what it counted since the last time, once a
// second; any thread.
#pragma once

#include "gateway/tally.hpp"

#include <array>

namespace prometheus {
class Counter;
class Gauge;
class Registry;
}  // namespace prometheus

namespace otabahn::gateway {

class Metrics {
  public:
    explicit Metrics(prometheus::Registry& registry);
    // `last` is what was handed over before; it becomes `now`.
    void add(const Tally& now, Tally& last);
    void set_waiting_operations(std::size_t count);
    void connections(std::int64_t change);

  private:
    prometheus::Counter *accepted_, *handshakes_, *handshakes_failed_, *connected_, *closed_;
    prometheus::Counter *messages_in_, *messages_out_, *messages_dropped_, *bytes_in_, *bytes_out_;
    prometheus::Counter *blocks_, *stream_requests_, *service_calls_;
    std::array<prometheus::Counter*, refusal_count> refusals_{};
    prometheus::Gauge *connections_, *waiting_operations_;
};

}  // namespace otabahn::gateway
