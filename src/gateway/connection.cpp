// SPDX-License-Identifier: Apache-2.0
#include "gateway/connection.hpp"

#include "runtime/log.hpp"

#include <algorithm>
#include <array>

namespace otabahn::gateway {

using mqtt::PacketType;
using mqtt::ReasonCode;

std::string_view to_string(EndCause cause) {
    switch (cause) {
        case EndCause::client_disconnect:
            return "CLIENT_INITIATED_DISCONNECT";
        case EndCause::client_error:
            return "CLIENT_ERROR";
        case EndCause::connection_lost:
            return "CONNECTION_LOST";
        case EndCause::duplicate_client_id:
            return "DUPLICATE_CLIENTID";
        case EndCause::auth_error:
            return "AUTH_ERROR";
        case EndCause::keep_alive:
            return "MQTT_KEEP_ALIVE_TIMEOUT";
        case EndCause::server_error:
            return "SERVER_ERROR";
        case EndCause::server_stop:
            return "SERVER_INITIATED_DISCONNECT";
        case EndCause::throttled:
            return "THROTTLED";
        case EndCause::websocket_ttl:
            return "WEBSOCKET_TTL_EXPIRATION";
        case EndCause::api:
            return "API_INITIATED_DISCONNECT";
    }
    return "SERVER_ERROR";
}

Connection::Connection(ConnectionHost& host, Peer peer)
    : host_(host), peer_(std::move(peer)), output_(host.buffers()), opened_at_(host.now()), last_heard_(host.now()) {}

Connection::~Connection() {
    if (session_ != nullptr && !left_) host_.leave_session(*this, *session_);
}

bool Connection::wants_input() const {
    if (ended_ || phase_ == Phase::admitting || phase_ == Phase::opening_session || waiting_stream_) return false;
    if (calls_.size() >= waiting_calls || retaining_ >= waiting_calls || output_.size() >= output_high_water) return false;
    // An MQTT 5 client was told this limit; an older one is simply not read until it is under it again.
    return v5() || unacknowledged_in_ < limits().receive_maximum;
}

std::size_t Connection::receive(ByteView in) {
    std::size_t used = 0;
    needed_ = 2;
    take_postponed();
    while (wants_input() && used < in.size()) {
        const auto scan = mqtt::scan_frame(in.subspan(used), limits().packet_bytes + 5);
        if (scan.state == mqtt::FrameScan::State::incomplete) {
            needed_ = scan.needed;
            break;
        }
        if (scan.state == mqtt::FrameScan::State::failed) {
            host_.tally().refuse(Refusal::malformed);
            end(EndCause::client_error, mqtt::to_reason(scan.error), mqtt::describe(scan.error));
            return in.size();
        }
        last_heard_ = host_.now();
        if (handle(scan.frame) == Taken::not_yet) break;
        ++packets_in_;
        bytes_in_ += scan.frame.size;
        used += scan.frame.size;
        take_postponed();
    }
    return used;
}

template <class T, class F>
Connection::Taken Connection::take(const mqtt::Decoded<T>& packet, F use) {
    if (packet) return use(*packet);
    host_.tally().refuse(Refusal::malformed);
    end(EndCause::client_error, mqtt::to_reason(packet.error()), mqtt::describe(packet.error()));
    return Taken::yes;
}

Connection::Taken Connection::handle(const mqtt::Frame& frame) {
    if (phase_ == Phase::awaiting_connect) {
        if (frame.type == PacketType::connect) {
            on_connect(frame);
        } else {
            host_.tally().refuse(Refusal::malformed);
            end(EndCause::client_error, ReasonCode::protocol_error, "the first packet is no CONNECT");
        }
        return Taken::yes;
    }
    switch (frame.type) {
        case PacketType::publish:
            return take(mqtt::decode_publish(frame, version_), [this](const auto& packet) { return on_publish(packet); });
        case PacketType::puback:
            return take(mqtt::decode_puback(frame, version_), [this](const auto& packet) {
                session_->acknowledge(packet.packet_id);  // one that is not known is of an earlier connection
                return Taken::yes;
            });
        case PacketType::subscribe:
            return take(mqtt::decode_subscribe(frame, version_), [this](const auto& packet) {
                on_subscribe(packet);
                return Taken::yes;
            });
        case PacketType::unsubscribe:
            return take(mqtt::decode_unsubscribe(frame, version_), [this](const auto& packet) {
                on_unsubscribe(packet);
                return Taken::yes;
            });
        case PacketType::disconnect:
            return take(mqtt::decode_disconnect(frame, version_), [this](const auto& packet) {
                on_disconnect(packet);
                return Taken::yes;
            });
        case PacketType::pingreq:
            if (const auto empty = mqtt::decode_empty(frame, version_); !empty) {
                host_.tally().refuse(Refusal::malformed);
                end(EndCause::client_error, mqtt::to_reason(empty.error()), mqtt::describe(empty.error()));
            } else {
                write([](mqtt::Out out) { return mqtt::encode_pingresp(out); });
            }
            return Taken::yes;
        case PacketType::connect:
            end(EndCause::client_error, ReasonCode::protocol_error, "a second CONNECT on one connection");
            break;
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp:
            host_.tally().refuse(Refusal::not_supported);
            end(EndCause::client_error, ReasonCode::protocol_error, "QoS 2 is not supported");
            break;
        case PacketType::auth:
            host_.tally().refuse(Refusal::not_supported);
            end(EndCause::client_error, ReasonCode::protocol_error, "AUTH is not supported");
            break;
        default:
            host_.tally().refuse(Refusal::malformed);
            end(EndCause::client_error, ReasonCode::protocol_error, "a packet that only servers send");
            break;
    }
    return Taken::yes;
}

void Connection::transmit(std::string_view packet) {
    if (ended_) return;
    output_.append(as_bytes(packet));
    ++packets_out_;
    bytes_out_ += packet.size();
    host_.wake(*this);
}

void Connection::store_failed(std::string_view what) { end(EndCause::server_error, ReasonCode::unspecified_error, what); }

mqtt::Properties Connection::reason_properties(std::string_view text) {
    if (!v5() || text.empty() || !problem_information_ || !host_.settings().explain_refusals) return {};
    // A client that limits its packets gets none rather than a packet that it must refuse.
    if (client_packet_most_ != 0 && text.size() + 64 > client_packet_most_) return {};
    text = text.substr(0, 1024);
    reason_buffer_.resize(text.size() + 3);
    mqtt::PropertyBuilder builder(std::span(reinterpret_cast<std::uint8_t*>(reason_buffer_.data()), reason_buffer_.size()));
    builder.text(mqtt::PropertyId::reason_string, text);
    return mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::disconnect)).value_or(mqtt::Properties());
}

