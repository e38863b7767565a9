// SPDX-License-Identifier: Apache-2.0
// PUBLISH: limits, policy, and the way to whom the topic belongs: subscribers, a stream, a service (spec gateway 1.3 to 1.11, 3).
#include "gateway/connection.hpp"

#include "mqtt/topic.hpp"
#include "runtime/log.hpp"

#include <algorithm>

namespace otabahn::gateway {

using mqtt::PropertyId;
using mqtt::ReasonCode;

namespace {

std::string forwarded(const mqtt::Properties& properties) {
    std::string out;
    properties.for_each([&](const mqtt::Property& property) {
        if (property.id == PropertyId::message_expiry_interval || property.id == PropertyId::topic_alias) return;
        out += as_text(property.encoded);
    });
    return out;
}

}  // namespace

void Connection::puback(std::uint16_t packet_id, ReasonCode code, std::string_view text) {
    if (packet_id == 0 || ended_) return;
    const mqtt::Puback packet{packet_id, code, reason_properties(text)};
    write([&](mqtt::Out out) { return mqtt::encode_puback(packet, version_, out); });
}

// MQTT 3.1.1 has no way to say no but to hang up; MQTT 5 says it in the PUBACK, and for QoS 0 in a DISCONNECT (spec 1.11).
void Connection::refuse_publish(const mqtt::Publish& publish, std::string_view topic, ReasonCode code, Refusal cause,
                                std::string_view text) {
    host_.tally().refuse(cause);
    log_refusal("publish", topic, text);
    if (v5() && publish.qos != 0) return puback(publish.packet_id, code, text);
    const EndCause end_cause = code == ReasonCode::not_authorized ? EndCause::auth_error : EndCause::client_error;
    end(end_cause, code, text);
}

std::optional<std::string_view> Connection::resolve_topic(const mqtt::Publish& publish) {
    const auto alias = publish.properties.number(PropertyId::topic_alias);
    if (!alias) return publish.topic;
    if (*alias > limits().topic_aliases) {
        host_.tally().refuse(Refusal::topic);
        end(EndCause::client_error, ReasonCode::topic_alias_invalid, "topic alias " + std::to_string(*alias) + ": 1 to 8 are allowed");
        return std::nullopt;
    }
    if (aliases_.size() < *alias) aliases_.resize(*alias);
    auto& known = aliases_[*alias - 1];
    if (!publish.topic.empty()) known = publish.topic;
    if (!known.empty()) return known;
    host_.tally().refuse(Refusal::topic);
    end(EndCause::client_error, ReasonCode::protocol_error, "topic alias " + std::to_string(*alias) + " was not set on this connection");
    return std::nullopt;
}

bool Connection::check_publish(const mqtt::Publish& publish, std::string_view topic) {
    const auto& most = limits();
    const auto refuse = [&](ReasonCode code, Refusal cause, std::string_view text) {
        refuse_publish(publish, topic, code, cause, text);
        return false;
    };
    if (publish.payload.size() > most.payload_bytes) {
        host_.tally().refuse(Refusal::quota);
        log_refusal("publish", topic, "the payload is larger than 128 KB");
        end(EndCause::client_error, ReasonCode::packet_too_large, "the payload is larger than 128 KB");
        return false;
    }
    if (!host_.topics().within_limits(topic, most))
        return refuse(ReasonCode::topic_name_invalid, Refusal::topic, "a topic has at most 256 bytes and 7 slashes");
    if (v5()) {
        if (publish.properties.has(PropertyId::subscription_identifier)) {
            end(EndCause::client_error, ReasonCode::protocol_error, "a client may not send a subscription identifier in a PUBLISH");
            return false;
        }
        if (publish.properties.user_property_bytes() > most.user_property_bytes)
            return refuse(ReasonCode::quota_exceeded, Refusal::quota, "user properties have at most 8 KB");
        if (publish.properties.text(PropertyId::content_type).value_or("").size() > most.content_type_bytes)
            return refuse(ReasonCode::quota_exceeded, Refusal::quota, "a content type has at most 256 bytes");
        if (publish.properties.binary(PropertyId::correlation_data).value_or(ByteView()).size() > most.correlation_data_bytes)
            return refuse(ReasonCode::quota_exceeded, Refusal::quota, "correlation data have at most 8 KB");
        const auto response = publish.properties.text(PropertyId::response_topic);
        if (response && !host_.topics().within_limits(*response, most))
            return refuse(ReasonCode::topic_name_invalid, Refusal::topic, "a response topic has at most 256 bytes and 7 slashes");
    }
    if (!gate_->may(Action::publish, topic))
        return refuse(ReasonCode::not_authorized, Refusal::publish_denied, gate_->explain(Action::publish, topic));
    if (publish.retain) {
        if (!gate_->may(Action::retain_publish, topic))
            return refuse(ReasonCode::not_authorized, Refusal::publish_denied, gate_->explain(Action::retain_publish, topic));
        if (topic.starts_with('$'))
            return refuse(ReasonCode::not_authorized, Refusal::reserved_topic,
                          "nothing is retained on topics that start with $: publish without RETAIN");
    }
    return true;
}

Connection::Taken Connection::on_publish(const mqtt::Publish& publish) {
    if (publish.qos == 2) {
        host_.tally().refuse(Refusal::not_supported);
        log_refusal("publish", publish.topic, "QoS 2 is not supported");
        // AWS never answers it in MQTT 3.1.1 (spec gateway 1.5).
        if (v5()) end(EndCause::client_error, ReasonCode::qos_not_supported, "QoS 2 is not supported");
        return Taken::yes;
    }
    if (publish.qos == 1 && v5() && unacknowledged_in_ >= limits().receive_maximum) {
        host_.tally().refuse(Refusal::quota);
        end(EndCause::throttled, ReasonCode::receive_maximum_exceeded, "more than 100 QoS 1 messages without a PUBACK yet");
        return Taken::yes;
    }
    const auto topic = resolve_topic(publish);
    if (!topic || !check_publish(publish, *topic)) return Taken::yes;
    const TopicClass is = host_.topics().of_publish(*topic);
    if (is.kind == TopicKind::stream || is.kind == TopicKind::service) {
        if (postponed_.empty() && !session_->congested()) return ask(publish, *topic, is);
        postpone(publish, *topic);
        return Taken::yes;
    }
    ++host_.tally().messages_in;
    switch (is.kind) {
        case TopicKind::ordinary:
            route(publish, *topic);
            break;
        case TopicKind::rule:
            refuse_publish(publish, *topic, ReasonCode::topic_name_invalid, Refusal::reserved_topic,
                           "rules are not served here: $aws/rules/ takes no messages");
            break;
        case TopicKind::listen_only:
            refuse_publish(publish, *topic, ReasonCode::topic_name_invalid, Refusal::reserved_topic,
                           "devices do not publish on this reserved topic: only the service does");
            break;
        case TopicKind::stream:
        case TopicKind::service:
        case TopicKind::unknown:
            refuse_publish(publish, *topic, ReasonCode::topic_name_invalid, Refusal::reserved_topic,
                           "topics that start with $ are reserved, and this one is not known");
            break;
    }
    return Taken::yes;
}

Connection::Taken Connection::ask(const mqtt::Publish& publish, std::string_view topic, TopicClass is) {
    if (is.kind == TopicKind::stream) return ask_stream(publish, topic);
    ++host_.tally().messages_in;
    ask_service(publish, topic, *is.service);
    return Taken::yes;
}

void Connection::postpone(const mqtt::Publish& publish, std::string_view topic) {
    postponed_size_ += topic.size() + publish.payload.size() + sizeof(Postponed);
    if (postponed_size_ > postponed_bytes) {
        host_.tally().refuse(Refusal::quota);
        return end(EndCause::throttled, ReasonCode::quota_exceeded,
                   "the client asks faster than it acknowledges: too many requests wait for room in its queue");
    }
    postponed_.push_back({std::string(topic), std::string(as_text(publish.payload)), publish.qos, publish.packet_id});
}

void Connection::take_postponed() {
    while (can_go_on()) {
        const Postponed& next = postponed_.front();
        mqtt::Publish publish;
        publish.payload = as_bytes(next.payload);
        publish.qos = next.qos;
        publish.packet_id = next.packet_id;
        if (ask(publish, next.topic, host_.topics().of_publish(next.topic)) == Taken::not_yet || ended_) return;
        postponed_size_ -= next.topic.size() + next.payload.size() + sizeof(Postponed);
        postponed_.pop_front();
    }
}

void Connection::route(const mqtt::Publish& publish, std::string_view topic) {
    auto message = std::make_shared<Message>(Message{gate_->admission()->scope, std::string(topic), std::string(as_text(publish.payload)),
                                                     publish.qos, publish.retain, forwarded(publish.properties)});
    if (const auto expiry = publish.properties.number(PropertyId::message_expiry_interval))
        message->expires_at = host_.now() + std::chrono::seconds(std::clamp<std::uint32_t>(*expiry, 1, limits().message_expiry_seconds));
    message->publisher_client_id = client_id_;
    if (publish.qos == 0) {
        TicketPtr ticket;
        if (publish.retain) {  // nobody acknowledges it, but it is read no faster than it is stored
            ++retaining_;
            ticket = host_.make_ticket(*this, 0);
        }
        return host_.publish(std::move(message), std::move(ticket));
    }
    ++unacknowledged_in_;
    host_.publish(std::move(message), host_.make_ticket(*this, publish.packet_id));
}

void Connection::published(std::uint16_t packet_id, PublishOutcome outcome) {
    if (ended_) return;
    packet_id == 0 ? --retaining_ : --unacknowledged_in_;
    host_.wake(*this);
    if (outcome == PublishOutcome::stored) return puback(packet_id, ReasonCode::success);
    const bool over = outcome == PublishOutcome::over_quota;
    const std::string_view text = over ? "the account has as many retained messages as it may: delete some by empty payloads"
                                       : "the message could not be stored: publish it again";
    host_.tally().refuse(over ? Refusal::quota : Refusal::unavailable);
    log_refusal("publish", "", text);
    if (v5() && packet_id != 0) return puback(packet_id, over ? ReasonCode::quota_exceeded : ReasonCode::unspecified_error, text);
    // A client that asked for no acknowledgement, or cannot be told why it gets none.
    if (packet_id != 0) end(over ? EndCause::throttled : EndCause::server_error, ReasonCode::unspecified_error, text);
}

// Builds each block's PUBLISH where it is sent from; the file is read straight into it.
class Connection::StreamSink final : public streams::BlockSink {
  public:
    explicit StreamSink(Connection& connection) : connection_(connection) {}

