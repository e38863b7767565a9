// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1.1 on a wire, as far as a load needs it. The bytes of a large message are counted, not gathered: a client that keeps
// them would be slower than the server that sends them.
#pragma once

#include "apps/otabahn-load/wire.hpp"
#include "mqtt/decode.hpp"

#include <string>
#include <string_view>

namespace otabahn::load {

class MqttTalk : public Talk {
  public:
    explicit MqttTalk(std::string client_id) : client_id_(std::move(client_id)) {}

    void opened(Wire& wire) final;
    std::size_t received(Wire& wire, ByteView bytes) final;

    void subscribe(Wire& wire, std::string_view filter, std::uint8_t qos = 0);  // then suback()
    void publish(Wire& wire, std::string_view topic, ByteView payload, std::uint8_t qos = 0);

    // What went wrong, first: the load ends with it. Empty: nothing did.
    const std::string& failure() const { return failure_; }
    const std::string& client_id() const { return client_id_; }

  protected:
    virtual void connected(Wire& wire) = 0;
    virtual void subscribed(Wire& wire) = 0;
    // `payload` is empty when the message is large; `size` is what it has in any case. QoS 1 is acknowledged already.
    virtual void message(Wire& wire, std::string_view topic, ByteView payload, std::size_t size) = 0;
    virtual void acknowledged(Wire&) {}
    void fail_with(std::string what) {
        if (failure_.empty()) failure_ = std::move(what);
    }

  private:
    void take(Wire& wire, const mqtt::Frame& frame);
    bool begin_large(ByteView bytes, std::size_t packet_size);

    std::string client_id_, failure_, large_topic_;
    std::size_t large_left_ = 0, large_size_ = 0;
    std::uint16_t packet_id_ = 0;
};

}  // namespace otabahn::load
