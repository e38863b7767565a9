// SPDX-License-Identifier: Apache-2.0
// MQTT over WebSocket at the door (spec gateway 1.12): is it an upgrade to MQTT that may be agreed to, and who signed it? What is said
// over it is the gateway's.
#pragma once

#include "http/authenticate.hpp"
#include "http/door.hpp"

#include <string>
#include <string_view>

namespace otabahn::http {

constexpr std::string_view websocket_path = "/mqtt";

bool asks_for_websocket(const awsapi::Request& request);

struct UpgradeRefusal {
    int status = 400;
    std::string message;
};

// The head of the answer that agrees (RFC 6455, 4.2.2). Pure.
Result<std::string, UpgradeRefusal> agree_to_upgrade(const awsapi::Request& request);

// Blocks: it looks the key up. What was signed as the host may lack the port, or have AWS's.
Result<awsapi::Caller, Denied> authenticate_websocket(const Door& door, const awsapi::Request& request, std::string_view peer_address);

}  // namespace otabahn::http