    void block(std::string_view topic, std::string_view head, const std::shared_ptr<const runtime::BlobReader>& blob, std::uint64_t offset,
               std::uint32_t size, std::string_view tail) override {
        if (!admit(topic)) return;
        const std::size_t total = head.size() + size + tail.size();
        if (qos_ != 0) {
            std::string payload(total, '\0');
            if (fill(reinterpret_cast<std::uint8_t*>(payload.data()), head, blob.get(), offset, size, tail))
                queue(topic, std::move(payload));
            return;
        }
        mqtt::Publish packet;
        packet.topic = topic;
        auto& output = connection_.output_;
        const std::size_t front = mqtt::encode_publish_head(packet, total, connection_.version_, {});
        auto room = output.reserve(front + total);
        mqtt::encode_publish_head(packet, total, connection_.version_, room);
        if (!fill(room.data() + front, head, blob.get(), offset, size, tail)) return;
        output.commit(front + total);
        ++connection_.packets_out_;
        connection_.bytes_out_ += front + total;
        ++connection_.host_.tally().blocks;
    }

    void message(std::string_view topic, std::string_view payload) override {
        if (!admit(topic)) return;
        if (qos_ != 0) return queue(topic, std::string(payload));
        mqtt::Publish packet;
        packet.topic = topic;
        packet.payload = as_bytes(payload);
        ++connection_.host_.tally().messages_out;
        connection_.write([&](mqtt::Out out) { return mqtt::encode(packet, connection_.version_, out); });
    }

