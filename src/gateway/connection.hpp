// SPDX-License-Identifier: Apache-2.0
// One client's MQTT conversation: bytes in, bytes out, no socket. Judges every operation by policy, enforces AWS's limits and
// answers as spec gateway 1.3 to 1.11 says for the protocol version at hand. Lives on one loop.
//
// Packets are taken in order, and only while the connection can afford the next: unanswered requests and unread output
// stop it from reading, so a peer's own TCP window is what bounds it. Requests whose answers would pile up because earlier ones are
// not acknowledged are put aside instead: the acknowledgements come behind them.
#pragma once

#include "gateway/connection_host.hpp"
#include "gateway/policy_gate.hpp"
#include "mqtt/decode.hpp"
#include "mqtt/encode.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::gateway {

// Why a connection ended; the words are those of presence events (spec gateway 6.2).
enum class EndCause : std::uint8_t {
    client_disconnect,
    client_error,
    connection_lost,
    duplicate_client_id,
    auth_error,
    keep_alive,
    server_error,
    server_stop,
    throttled,
    websocket_ttl,
    api,
};
std::string_view to_string(EndCause cause);

class Connection final : public Outlet {
  public:
    Connection(ConnectionHost& host, Peer peer);
    ~Connection() override;

    // Takes whole packets from the front of `in` and gives the bytes used; stops early when it must wait.
    std::size_t receive(ByteView in);
    bool wants_input() const;
    // A request that was put aside can be taken: receive() is worth a call without new bytes.
    bool can_go_on() const { return !postponed_.empty() && wants_input() && !session_->congested(); }
    // Bytes that the next packet takes, as far as known: what a buffer should hold before receive() is worth a call.
    std::size_t needed() const { return needed_; }
    ByteQueue& output() { return output_; }
    bool is_open() const { return phase_ == Phase::open; }  // CONNECT was accepted: its keep-alive counts
    bool ended() const { return ended_; }                   // close the socket once the output is written

    // Answers of the host.
    void admitted(Result<AdmissionPtr> admission);
    void session_opened(Session* session, bool present);              // null: the store failed
    void published(std::uint16_t packet_id, PublishOutcome outcome);  // 0: a retained one of QoS 0
    void answered(runtime::TopicReplies replies);
    void service_failed();
    void transmit(std::string_view packet);
    void store_failed(std::string_view what);
    void resume();  // what it waited for is there: a stream, room for output
    void admission_renewed(Result<AdmissionPtr> admission);
    void connection_lost(std::string_view what);
    void closed_by_client();                        // a WebSocket's close frame, which is as good as a DISCONNECT
    void carrier_broken(std::string_view problem);  // what carries the conversation is malformed
    void taken_over();
    void sent_away(Departure how);
    void stop();    // the server shuts down
    void settle();  // after each round of turns that woke it
    std::optional<Timestamp> deadline() const;
    void check_deadline();

    const Peer& peer() const { return peer_; }
    const std::string& client_id() const { return client_id_; }
    Session* session() const { return session_; }
    const PolicyGate* gate() const { return gate_ ? gate_.get() : nullptr; }

    // Outlet
    bool may_receive(const Message& message) override;
    bool has_room() const override { return output_.size() < output_high_water; }
    void deliver(const Message& message, std::uint8_t qos, std::uint16_t packet_id, bool retain) override;
    void overrun() override;

  private:
    enum class Phase : std::uint8_t { awaiting_connect, admitting, opening_session, open };
    enum class Taken : std::uint8_t { yes, not_yet };
    class StreamSink;
    friend class StreamSink;

    // What a CONNECT asked for, kept until its session is open.
    struct Pending {
        bool clean_start = true;
        bool assigned_id = false;
        std::uint32_t expiry_asked = 0, expiry_given = 0;
        bool expiry_sent = false;
    };
    struct WillMessage {
        std::string topic, payload, properties;
        std::uint8_t qos = 0;
        bool retain = false;
        std::optional<std::uint32_t> expiry_seconds;
    };
    struct WaitingCall {
        runtime::TopicService* service;
        runtime::TopicCall call;
        std::uint16_t packet_id;
    };

