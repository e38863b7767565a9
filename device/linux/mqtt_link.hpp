// SPDX-License-Identifier: Apache-2.0
// The connection to the gateway: MQTT 5 (or 3.1.1) over mutual TLS by libmosquitto, driven by the agent's own loop; only the
// blocking part of a connect (names, TCP) has a thread for as long as it takes. Reconnects with full jitter. What the service
// denies is named: MQTT 5 says it, MQTT 3.1.1 just closes, so there what was asked last is kept and named.
#pragma once

#include "device/host/client_tls.hpp"
#include "device/linux/backoff.hpp"
#include "device/host/poll_set.hpp"
#include "device/linux/config.hpp"
#include "device/host/files.hpp"
#include "device/port/ports.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

struct mosquitto;
struct mosquitto_message;
struct mqtt5__property;

namespace otabahn::device {

class MqttLink final : public Transport {
  public:
    MqttLink(const Config& config, const Clock& clock, Log& log);
    ~MqttLink();
    MqttLink(const MqttLink&) = delete;
    MqttLink& operator=(const MqttLink&) = delete;

    // From now on as this identity; a connection there is ends. Fails on what no reconnect can heal: a certificate or key that
    // cannot be read.
    Result<void> prepare(const ClientIdentity& identity);
    // Stays away until it is prepared again.
    void rest();
    bool connected() const { return phase_ == Phase::up; }

    void publish(std::string_view topic, ByteView payload, std::uint8_t qos) override;
    void subscribe(std::string_view topic) override;
    void unsubscribe(std::string_view topic) override;

    void want(PollSet& set) const;
    // After the wait: moves on, and hands what came to `feed`.
    void work(const PollSet& set, const std::function<void(const Input&)>& feed);
    // Says good-bye.
    void close();

  private:
    enum class Phase { resting, waiting, connecting, handshaking, up };
    struct Asked {
        int id = 0;
        bool subscribing = false;
        std::string topic;
        // "iot:Subscribe on topicfilter/…"
        std::string what() const { return (subscribing ? "iot:Subscribe on topicfilter/" : "iot:Publish on topic/") + topic; }
    };
    using Properties = mqtt5__property;

    static void on_connect(mosquitto*, void* self, int code, int flags, const Properties* properties);
    static void on_disconnect(mosquitto*, void* self, int code, const Properties* properties);
    static void on_message(mosquitto*, void* self, const mosquitto_message* message, const Properties* properties);
    static void on_subscribe(mosquitto*, void* self, int id, int count, const int* granted, const Properties* properties);
    static void on_publish(mosquitto*, void* self, int id, int code, const Properties* properties);

    // The socket, or what ends a connect under way.
    int descriptor() const;
    bool wants_to_write() const;
    Millis wake_at() const;
    Result<void> make_client();
    void drop_client();
    void begin_connect();
    void lost(std::string why);
    // The answer to what was asked with that id; `code` from 128 on: denied.
    void answered(int id, int code, const Properties* properties);
    void denied(const Asked& asked, const std::string& why);

    const Config& config_;
    const Clock& clock_;
    Log& log_;
    mosquitto* client_ = nullptr;
    TlsContext tls_;
    std::uint32_t version_ = 5;
    Phase phase_ = Phase::resting;
    Backoff backoff_;
    std::mt19937_64 die_;
    Millis connect_at_{0};
    Millis up_since_{0};
    Millis misc_at_{0};
    Millis handshake_until_ = Millis::max();
    bool useful_ = false;  // this connection brought blocks
    std::deque<Asked> asked_;
    Asked last_request_;          // of QoS 0: it has no acknowledgement
    int ends_after_request_ = 0;  // connections in a row that ended right after it
    std::vector<Asked> denied_;   // to be told to the update after the library's callbacks
    Millis last_request_at_{0};
    std::set<std::string> told_;     // of this connection
    std::set<std::string> refused_;  // subscriptions
    Millis subscribe_again_at_ = Millis::max(), subscribe_again_after_{0};
    bool heard_again_ = false;
    std::string said_last_;  // trouble is told once, not at each try

    // Owned by the link and by the thread, which may outlive us by a moment on the way out: who lets go last ends the client, if
    // the link did not take it.
    struct Connecting {
        Connecting() = default;
        Connecting(const Connecting&) = delete;
        Connecting& operator=(const Connecting&) = delete;
        ~Connecting();
        mosquitto* client = nullptr;
        Descriptor event;
        std::string trouble;  // empty: connected; read once the thread has ended
    };
    std::thread connector_;
    std::shared_ptr<Connecting> connecting_;

    const std::function<void(const Input&)>* feed_ = nullptr;
    bool now_up_ = false, now_down_ = false;
    std::string down_why_;
    bool left_ = false;  // the update is still to hear that a connection was given up
};

}  // namespace otabahn::device