void Connection::end(EndCause cause, ReasonCode code, std::string_view text) {
    if (ended_) return;
    const bool told = v5() && phase_ == Phase::open && cause != EndCause::client_disconnect && cause != EndCause::connection_lost;
    if (told) {
        const mqtt::Disconnect packet{code, reason_properties(text)};
        write([&](mqtt::Out out) { return mqtt::encode(packet, version_, out); });
    }
    ended_ = true;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(host_.now() - opened_at_).count();
    spdlog::info(
        "connection ended client={} principal={} via={} address={} mqtt={} cause={} code={:#04x} seconds={} packets_in={} packets_out={} "
        "bytes_in={} bytes_out={} scope={} what=\"{}\"",
        client_id_.empty() ? "-" : client_id_, peer_.principal(), to_string(peer_.via), peer_.address, v5() ? "5" : "3.1.1",
        to_string(cause), static_cast<unsigned>(code), seconds, packets_in_, packets_out_, bytes_in_, bytes_out_,
        gate_ ? gate_->admission()->scope.account.text() + "/" + gate_->admission()->scope.region.text() : "-", text);
    ++host_.tally().closed;
    abandon_calls();
    postponed_.clear();
    // The session first: its own will must not follow the DISCONNECT on this connection.
    if (session_ != nullptr && !left_) {
        left_ = true;
        host_.leave_session(*this, *session_);
        session_ = nullptr;
    }
    if (cause != EndCause::client_disconnect || code == ReasonCode::disconnect_with_will) publish_will();
    will_.reset();
    host_.wake(*this);
}

void Connection::log_refusal(std::string_view operation, std::string_view resource, std::string_view why) {
    spdlog::warn("refused operation={} client={} principal={} address={} resource=\"{}\" why=\"{}\"", operation, client_id_,
                 peer_.principal(), peer_.address, resource, why);
}

void Connection::on_disconnect(const mqtt::Disconnect& disconnect) {
    if (const auto expiry = disconnect.properties.number(mqtt::PropertyId::session_expiry_interval)) {
        // MQTT 5, 3.14.2.2.2: it cannot bring a session to life that was to end.
        if (session_->expiry_seconds == 0 && *expiry != 0)
            return end(EndCause::client_error, ReasonCode::protocol_error, "a DISCONNECT may not raise a session expiry of 0");
        session_->expiry_seconds = std::min(*expiry, limits().session_expiry_seconds);
    }
    end(EndCause::client_disconnect, disconnect.code, "the client disconnected");
}