  private:
    // One request's answers share a topic, so policy and subscription are looked at once.
    bool admit(std::string_view topic) {
        if (topic == topic_) return admitted_;
        topic_ = topic;
        admitted_ = connection_.gate_->may(Action::receive, topic);
        qos_ = connection_.session_->granted(topic).value_or(0);
        if (!admitted_) connection_.host_.tally().refuse(Refusal::receive_denied);
        return admitted_;
    }

    static bool fill(std::uint8_t* to, std::string_view head, const runtime::BlobReader* blob, std::uint64_t offset, std::uint32_t size,
                     std::string_view tail) {
        std::copy(head.begin(), head.end(), to);
        if (size != 0) {
            const auto read = blob->read_at(offset, std::span(to + head.size(), size));
            if (!read || *read != size) {
                spdlog::error("a block could not be read offset={} size={} what=\"{}\"", offset, size,
                              read ? "the file is shorter" : read.error().message);
                return false;
            }
        }
        std::copy(tail.begin(), tail.end(), to + head.size() + size);
        return true;
    }

    void queue(std::string_view topic, std::string payload) {
        auto message = std::make_shared<Message>(Message{connection_.gate_->admission()->scope, std::string(topic), std::move(payload), 1});
        message->transient = true;
        ++connection_.host_.tally().blocks;
        connection_.session_->offer(message, {1}, nullptr, connection_.limits());
    }

