// SPDX-License-Identifier: Apache-2.0
// One blocking MQTT 3.1.1 connection over mutual TLS, for load: large reads, packets as views, nothing copied. One thread.
#pragma once

#include "base/error.hpp"
#include "mqtt/decode.hpp"

#include <openssl/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::load {

// Where to and as whom; out of a bundle folder's device.toml.
struct Identity {
    std::string thing, endpoint, certificate, private_key, root_ca;
};
Result<Identity> read_bundle(const std::string& folder);

class MqttClient {
  public:
    static Result<MqttClient> connect(const Identity& identity, const std::string& client_id);
    MqttClient(MqttClient&& other) noexcept;
    ~MqttClient();

    Result<void> subscribe(std::string_view filter);
    Result<void> publish(std::string_view topic, ByteView payload);
    // The next packet; its views hold until the next call.
    Result<mqtt::Frame> read();
    // Packets that came with what was read already: no system call.
    bool has_packet() const;
    // What publish() wrote is kept until now, so that many small packets are one record.
    Result<void> flush();
    void shut_down();  // from another thread: ends a read

  private:
    struct State;
    explicit MqttClient(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace otabahn::load