void Connection::connection_lost(std::string_view what) { end(EndCause::connection_lost, ReasonCode::unspecified_error, what); }
void Connection::closed_by_client() { end(EndCause::client_disconnect, ReasonCode::success, "the client closed the WebSocket"); }
void Connection::carrier_broken(std::string_view problem) {
    host_.tally().refuse(Refusal::malformed);
    log_refusal("read a WebSocket", client_id_, problem);
    end(EndCause::client_error, ReasonCode::malformed_packet, problem);
}
void Connection::taken_over() {
    end(EndCause::duplicate_client_id, ReasonCode::session_taken_over, "another connection took over this client id");
}
void Connection::sent_away(Departure how) {
    if (how.prevent_will) will_.reset();
    if (how.clean_session && session_ != nullptr) session_->expiry_seconds = 0;
    end(EndCause::api, ReasonCode::administrative_action, "DeleteConnection was called for this client");
}
void Connection::stop() { end(EndCause::server_stop, ReasonCode::server_shutting_down, "the server shuts down"); }
void Connection::overrun() {
    // Called while a message is being distributed: the session must outlive that.
    overrun_ = true;
    host_.wake(*this);
}
void Connection::settle() {
    if (!overrun_ || ended_) return;
    host_.tally().refuse(Refusal::quota);
    end(EndCause::throttled, ReasonCode::quota_exceeded, "the client reads too slowly: its queue of QoS 1 messages is full");
}

void Connection::resume() {
    waiting_stream_ = false;
    if (session_ != nullptr && !ended_) session_->pump();
    host_.wake(*this);
}

std::optional<Timestamp> Connection::deadline() const {
    if (ended_) return std::nullopt;
    if (phase_ != Phase::open) return opened_at_ + connect_deadline;
    const Timestamp quiet = last_heard_ + std::chrono::milliseconds(keep_alive_ * 1500);
    return peer_.via == Via::websocket ? std::min<Timestamp>(quiet, opened_at_ + websocket_life) : quiet;
}

void Connection::check_deadline() {
    const auto due = deadline();
    if (!due || host_.now() < *due) return;
    if (phase_ != Phase::open) return end(EndCause::client_error, ReasonCode::protocol_error, "no CONNECT in time");
    if (outlived())
        return end(EndCause::websocket_ttl, ReasonCode::administrative_action, "a WebSocket lives 24 hours at the most: connect again");
    end(EndCause::keep_alive, ReasonCode::keep_alive_timeout, "nothing was heard for one and a half times the keep-alive time");
}

void Connection::admission_renewed(Result<AdmissionPtr> admission) {
    if (ended_ || !gate_) return;
    if (!admission) {
        if (admission.error().code != ErrorCode::not_found) return;  // the store's trouble: what was known stays in force
        host_.tally().refuse(Refusal::not_registered);
        log_refusal("stay connected", client_id_, admission.error().message);
        withhold_will("the certificate was deleted");
        return end(EndCause::auth_error, ReasonCode::not_authorized, "DEVICE_CERTIFICATE_NOT_REGISTERED: the certificate was deleted");
    }
    if ((*admission)->status != "ACTIVE") {
        const std::string why = std::string(refusal_word((*admission)->status)) + ": the certificate is " + (*admission)->status;
        host_.tally().refuse(Refusal::not_active);
        log_refusal("stay connected", client_id_, why);
        withhold_will(why);
        return end(EndCause::auth_error, ReasonCode::not_authorized, why);
    }
    gate_->renew(std::move(*admission));
}

bool Connection::may_receive(const Message& message) {
    if (message.expires_at && *message.expires_at <= host_.now()) return false;
    if (client_packet_most_ != 0 && message.topic.size() + message.payload.size() + message.properties.size() + 16 > client_packet_most_) {
        ++host_.tally().messages_dropped;
        return false;
    }
    if (gate_->may(Action::receive, message.topic)) return true;
    host_.tally().refuse(Refusal::receive_denied);
    spdlog::debug("not delivered client={} topic=\"{}\" why=\"iot:Receive is not allowed\"", client_id_, message.topic);
    return false;
}

void Connection::deliver(const Message& message, std::uint8_t qos, std::uint16_t packet_id, bool retain) {
    mqtt::Publish packet;
    packet.qos = qos;
    packet.retain = retain;
    packet.topic = message.topic;
    packet.packet_id = packet_id;
    packet.payload = as_bytes(message.payload);
    std::string properties;
    if (v5() && (!message.properties.empty() || message.expires_at)) {
        properties = message.properties;
        if (message.expires_at) {
            std::array<std::uint8_t, 8> buffer;
            mqtt::PropertyBuilder builder(buffer);
            const auto left = std::chrono::duration_cast<std::chrono::seconds>(*message.expires_at - host_.now()).count();
            builder.number(mqtt::PropertyId::message_expiry_interval, static_cast<std::uint32_t>(std::max<std::int64_t>(left, 0)));
            properties += as_text(builder.encoded());
        }
        packet.properties =
            mqtt::Properties::parse(as_bytes(properties), mqtt::packet_bit(PacketType::publish)).value_or(mqtt::Properties());
    }
    ++host_.tally().messages_out;
    write([&](mqtt::Out out) { return mqtt::encode(packet, version_, out); });
}

}  // namespace otabahn::gateway
