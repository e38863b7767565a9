// SPDX-License-Identifier: Apache-2.0
// CONNECT: what a client may ask for, who it is, whether its policies let it in, and the CONNACK (spec gateway 1.2 to 1.6).
#include "gateway/connection.hpp"

#include "mqtt/topic.hpp"
#include "runtime/log.hpp"

#include <algorithm>
#include <array>

namespace otabahn::gateway {

using mqtt::PropertyId;
using mqtt::ReasonCode;

namespace {

// Which version an unreadable CONNECT claims to be, so that its refusal has a form that its sender can read.
mqtt::Version claimed_version(const mqtt::Frame& frame) {
    return frame.body.size() > 6 && frame.body[6] == 5 ? mqtt::Version::v5 : mqtt::Version::v3_1_1;
}

std::uint16_t negotiate_keep_alive(std::uint16_t asked, const Limits& limits) {
    if (asked == 0 || asked > limits.keep_alive_most) return limits.keep_alive_most;
    return std::max(asked, limits.keep_alive_least);
}

// What is forwarded of a message's properties: all but expiry and alias, which the service keeps itself.
std::string forwarded(const mqtt::Properties& properties) {
    std::string out;
    properties.for_each([&](const mqtt::Property& property) {
        if (property.id == PropertyId::message_expiry_interval || property.id == PropertyId::topic_alias ||
            property.id == PropertyId::will_delay_interval)
            return;
        out += as_text(property.encoded);
    });
    return out;
}

}  // namespace

void Connection::refuse_connect(ReasonCode code, Refusal cause, EndCause end_cause, std::string_view word, std::string_view text) {
    host_.tally().refuse(cause);
    log_refusal("connect", client_id_, word.empty() ? std::string(text) : std::string(word) + ": " + std::string(text));
    mqtt::Connack packet;
    packet.code = v5() ? static_cast<std::uint8_t>(code) : mqtt::to_v3_connack(code);
    packet.properties = reason_properties(text);
    write([&](mqtt::Out out) { return mqtt::encode(packet, version_, out); });
    end(end_cause, code, text);
}

void Connection::on_connect(const mqtt::Frame& frame) {
    const auto decoded = mqtt::decode_connect(frame);
    if (!decoded) {
        version_ = claimed_version(frame);
        return refuse_connect(mqtt::to_reason(decoded.error()), Refusal::malformed, EndCause::client_error, "",
                              mqtt::describe(decoded.error()));
    }
    const auto& connect = *decoded;
    version_ = connect.version;
    client_id_ = connect.client_id;
    problem_information_ = connect.properties.number(PropertyId::request_problem_information).value_or(1) != 0;
    client_packet_most_ = connect.properties.number(PropertyId::maximum_packet_size).value_or(0);
    client_receive_most_ = static_cast<std::uint16_t>(connect.properties.number(PropertyId::receive_maximum).value_or(65'535));
    if (!check_connect(connect)) return;

    pending_ = std::make_unique<Pending>();
    pending_->clean_start = connect.clean_start;
    if (client_id_.empty()) {
        client_id_ = host_.random_client_id();
        pending_->assigned_id = true;
    }
    if (v5()) {
        const auto asked = connect.properties.number(PropertyId::session_expiry_interval);
        pending_->expiry_sent = asked.has_value();
        pending_->expiry_asked = asked.value_or(0);
        pending_->expiry_given = std::min(pending_->expiry_asked, limits().session_expiry_seconds);
    } else {
        pending_->expiry_given = connect.clean_start ? 0 : limits().session_expiry_seconds;
    }
    keep_alive_ = negotiate_keep_alive(connect.keep_alive, limits());
    if (connect.will) {
        will_ = std::make_unique<WillMessage>();
        will_->topic = connect.will->topic;
        will_->payload = as_text(connect.will->payload);
        will_->properties = forwarded(connect.will->properties);
        will_->qos = connect.will->qos;
        will_->retain = connect.will->retain;
        will_->expiry_seconds = connect.will->properties.number(PropertyId::message_expiry_interval);
    }
    phase_ = Phase::admitting;
    host_.load_admission(*this, client_id_);
}

bool Connection::check_connect(const mqtt::Connect& connect) {
    const auto refuse = [this](ReasonCode code, Refusal cause, std::string_view text) {
        refuse_connect(code, cause, EndCause::client_error, "", text);
        return false;
    };
    if (client_packet_most_ != 0 && client_packet_most_ < limits().client_packet_least)
        return refuse(ReasonCode::unspecified_error, Refusal::quota, "Maximum Packet Size must be at least 512 bytes");
    if (connect.properties.has(PropertyId::authentication_method))
        return refuse(ReasonCode::bad_authentication_method, Refusal::not_supported,
                      "enhanced authentication (AUTH) is not supported: connect with a client certificate");
    if (connect.client_id.empty() && !v5() && !connect.clean_start)
        return refuse(ReasonCode::client_identifier_not_valid, Refusal::client_id, "an empty client id needs a clean session");
    if (connect.client_id.size() > limits().client_id_bytes)
        return refuse(ReasonCode::client_identifier_not_valid, Refusal::client_id, "a client id has at most 128 bytes");
    if (connect.client_id.starts_with('$'))
        return refuse(ReasonCode::client_identifier_not_valid, Refusal::client_id, "a client id may not start with $");
    if (!connect.will) return true;
    const auto& will = *connect.will;
    if (will.qos == 2) return refuse(ReasonCode::qos_not_supported, Refusal::not_supported, "a will of QoS 2 is not supported");
    if (will.payload.size() > limits().payload_bytes)
        return refuse(ReasonCode::quota_exceeded, Refusal::quota, "the will's payload is larger than a message may be");
    if (!host_.topics().within_limits(will.topic, limits()))
        return refuse(ReasonCode::topic_name_invalid, Refusal::topic, "the will's topic has more than 256 bytes or more than 7 slashes");
    if (will.properties.user_property_bytes() > limits().user_property_bytes)
        return refuse(ReasonCode::quota_exceeded, Refusal::quota, "the will's user properties have more than 8 KB");
    if (will.retain && will.topic.starts_with('$'))
        return refuse(ReasonCode::topic_name_invalid, Refusal::reserved_topic, "a will on a topic that starts with $ may not be retained");
    if (!host_.topics().may_be_will(will.topic))
        return refuse(ReasonCode::topic_name_invalid, Refusal::reserved_topic, "a will may not go to a reserved topic");
    return true;
}

void Connection::admitted(Result<AdmissionPtr> admission) {
    if (ended_) return;
    if (!admission) {
        const auto& error = admission.error();
        if (error.code == ErrorCode::not_found)
            return refuse_connect(ReasonCode::not_authorized, Refusal::not_registered, EndCause::auth_error,
                                  "DEVICE_CERTIFICATE_NOT_REGISTERED", error.message);
        if (error.code == ErrorCode::conflict)
            return refuse_connect(ReasonCode::not_authorized, Refusal::not_registered, EndCause::auth_error, "SNI_MISUSED", error.message);
        return refuse_connect(ReasonCode::server_unavailable, Refusal::unavailable, EndCause::server_error, "", error.message);
    }
    if ((*admission)->status != "ACTIVE")
        return refuse_connect(ReasonCode::not_authorized, Refusal::not_active, EndCause::auth_error, refusal_word((*admission)->status),
                              "certificate " + peer_.certificate_id + " is " + (*admission)->status + ": only an ACTIVE one may connect");
    gate_ = std::make_unique<PolicyGate>(std::move(*admission), client_id_, peer_.address);

    const ConnectFacts facts{pending_->expiry_given != 0, will_ ? std::optional(will_->topic) : std::nullopt};
    if (!gate_->may_connect(facts))
        return refuse_connect(ReasonCode::not_authorized, Refusal::connect_denied, EndCause::auth_error, "AUTHORIZATION_FAILED",
                              gate_->explain(Action::connect, client_id_, &facts));
    if (will_ && !gate_->may(Action::publish, will_->topic))
        return refuse_connect(ReasonCode::not_authorized, Refusal::will, EndCause::auth_error, "AUTHORIZATION_FAILED",
                              "the will's topic: " + gate_->explain(Action::publish, will_->topic));
    if (will_ && will_->retain && !gate_->may(Action::retain_publish, will_->topic))
        return refuse_connect(ReasonCode::not_authorized, Refusal::will, EndCause::auth_error, "AUTHORIZATION_FAILED",
                              "the retained will's topic: " + gate_->explain(Action::retain_publish, will_->topic));
    phase_ = Phase::opening_session;
    host_.open_session(*this, {SessionKey{gate_->admission()->scope, client_id_}, version_, pending_->clean_start, pending_->expiry_given});
}

void Connection::session_opened(Session* session, bool present) {
    if (ended_) {
        if (session != nullptr) host_.leave_session(*this, *session);
        return;
    }
    if (session == nullptr)
        return refuse_connect(ReasonCode::server_unavailable, Refusal::unavailable, EndCause::server_error, "",
                              "the session could not be stored");
    session_ = session;
    phase_ = Phase::open;
    ++host_.tally().connected;
    send_connack(present);
    pending_.reset();
    spdlog::debug("connected client={} principal={} via={} address={} mqtt={} session_present={} keep_alive={}", client_id_,
                  peer_.principal(), to_string(peer_.via), peer_.address, v5() ? "5" : "3.1.1", present, keep_alive_);
    session_->attach(*this, std::min(client_receive_most_, limits().receive_maximum));
    if (session_->shares()) host_.share_changed(*session_);
    session_->pump();
}

void Connection::send_connack(bool present) {
    std::array<std::uint8_t, 256> buffer;
    mqtt::PropertyBuilder builder(buffer);
    mqtt::Connack packet;
    packet.session_present = present;
    if (v5()) {
        if (pending_->expiry_sent && pending_->expiry_given != pending_->expiry_asked)
            builder.number(PropertyId::session_expiry_interval, pending_->expiry_given);
        builder.number(PropertyId::receive_maximum, limits().receive_maximum)
            .number(PropertyId::maximum_qos, 1)
            .number(PropertyId::retain_available, 1)
            .number(PropertyId::maximum_packet_size, static_cast<std::uint32_t>(limits().packet_bytes))
            .number(PropertyId::topic_alias_maximum, limits().topic_aliases)
            .number(PropertyId::wildcard_subscription_available, 1)
            .number(PropertyId::subscription_identifier_available, 0)
            .number(PropertyId::shared_subscription_available, 1)
            .number(PropertyId::server_keep_alive, keep_alive_);
        if (pending_->assigned_id) builder.text(PropertyId::assigned_client_identifier, client_id_);
        packet.properties =
            mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(mqtt::PacketType::connack)).value_or(mqtt::Properties());
    }
    write([&](mqtt::Out out) { return mqtt::encode(packet, version_, out); });
}

void Connection::withhold_will(std::string_view why) {
    if (!will_) return;
    host_.tally().refuse(Refusal::will);
    log_refusal("publish the will", will_->topic, why);
    will_.reset();
}

void Connection::publish_will() {
    if (!will_ || !gate_ || phase_ != Phase::open) return;
    // CONNECT was long ago: policies may have changed since.
    if (!gate_->may(Action::publish, will_->topic)) return withhold_will(gate_->explain(Action::publish, will_->topic));
    if (will_->retain && !gate_->may(Action::retain_publish, will_->topic))
        return withhold_will(gate_->explain(Action::retain_publish, will_->topic));
    auto message = std::make_shared<Message>(Message{gate_->admission()->scope, will_->topic, std::move(will_->payload), will_->qos,
                                                     will_->retain, std::move(will_->properties)});
    if (will_->expiry_seconds) message->expires_at = host_.now() + std::chrono::seconds(*will_->expiry_seconds);
    message->publisher_client_id = client_id_;
    will_.reset();
    host_.publish(std::move(message), nullptr);
}

}  // namespace otabahn::gateway
