// SPDX-License-Identifier: Apache-2.0
#include "http/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace otabahn::http {
namespace {

prometheus::Family<prometheus::Counter>& bytes_family(prometheus::Registry& registry) {
    return prometheus::BuildCounter().Name("otabahn_http_body_bytes_total").Help("Bytes of request and response bodies").Register(registry);
}

}  // namespace

HttpMetrics::HttpMetrics(std::shared_ptr<prometheus::Registry> registry)
    : registry_(registry ? std::move(registry) : std::make_shared<prometheus::Registry>()),
      requests_(prometheus::BuildCounter()
                    .Name("otabahn_http_requests_total")
                    .Help("Requests answered, by service, operation and status")
                    .Register(*registry_)),
      bytes_in_(bytes_family(*registry_).Add({{"direction", "in"}})),
      bytes_out_(bytes_family(*registry_).Add({{"direction", "out"}})),
      connections_(prometheus::BuildGauge().Name("otabahn_http_connections").Help("Open HTTP connections").Register(*registry_).Add({})) {}

void HttpMetrics::count_request(std::string_view service, std::string_view operation, int status, std::uint64_t bytes_in,
                                std::uint64_t bytes_out) {
    requests_.Add({{"service", std::string(service)}, {"operation", std::string(operation)}, {"status", std::to_string(status)}})
        .Increment();
    bytes_in_.Increment(static_cast<double>(bytes_in));
    bytes_out_.Increment(static_cast<double>(bytes_out));
}

void HttpMetrics::count_connection(int change) { connections_.Increment(change); }

std::string HttpMetrics::text() const { return prometheus::TextSerializer().Serialize(registry_->Collect()); }

}  // namespace otabahn::http
