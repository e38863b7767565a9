// SPDX-License-Identifier: Apache-2.0
// A connection that another door has accepted and found to be MQTT: the TLS handshake is over, and with WebSocket the upgrade too.
#pragma once

#include "awsapi/caller.hpp"
#include "tls/connected.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace otabahn::gateway {

// By which door a client came (spec gateway 1.1).
enum class Via : std::uint8_t { mqtt, alpn, websocket };
constexpr std::string_view via_names[] = {"mqtt", "alpn", "websocket"};
constexpr std::string_view to_string(Via via) { return via_names[static_cast<std::size_t>(via)]; }

// Who signed for a WebSocket; shared by its connection and by the jobs that load what it may do.
using CallerPtr = std::shared_ptr<const awsapi::Caller>;

struct Arrival {
    tls::Connected connected;
    Via via = Via::alpn;
    CallerPtr caller;      // none: the client's certificate says who it is
    std::string received;  // bytes behind the upgrade that the door has read already
};

}  // namespace otabahn::gateway
