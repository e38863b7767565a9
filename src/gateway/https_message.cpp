// SPDX-License-Identifier: Apache-2.0
#include "gateway/https_message.hpp"

#include "encoding/base64_string.hpp"
#include "mqtt/property.hpp"
#include "mqtt/topic.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace otabahn::gateway {
namespace {

namespace json = boost::json;
using mqtt::PropertyId;

Unexpected<Error> refuse(std::string message) { return fail(ErrorCode::invalid_request, std::move(message)); }

// [{"name":"value"}, …], in their order.
Result<std::vector<std::pair<std::string, std::string>>> read_user_properties(const std::string& text) {
    boost::system::error_code error;
    const json::value value = json::parse(text, error);
    const auto* list = error ? nullptr : value.if_array();
    std::vector<std::pair<std::string, std::string>> out;
    bool fits = list != nullptr;
    for (std::size_t i = 0; fits && i < list->size(); ++i) {
        const auto* entry = (*list)[i].if_object();
        fits = entry != nullptr && entry->size() == 1 && entry->begin()->value().is_string();
        if (fits) out.emplace_back(std::string(entry->begin()->key()), std::string(entry->begin()->value().get_string()));
    }
    if (!fits)
        return refuse(
            "x-amz-mqtt5-user-properties must be the base64 of a JSON array of objects with one text each: [{\"name\":\"value\"}].");
    return out;
}

Result<std::string> read_properties(const api::iot_data::PublishRequest& request, const TopicTable& topics, const Limits& limits) {
    std::vector<std::pair<std::string, std::string>> user;
    std::size_t user_bytes = 0;
    if (request.user_properties) {
        auto read = read_user_properties(*request.user_properties);
        if (!read) return Unexpected(std::move(read).error());
        user = std::move(*read);
        for (const auto& [name, value] : user) user_bytes += name.size() + value.size();
        if (user_bytes > limits.user_property_bytes)
            return refuse("User properties have at most " + std::to_string(limits.user_property_bytes) + " bytes; these have " +
                          std::to_string(user_bytes) + ".");
    }
    const std::string content_type = request.content_type.value_or(""), response_topic = request.response_topic.value_or("");
    if (content_type.size() > limits.content_type_bytes)
        return refuse("contentType has at most " + std::to_string(limits.content_type_bytes) + " bytes.");
    if (!response_topic.empty() && (!mqtt::is_topic_name(response_topic) || !topics.within_limits(response_topic, limits)))
        return refuse("responseTopic must be a topic without wildcards, within the limits of one.");
    std::string correlation;
    if (request.correlation_data) {
        auto decoded = encoding::from_base64(*request.correlation_data);
        if (!decoded || decoded->size() > limits.correlation_data_bytes)
            return refuse("x-amz-mqtt5-correlation-data must be base64 of at most " + std::to_string(limits.correlation_data_bytes) +
                          " bytes.");
        correlation = std::move(*decoded);
    }
    std::vector<std::uint8_t> buffer(64 + user_bytes + user.size() * 5 + content_type.size() + response_topic.size() + correlation.size());
    mqtt::PropertyBuilder builder(buffer);
    if (request.payload_format_indicator)
        builder.number(PropertyId::payload_format_indicator, *request.payload_format_indicator == "UTF8_DATA" ? 1 : 0);
    if (!content_type.empty()) builder.text(PropertyId::content_type, content_type);
    if (!response_topic.empty()) builder.text(PropertyId::response_topic, response_topic);
    if (request.correlation_data) builder.binary(PropertyId::correlation_data, as_bytes(correlation));
    for (const auto& [name, value] : user) builder.user(name, value);
    std::string out(as_text(builder.encoded()));
    if (builder.overflow() || !mqtt::Properties::parse(as_bytes(out), mqtt::packet_bit(mqtt::PacketType::publish)))
        return refuse("The MQTT 5 properties have text that is not UTF-8.");
    return out;
}

}  // namespace

Result<Message> make_https_message(const Scope& scope, const api::iot_data::PublishRequest& request, const TopicTable& topics,
                                   const Limits& limits, Timestamp now) {
    const std::string& topic = request.topic;
    if (!mqtt::is_topic_name(topic)) return refuse("'" + topic + "' is no topic to publish to: it is empty, not UTF-8, or has a wildcard.");
    if (!topics.within_limits(topic, limits))
        return refuse("The topic has " + std::to_string(topic.size()) + " bytes; at most " + std::to_string(limits.topic_bytes) + " and " +
                      std::to_string(limits.topic_slashes) + " slashes are taken.");
    const std::string payload = request.payload.value_or("");
    if (payload.size() > limits.payload_bytes)
        return fail(ErrorCode::limit_exceeded, "The payload has " + std::to_string(payload.size()) + " bytes; at most " +
                                                   std::to_string(limits.payload_bytes) + " are taken.");
    const bool retain = request.retain.value_or(false);
    if (retain && topic.starts_with('$')) return refuse("Nothing is retained on topics that start with $: publish without retain.");
    auto properties = read_properties(request, topics, limits);
    if (!properties) return Unexpected(std::move(properties).error());
    Message out{scope, topic, payload, static_cast<std::uint8_t>(request.qos.value_or(0)), retain, std::move(*properties)};
    if (request.message_expiry)
        out.expires_at = now + std::chrono::seconds(std::clamp<std::int64_t>(*request.message_expiry, 1, limits.message_expiry_seconds));
    return out;
}

}  // namespace otabahn::gateway