    Connection& connection_;
    std::string topic_;
    bool admitted_ = false;
    std::uint8_t qos_ = 0;
};

Connection::Taken Connection::ask_stream(const mqtt::Publish& publish, std::string_view topic) {
    StreamSink sink(*this);
    const streams::BlockRequest request{gate_->admission()->scope, topic, as_text(publish.payload), client_packet_most_};
    if (!host_.answer_stream(*this, request, sink)) {
        waiting_stream_ = true;  // this packet is taken again once the stream is open
        return Taken::not_yet;
    }
    ++host_.tally().messages_in;
    ++host_.tally().stream_requests;
    puback(publish.packet_id, ReasonCode::success);
    host_.wake(*this);
    return Taken::yes;
}

void Connection::ask_service(const mqtt::Publish& publish, std::string_view topic, runtime::TopicService& service) {
    ++host_.tally().service_calls;
    runtime::TopicCall call{gate_->admission()->scope, std::string(topic), std::string(as_text(publish.payload)), publish.qos, client_id_,
                            peer_.certificate_id,      client_packet_most_};
    calls_.push_back({&service, std::move(call), publish.packet_id});
    if (calls_.size() == 1) start_next_call();
}

void Connection::start_next_call() { host_.call(*this, *calls_.front().service, calls_.front().call); }

// A client that says something and leaves is heard to the end: others may wait for what its requests cause.
void Connection::abandon_calls() {
    if (calls_.size() > 1) {
        std::deque<ServiceCall> rest;
        for (auto at = calls_.begin() + 1; at != calls_.end(); ++at) rest.push_back({at->service, std::move(at->call)});
        host_.finish_calls_of(*this, std::move(rest));
    }
    calls_.clear();
}

void Connection::answered(runtime::TopicReplies replies) {
    if (ended_ || calls_.empty()) return;
    const Scope scope = calls_.front().call.scope;
    puback(calls_.front().packet_id, ReasonCode::success);
    calls_.erase(calls_.begin());
    for (const auto& answer : replies) reply(answer);
    for (auto& publication : replies.then) host_.publish_for_service(scope, std::move(publication));
    if (!calls_.empty()) start_next_call();
    host_.wake(*this);
}

void Connection::service_failed() {
    if (ended_ || calls_.empty()) return;
    const std::uint16_t packet_id = calls_.front().packet_id;
    calls_.erase(calls_.begin());
    host_.tally().refuse(Refusal::unavailable);
    constexpr std::string_view text = "the service behind this topic failed: publish the request again";
    if (packet_id != 0 && !v5()) return end(EndCause::server_error, ReasonCode::unspecified_error, text);
    puback(packet_id, ReasonCode::unspecified_error, text);
    if (!calls_.empty()) start_next_call();
    host_.wake(*this);
}

// Straight to this connection, once: at the QoS of the subscription that matches, else as the service says.
void Connection::reply(const runtime::TopicReply& answer) {
    auto message = std::make_shared<Message>(Message{gate_->admission()->scope, answer.topic, answer.payload, 1});
    message->transient = true;
    const auto qos = session_->granted(answer.topic).value_or(static_cast<std::uint8_t>(std::min(answer.qos, 1)));
    session_->offer(message, {qos}, nullptr, limits());
}

}  // namespace otabahn::gateway