    struct Postponed {
        std::string topic, payload;
        std::uint8_t qos;
        std::uint16_t packet_id;
    };

    Taken handle(const mqtt::Frame& frame);
    template <class T, class F>
    Taken take(const mqtt::Decoded<T>& packet, F use);

    void on_connect(const mqtt::Frame& frame);
    bool check_connect(const mqtt::Connect& connect);
    void refuse_connect(mqtt::ReasonCode code, Refusal cause, EndCause end, std::string_view word, std::string_view text);
    void send_connack(bool present);

    Taken on_publish(const mqtt::Publish& publish);
    bool check_publish(const mqtt::Publish& publish, std::string_view topic);
    std::optional<std::string_view> resolve_topic(const mqtt::Publish& publish);
    void refuse_publish(const mqtt::Publish& publish, std::string_view topic, mqtt::ReasonCode code, Refusal cause, std::string_view text);
    void route(const mqtt::Publish& publish, std::string_view topic);
    Taken ask(const mqtt::Publish& publish, std::string_view topic, TopicClass is);
    void postpone(const mqtt::Publish& publish, std::string_view topic);
    void take_postponed();
    Taken ask_stream(const mqtt::Publish& publish, std::string_view topic);
    void ask_service(const mqtt::Publish& publish, std::string_view topic, runtime::TopicService& service);
    void start_next_call();
    void abandon_calls();
    void reply(const runtime::TopicReply& reply);
    void puback(std::uint16_t packet_id, mqtt::ReasonCode code, std::string_view text = {});
    void publish_will();
    void withhold_will(std::string_view why);

    void on_subscribe(const mqtt::Subscribe& subscribe);
    mqtt::ReasonCode judge_filter(const mqtt::SubscribeEntry& entry, std::string& why, Refusal& cause);
    void on_unsubscribe(const mqtt::Unsubscribe& unsubscribe);
    void on_disconnect(const mqtt::Disconnect& disconnect);

    // Ends the connection; a DISCONNECT goes out to an MQTT 5 client whose CONNECT was accepted.
    void end(EndCause cause, mqtt::ReasonCode code, std::string_view text);
    void log_refusal(std::string_view operation, std::string_view resource, std::string_view why);
    bool v5() const { return version_ == mqtt::Version::v5; }
    const Limits& limits() const { return host_.settings().limits; }
    bool outlived() const { return peer_.via == Via::websocket && host_.now() >= opened_at_ + websocket_life; }
    template <class F>
    void write(F encode_into);  // one packet
    mqtt::Properties reason_properties(std::string_view text);

    ConnectionHost& host_;
    Peer peer_;
    ByteQueue output_;
    std::string client_id_;
    std::unique_ptr<PolicyGate> gate_;
    Session* session_ = nullptr;
    std::unique_ptr<Pending> pending_;
    std::unique_ptr<WillMessage> will_;
    std::vector<WaitingCall> calls_;
    std::deque<Postponed> postponed_;
    std::size_t postponed_size_ = 0;
    std::vector<std::string> aliases_;
    std::string reason_buffer_;

    Timestamp opened_at_, last_heard_;
    std::uint64_t bytes_in_ = 0, packets_in_ = 0, packets_out_ = 0, bytes_out_ = 0;
    std::size_t needed_ = 2;
    std::uint32_t client_packet_most_ = 0;  // 0: no limit
    std::uint16_t client_receive_most_ = 65'535;
    std::uint16_t unacknowledged_in_ = 0;
    std::uint16_t retaining_ = 0;  // of QoS 0, on their way into the store
    std::uint16_t keep_alive_ = 0;
    mqtt::Version version_ = mqtt::Version::v3_1_1;
    Phase phase_ = Phase::awaiting_connect;
    bool problem_information_ = true;
    bool waiting_stream_ = false;
    bool overrun_ = false;
    bool ended_ = false;
    bool left_ = false;  // the session was given back
};

template <class F>
void Connection::write(F encode_into) {
    const std::size_t size = encode_into(mqtt::Out{});
    if (size == 0) return;
    encode_into(output_.reserve(size));
    output_.commit(size);
    ++packets_out_;
    bytes_out_ += size;
    host_.wake(*this);
}

}  // namespace otabahn::gateway
