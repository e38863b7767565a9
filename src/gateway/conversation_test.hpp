// SPDX-License-Identifier: Apache-2.0
// What the conversations without sockets share: a client at a MemoryHost, policies as literal text, and a service behind a topic.
#pragma once

#include "gateway/connection.hpp"
#include "gateway/memory_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace otabahn::gateway::conversation {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using mqtt::Version;

inline const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};

inline constexpr const char* allow_all = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]})";

inline std::string policy_of(const std::string& statements) { return R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"; }
inline std::string allow(const std::string& action, const std::string& resource) {
    return R"({"Effect":"Allow","Action":"iot:)" + action + R"(","Resource":"arn:aws:iot:us-east-1:000000000000:)" + resource + R"("})";
}

class Jobs final : public runtime::TopicService {
  public:
    bool fits(std::string_view topic) const override { return topic.starts_with("$aws/things/T/jobs/") && topic.ends_with("get"); }
    runtime::TopicReplies call(const runtime::TopicCall& call) override {
        calls.push_back(call.payload);
        runtime::TopicReplies replies{{call.topic + "/accepted", call.payload, std::min(call.qos, 1)}};
        replies.then.push_back({"$aws/things/T/jobs/notify", call.payload, 1});
        return replies;
    }
    std::vector<std::string> calls;
};

// One client at a MemoryHost: says packets, hears what the connection answered.
class Talk {
  public:
    Talk(MemoryHost& host, std::uint64_t id, Version version) : host_(host), id_(id), version_(version) { host.connect(id); }

    Connection& connection() { return *host_.find(id_); }
    void bytes(const std::vector<std::uint8_t>& raw) {
        pending_.insert(pending_.end(), raw.begin(), raw.end());
        go_on();
    }
    void go_on() {
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(connection().receive(pending_)));
        host_.settle();
    }
    template <class F>
    void packet(F encode_into) {
        std::vector<std::uint8_t> raw(encode_into(mqtt::Out{}));
        encode_into(mqtt::Out(raw));
        bytes(raw);
    }
    void connect(const std::function<void(mqtt::Connect&)>& adjust = nullptr) {
        mqtt::Connect packet_data;
        packet_data.version = version_;
        packet_data.client_id = "T";
        if (adjust) adjust(packet_data);
        packet([&](mqtt::Out out) { return mqtt::encode(packet_data, out); });
    }
    void publish(std::string_view topic, std::string_view payload, std::uint8_t qos, std::uint16_t id = 1,
                 const std::function<void(mqtt::Publish&)>& adjust = nullptr) {
        mqtt::Publish message;
        message.topic = topic;
        message.payload = as_bytes(payload);
        message.qos = qos;
        message.packet_id = id;
        if (adjust) adjust(message);
        packet([&](mqtt::Out out) { return mqtt::encode(message, version_, out); });
    }
    void subscribe(std::vector<mqtt::SubscribeEntry> entries, mqtt::Properties properties = {}) {
        packet([&](mqtt::Out out) { return mqtt::encode_subscribe(9, entries, properties, version_, out); });
    }
    void acknowledge(std::uint16_t id) {
        packet([&](mqtt::Out out) { return mqtt::encode_puback({id, ReasonCode::success, {}}, version_, out); });
    }

    // Takes what was answered so far.
    std::vector<mqtt::Frame> heard() {
        auto& output = connection().output();
        kept_.emplace_back(std::make_unique<std::vector<std::uint8_t>>(output.pending().begin(), output.pending().end()));
        output.clear();
        std::vector<mqtt::Frame> frames;
        ByteView rest(*kept_.back());
        while (!rest.empty()) {
            const auto scan = mqtt::scan_frame(rest, 1U << 28);
            EXPECT_EQ(scan.state, mqtt::FrameScan::State::complete);
            frames.push_back(scan.frame);
            rest = rest.subspan(scan.frame.size);
        }
        return frames;
    }
    std::uint8_t connack() {
        const auto frames = heard();
        if (frames.empty() || frames[0].type != PacketType::connack) return 0xee;
        return mqtt::decode_connack(frames[0], version_)->code;
    }
    // Of the single packet that was answered.
    mqtt::Disconnect goodbye() {
        const auto frames = heard();
        EXPECT_FALSE(frames.empty());
        if (frames.empty() || frames.back().type != PacketType::disconnect) return {ReasonCode::success, {}};
        return *mqtt::decode_disconnect(frames.back(), version_);
    }
    std::vector<std::uint8_t> suback() {
        const auto frames = heard();
        if (frames.empty() || frames[0].type != PacketType::suback) return {};
        const auto codes = mqtt::decode_suback(frames[0], version_)->codes;
        return {codes.begin(), codes.end()};
    }
    mqtt::Puback puback() {
        const auto frames = heard();
        if (frames.empty() || frames[0].type != PacketType::puback) return {0, ReasonCode::unspecified_error, {}};
        return *mqtt::decode_puback(frames[0], version_);
    }
    std::vector<mqtt::Publish> messages() {
        std::vector<mqtt::Publish> out;
        for (const auto& frame : heard())
            if (frame.type == PacketType::publish) out.push_back(*mqtt::decode_publish(frame, version_));
        return out;
    }

  private:
    MemoryHost& host_;
    std::uint64_t id_;
    Version version_;
    std::vector<std::uint8_t> pending_;
    std::vector<std::unique_ptr<std::vector<std::uint8_t>>> kept_;  // frames are views
};

class ConnectionTest : public ::testing::Test {
  protected:
    ConnectionTest() { use_policy(allow_all); }
    void use_policy(const std::string& text, const std::string& status = "ACTIVE", bool attached = true) {
        host.admit = [this, text, status, attached](const std::string& certificate, const std::string& client_id) -> Result<AdmissionPtr> {
            auto document = policy::parse(text, policy::Dialect::iot);
            if (!document) return Unexpected(std::move(document).error());
            auto admission = std::make_shared<Admission>(Admission{scope, certificate, status, {{"P", *document}}, {}, {}});
            if (attached && client_id == "T") admission->thing = registry::ThingFacts{"T", "", {}, {}};
            return AdmissionPtr(std::move(admission));
        };
    }
    Talk open(Version version, std::uint64_t id = 1, const std::function<void(mqtt::Connect&)>& adjust = nullptr) {
        Talk talk(host, id, version);
        talk.connect(adjust);
        EXPECT_EQ(talk.connack(), 0);
        return talk;
    }

    Jobs jobs;
    MemoryHost host{{&jobs}};
};

inline mqtt::Properties connect_properties(std::span<std::uint8_t> buffer, PropertyId id, std::uint32_t value) {
    mqtt::PropertyBuilder builder(buffer);
    builder.number(id, value);
    return *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::connect));
}

}  // namespace otabahn::gateway::conversation
