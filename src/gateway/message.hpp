// SPDX-License-Identifier: Apache-2.0
// An application message on its way to subscribers: immutable, shared by all sessions and loops that still need it.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace otabahn::gateway {

struct Message {
    Scope scope;
    std::string topic;
    std::string payload;
    std::uint8_t qos = 0;
    bool retain = false;     // as published; live copies are delivered without it
    std::string properties;  // MQTT 5, encoded: what is forwarded as it came
    std::optional<Timestamp> expires_at{};
    bool transient = false;             // a reply to one connection: never stored, gone with the connection
    std::string publisher_client_id{};  // for No Local
};

using MessagePtr = std::shared_ptr<const Message>;  // kept by every session that has not acknowledged it, and by the store's writer

}  // namespace otabahn::gateway
