// SPDX-License-Identifier: Apache-2.0
#include "gateway/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <string>

namespace otabahn::gateway {
namespace {

prometheus::Counter* counter(prometheus::Registry& registry, const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge* gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return &prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

void move(prometheus::Counter* to, std::uint64_t now, std::uint64_t last) {
    if (now != last) to->Increment(static_cast<double>(now - last));
}

}  // namespace

Metrics::Metrics(prometheus::Registry& registry)
    : accepted_(counter(registry, "otabahn_gateway_accepted_total", "TCP connections accepted")),
      handshakes_(counter(registry, "otabahn_gateway_handshakes_total", "TLS handshakes completed")),
      handshakes_failed_(counter(registry, "otabahn_gateway_handshakes_failed_total", "TLS handshakes that failed")),
      connected_(counter(registry, "otabahn_gateway_connected_total", "MQTT connections accepted")),
      closed_(counter(registry, "otabahn_gateway_closed_total", "MQTT conversations ended")),
      messages_in_(counter(registry, "otabahn_gateway_messages_received_total", "messages that clients published")),
      messages_out_(counter(registry, "otabahn_gateway_messages_delivered_total", "messages delivered to clients")),
      messages_dropped_(counter(registry, "otabahn_gateway_messages_dropped_total", "messages larger than their subscriber takes")),
      bytes_in_(counter(registry, "otabahn_gateway_received_bytes_total", "bytes of MQTT received")),
      bytes_out_(counter(registry, "otabahn_gateway_sent_bytes_total", "bytes of MQTT sent")),
      blocks_(counter(registry, "otabahn_gateway_blocks_total", "blocks of streams sent")),
      stream_requests_(counter(registry, "otabahn_gateway_stream_requests_total", "requests to streams answered")),
      service_calls_(counter(registry, "otabahn_gateway_service_calls_total", "calls of services by reserved topics")),
      connections_(gauge(registry, "otabahn_gateway_connections", "open connections")),
      waiting_operations_(gauge(registry, "otabahn_gateway_store_waiting", "session operations that wait for the store")) {
    auto& refusals = prometheus::BuildCounter().Name("otabahn_gateway_refusals_total").Help("refusals by cause").Register(registry);
    for (std::size_t cause = 0; cause < refusal_count; ++cause)
        refusals_[cause] = &refusals.Add({{"cause", std::string(refusal_names[cause])}});
}

void Metrics::add(const Tally& now, Tally& last) {
    move(accepted_, now.accepted, last.accepted);
    move(handshakes_, now.handshakes, last.handshakes);
    move(handshakes_failed_, now.handshakes_failed, last.handshakes_failed);
    move(connected_, now.connected, last.connected);
    move(closed_, now.closed, last.closed);
    move(messages_in_, now.messages_in, last.messages_in);
    move(messages_out_, now.messages_out, last.messages_out);
    move(messages_dropped_, now.messages_dropped, last.messages_dropped);
    move(bytes_in_, now.bytes_in, last.bytes_in);
    move(bytes_out_, now.bytes_out, last.bytes_out);
    move(blocks_, now.blocks, last.blocks);
    move(stream_requests_, now.stream_requests, last.stream_requests);
    move(service_calls_, now.service_calls, last.service_calls);
    for (std::size_t cause = 0; cause < refusal_count; ++cause) move(refusals_[cause], now.refusals[cause], last.refusals[cause]);
    last = now;
}

void Metrics::connections(std::int64_t change) { connections_->Increment(static_cast<double>(change)); }
void Metrics::set_waiting_operations(std::size_t count) { waiting_operations_->Set(static_cast<double>(count)); }

}  // namespace otabahn::gateway
