// SPDX-License-Identifier: Apache-2.0
// What the HTTP door counts. Labels take their words from the models, never from a request: their number stays bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace prometheus {
class Counter;
class Gauge;
class Registry;
template <class T>
class Family;
}  // namespace prometheus

namespace otabahn::http {

class HttpMetrics {
  public:
    explicit HttpMetrics(std::shared_ptr<prometheus::Registry> registry);

    void count_request(std::string_view service, std::string_view operation, int status, std::uint64_t bytes_in, std::uint64_t bytes_out);
    void count_connection(int change);
    std::string text() const;  // the whole registry, in Prometheus's text form

  private:
    std::shared_ptr<prometheus::Registry> registry_;  // shared with whoever else counts into it
    prometheus::Family<prometheus::Counter>& requests_;
    prometheus::Counter& bytes_in_;
    prometheus::Counter& bytes_out_;
    prometheus::Gauge& connections_;
};

}  // namespace otabahn::http
