// SPDX-License-Identifier: Apache-2.0
// Conversations without sockets: literal policies and packets, by the lines of spec gateway 1.2 to 1.11, 2.7 and 3.
#include "gateway/connection.hpp"

#include "gateway/memory_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <span>

namespace otabahn::gateway {
namespace {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using mqtt::Version;

const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};

constexpr const char* allow_all = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]})";

std::string policy_of(const std::string& statements) { return R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"; }
std::string allow(const std::string& action, const std::string& resource) {
    return R"({"Effect":"Allow","Action":"iot:)" + action + R"(","Resource":"arn:aws:iot:us-east-1:000000000000:)" + resource + R"("})";
}

class Jobs final : public runtime::TopicService {
  public:
    bool fits(std::string_view topic) const override { return topic.starts_with("$aws/things/T/jobs/") && topic.ends_with("get"); }
    runtime::TopicReplies call(const runtime::TopicCall& call) override {
        calls.push_back(call.payload);
        return {{call.topic + "/accepted", call.payload, std::min(call.qos, 1)}};
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

mqtt::Properties connect_properties(std::span<std::uint8_t> buffer, PropertyId id, std::uint32_t value) {
    mqtt::PropertyBuilder builder(buffer);
    builder.number(id, value);
    return *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::connect));
}

// CONNECT

TEST_F(ConnectionTest, FirstPacketMustBeConnect) {
    Talk talk(host, 1, Version::v5);
    talk.bytes({0xc0, 0});
    EXPECT_TRUE(talk.connection().ended());
    EXPECT_TRUE(talk.heard().empty());
}

TEST_F(ConnectionTest, SecondConnectIsAProtocolError) {
    auto talk = open(Version::v5);
    talk.connect();
    EXPECT_EQ(talk.goodbye().code, ReasonCode::protocol_error);
}

TEST_F(ConnectionTest, ConnackOfMqtt5CarriesTheServicesLimits) {  // spec 1.4
    Talk talk(host, 1, Version::v5);
    talk.connect([](mqtt::Connect& packet) { packet.keep_alive = 5; });
    const auto connack = *mqtt::decode_connack(talk.heard().at(0), Version::v5);
    EXPECT_EQ(connack.properties.number(PropertyId::receive_maximum), 100U);
    EXPECT_EQ(connack.properties.number(PropertyId::maximum_qos), 1U);
    EXPECT_EQ(connack.properties.number(PropertyId::maximum_packet_size), 149504U);
    EXPECT_EQ(connack.properties.number(PropertyId::topic_alias_maximum), 8U);
    EXPECT_EQ(connack.properties.number(PropertyId::server_keep_alive), 30U);
    EXPECT_FALSE(connack.properties.has(PropertyId::session_expiry_interval));
    EXPECT_FALSE(connack.properties.has(PropertyId::assigned_client_identifier));
}

TEST_F(ConnectionTest, SessionExpiryIsClampedAndTold) {
    std::array<std::uint8_t, 8> buffer{};
    Talk talk(host, 1, Version::v5);
    talk.connect(
        [&](mqtt::Connect& packet) { packet.properties = connect_properties(buffer, PropertyId::session_expiry_interval, 1'000'000); });
    EXPECT_EQ(mqtt::decode_connack(talk.heard().at(0), Version::v5)->properties.number(PropertyId::session_expiry_interval), 3600U);
}

TEST_F(ConnectionTest, EmptyClientIdIsAssignedInMqtt5) {
    Talk talk(host, 1, Version::v5);
    talk.connect([](mqtt::Connect& packet) { packet.client_id = ""; });
    EXPECT_EQ(mqtt::decode_connack(talk.heard().at(0), Version::v5)->properties.text(PropertyId::assigned_client_identifier), "auto-1");
}

TEST_F(ConnectionTest, EmptyClientIdNeedsACleanSessionInMqtt3) {
    Talk talk(host, 1, Version::v3_1_1);
    talk.connect([](mqtt::Connect& packet) {
        packet.client_id = "";
        packet.clean_start = false;
    });
    EXPECT_EQ(talk.connack(), 2);
    EXPECT_TRUE(talk.connection().ended());
}

TEST_F(ConnectionTest, ClientIdsThatAreRefused) {
    const std::string long_id(129, 'x');
    for (const std::string& id : {std::string("$x"), long_id}) {
        Talk talk(host, 1, Version::v5);
        talk.connect([&](mqtt::Connect& packet) { packet.client_id = id; });
        EXPECT_EQ(talk.connack(), 0x85);
    }
}

TEST_F(ConnectionTest, UnknownProtocolVersionIsToldInItsOldForm) {
    Talk talk(host, 1, Version::v3_1_1);
    talk.bytes({0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 6, 2, 0, 0, 0, 0});
    EXPECT_EQ(talk.connack(), 1);
}

TEST_F(ConnectionTest, TinyMaximumPacketSizeIsRefused) {
    std::array<std::uint8_t, 8> buffer{};
    Talk talk(host, 1, Version::v5);
    talk.connect([&](mqtt::Connect& packet) { packet.properties = connect_properties(buffer, PropertyId::maximum_packet_size, 511); });
    EXPECT_EQ(talk.connack(), 0x80);
}

TEST_F(ConnectionTest, WillsThatAreRefused) {
    struct Row {
        mqtt::Will will;
        std::uint8_t code;
    };
    const std::string deep = "a/b/c/d/e/f/g/h/i";
    const Row rows[] = {{{"w", {}, 2, false, {}}, 0x9b},
                        {{"w", {}, 0, true, {}}, 0x9a},
                        {{deep, {}, 0, false, {}}, 0x90},
                        {{"$aws/things/T/jobs/get", {}, 0, false, {}}, 0x90}};
    for (const auto& row : rows) {
        Talk talk(host, 1, Version::v5);
        talk.connect([&](mqtt::Connect& packet) { packet.will = row.will; });
        EXPECT_EQ(talk.connack(), row.code) << row.will.topic;
    }
}

TEST_F(ConnectionTest, WillTopicNeedsPublish) {  // spec 1.8
    use_policy(policy_of(allow("Connect", "client/*")));
    Talk talk(host, 1, Version::v5);
    talk.connect([](mqtt::Connect& packet) { packet.will = mqtt::Will{"w", {}, 0, false, {}}; });
    EXPECT_EQ(talk.connack(), 0x87);
}

TEST_F(ConnectionTest, PolicyWithoutConnectRefusesAndSaysWhatDecided) {  // spec 2.7
    use_policy(policy_of(allow("Publish", "topic/*")));
    Talk talk(host, 1, Version::v5);
    talk.connect();
    const auto connack = *mqtt::decode_connack(talk.heard().at(0), Version::v5);
    EXPECT_EQ(connack.code, 0x87);
    EXPECT_THAT(std::string(connack.properties.text(PropertyId::reason_string).value_or("")),
                ::testing::HasSubstr("arn:aws:iot:us-east-1:000000000000:client/T"));
    Talk old(host, 2, Version::v3_1_1);
    old.connect();
    EXPECT_EQ(old.connack(), 5);
    EXPECT_TRUE(old.connection().ended());
}

TEST_F(ConnectionTest, ReasonStringsAreLeftOutWhenTheClientOrTheOperatorSaysSo) {
    use_policy(policy_of(allow("Publish", "topic/*")));
    std::array<std::uint8_t, 8> buffer{};
    Talk quiet(host, 1, Version::v5);
    quiet.connect(
        [&](mqtt::Connect& packet) { packet.properties = connect_properties(buffer, PropertyId::request_problem_information, 0); });
    EXPECT_FALSE(mqtt::decode_connack(quiet.heard().at(0), Version::v5)->properties.has(PropertyId::reason_string));
    host.configuration.explain_refusals = false;
    Talk like_aws(host, 2, Version::v5);
    like_aws.connect();
    EXPECT_FALSE(mqtt::decode_connack(like_aws.heard().at(0), Version::v5)->properties.has(PropertyId::reason_string));
}

TEST_F(ConnectionTest, ThingVariableNeedsTheThingsNameAsClientId) {  // spec 2.7
    use_policy(policy_of(allow("Connect", "client/${iot:Connection.Thing.ThingName}")));
    Talk right(host, 1, Version::v5);
    right.connect();
    EXPECT_EQ(right.connack(), 0);
    Talk wrong(host, 2, Version::v5);
    wrong.connect([](mqtt::Connect& packet) { packet.client_id = "other"; });
    EXPECT_EQ(wrong.connack(), 0x87);
}

TEST_F(ConnectionTest, PersistentConnectMayBeDeniedByCondition) {  // spec 2.5
    use_policy(policy_of(
        R"({"Effect":"Allow","Action":"iot:Connect","Resource":"*","Condition":{"ForAllValues:StringEquals":{"iot:ConnectAttributes":[]}}})"));
    Talk clean(host, 1, Version::v3_1_1);
    clean.connect();
    EXPECT_EQ(clean.connack(), 0);
    Talk persistent(host, 2, Version::v3_1_1);
    persistent.connect([](mqtt::Connect& packet) { packet.clean_start = false; });
    EXPECT_EQ(persistent.connack(), 5);
}

TEST_F(ConnectionTest, StatusesThatAreNotActiveAreRefused) {
    for (const char* status : {"INACTIVE", "REVOKED", "PENDING_TRANSFER", "PENDING_ACTIVATION"}) {
        use_policy(allow_all, status);
        Talk talk(host, 1, Version::v5);
        talk.connect();
        EXPECT_EQ(talk.connack(), 0x87) << status;
    }
}

TEST_F(ConnectionTest, NothingIsReadWhileTheRegistryIsAsked) {
    host.hold_admissions = true;
    Talk talk(host, 1, Version::v5);
    talk.connect();
    talk.bytes({0xc0, 0});
    EXPECT_FALSE(talk.connection().wants_input());
    EXPECT_TRUE(talk.heard().empty());
    host.finish_calls();
    talk.go_on();
    const auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[1].type, PacketType::pingresp);
}

TEST_F(ConnectionTest, NoConnectInTimeEndsTheConnection) {
    Talk talk(host, 1, Version::v5);
    host.clock += std::chrono::seconds(30);
    talk.connection().check_deadline();
    EXPECT_TRUE(talk.connection().ended());
}

TEST_F(ConnectionTest, KeepAliveCountsOneAndAHalfTimes) {
    auto talk = open(Version::v5, 1, [](mqtt::Connect& packet) { packet.keep_alive = 40; });
    host.clock += std::chrono::seconds(59);
    talk.connection().check_deadline();
    EXPECT_FALSE(talk.connection().ended());
    talk.bytes({0xc0, 0});
    host.clock += std::chrono::seconds(59);
    talk.connection().check_deadline();
    EXPECT_FALSE(talk.connection().ended());
    host.clock += std::chrono::seconds(1);
    talk.connection().check_deadline();
    EXPECT_EQ(talk.goodbye().code, ReasonCode::keep_alive_timeout);
}

// PUBLISH

TEST_F(ConnectionTest, DeniedPublishEndsMqtt3AndIsToldToMqtt5) {  // spec 1.11
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/yes")));
    auto v5 = open(Version::v5, 1);
    v5.publish("no", "x", 1, 4);
    const auto refused = v5.puback();
    EXPECT_EQ(refused.packet_id, 4);
    EXPECT_EQ(refused.code, ReasonCode::not_authorized);
    EXPECT_TRUE(refused.properties.has(PropertyId::reason_string));
    EXPECT_FALSE(v5.connection().ended());
    v5.publish("no", "x", 0);
    EXPECT_EQ(v5.goodbye().code, ReasonCode::not_authorized);

    auto v3 = open(Version::v3_1_1, 2);
    v3.publish("no", "x", 1);
    EXPECT_TRUE(v3.heard().empty());
    EXPECT_TRUE(v3.connection().ended());
}

TEST_F(ConnectionTest, WildcardsOfMqttInATopicResourceAreText) {  // spec 2.7
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/a/#")));
    auto talk = open(Version::v5);
    talk.publish("a/b", "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::not_authorized);
}

TEST_F(ConnectionTest, Qos2IsRefusedInMqtt5AndLeftUnansweredInMqtt3) {  // spec 1.5
    auto v5 = open(Version::v5, 1);
    v5.publish("a", "x", 2);
    EXPECT_EQ(v5.goodbye().code, ReasonCode::qos_not_supported);
    auto v3 = open(Version::v3_1_1, 2);
    v3.publish("a", "x", 2);
    EXPECT_TRUE(v3.heard().empty());
    EXPECT_FALSE(v3.connection().ended());
}

TEST_F(ConnectionTest, TopicsPastTheLimitsAreRefused) {
    auto talk = open(Version::v5);
    talk.publish("1/2/3/4/5/6/7/8/9", "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::topic_name_invalid);
    talk.publish(std::string(257, 'a'), "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::topic_name_invalid);
    talk.publish("1/2/3/4/5/6/7/8", "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::success);
}

TEST_F(ConnectionTest, PayloadOf128KBPassesAndOneByteMoreEndsTheConnection) {
    auto talk = open(Version::v5);
    talk.publish("a", std::string(131'072, 'x'), 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::success);
    talk.publish("a", std::string(131'073, 'x'), 1);
    EXPECT_EQ(talk.goodbye().code, ReasonCode::packet_too_large);
}

TEST_F(ConnectionTest, AnnouncedPacketPastTheLimitIsRefusedAtItsHeader) {
    auto talk = open(Version::v5);
    talk.bytes({0x30, 0xff, 0xff, 0xff, 0x7f});
    EXPECT_EQ(talk.goodbye().code, ReasonCode::packet_too_large);
}

TEST_F(ConnectionTest, TopicAliasesOneToEight) {
    auto talk = open(Version::v5);
    auto reader = open(Version::v5, 2, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    reader.subscribe({{"long/topic", 0}});
    reader.heard();
    std::array<std::uint8_t, 8> buffer{};
    const auto alias = [&](std::uint32_t value) {
        mqtt::PropertyBuilder builder(buffer);
        builder.number(PropertyId::topic_alias, value);
        return *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::publish));
    };
    talk.publish("long/topic", "1", 0, 0, [&](mqtt::Publish& packet) { packet.properties = alias(8); });
    talk.publish("", "2", 0, 0, [&](mqtt::Publish& packet) { packet.properties = alias(8); });
    EXPECT_EQ(reader.messages().size(), 2U);
    talk.publish("x", "3", 0, 0, [&](mqtt::Publish& packet) { packet.properties = alias(9); });
    EXPECT_EQ(talk.goodbye().code, ReasonCode::topic_alias_invalid);
}

TEST_F(ConnectionTest, AliasThatWasNotSetIsAProtocolError) {
    auto talk = open(Version::v5);
    std::array<std::uint8_t, 8> buffer{};
    mqtt::PropertyBuilder builder(buffer);
    builder.number(PropertyId::topic_alias, 1);
    talk.publish("", "x", 0, 0, [&](mqtt::Publish& packet) {
        packet.properties = *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::publish));
    });
    EXPECT_EQ(talk.goodbye().code, ReasonCode::protocol_error);
}

TEST_F(ConnectionTest, RetainIsRefusedClearly) {
    auto talk = open(Version::v5);
    talk.publish("a", "x", 1, 1, [](mqtt::Publish& packet) { packet.retain = true; });
    EXPECT_EQ(talk.goodbye().code, ReasonCode::retain_not_supported);
}

TEST_F(ConnectionTest, ReservedTopicsTakeOnlyWhatTheirTableSays) {  // spec 3
    auto talk = open(Version::v5);
    for (const char* topic : {"$SYS/x", "$aws/invented", "$aws/things/T/jobs/notify", "$aws/events/presence/connected/T", "$aws/rules/r/x",
                              "$aws/things/T/shadow/update/accepted"}) {
        talk.publish(topic, "{}", 1);
        EXPECT_EQ(talk.puback().code, ReasonCode::topic_name_invalid) << topic;
    }
    auto v3 = open(Version::v3_1_1, 2, [](mqtt::Connect& packet) { packet.client_id = "old"; });
    v3.publish("$aws/invented", "{}", 1);
    EXPECT_TRUE(v3.connection().ended());
}

TEST_F(ConnectionTest, ShadowsAreAnsweredWith501) {
    auto talk = open(Version::v3_1_1);
    talk.publish("$aws/things/T/shadow/name/n/update", "{}", 0);
    const auto messages = talk.messages();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].topic, "$aws/things/T/shadow/name/n/update/rejected");
    EXPECT_THAT(std::string(as_text(messages[0].payload)), ::testing::HasSubstr("501"));
}

TEST_F(ConnectionTest, PropertiesTravelToMqtt5SubscribersInOrder) {
    auto talk = open(Version::v5);
    auto reader = open(Version::v5, 2, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    auto old = open(Version::v3_1_1, 3, [](mqtt::Connect& packet) { packet.client_id = "old"; });
    reader.subscribe({{"a", 1}});
    old.subscribe({{"a", 1}});
    reader.heard();
    old.heard();
    std::array<std::uint8_t, 128> buffer{};
    mqtt::PropertyBuilder builder(buffer);
    builder.number(PropertyId::message_expiry_interval, 100).text(PropertyId::content_type, "t").user("k", "1").user("k", "2");
    builder.text(PropertyId::response_topic, "r").number(PropertyId::topic_alias, 3);
    talk.publish("a", "x", 0, 0, [&](mqtt::Publish& packet) {
        packet.properties = *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::publish));
    });
    const auto got = reader.messages();
    ASSERT_EQ(got.size(), 1U);
    std::string users;
    got[0].properties.for_each([&](const mqtt::Property& property) {
        if (property.id == PropertyId::user_property) users += std::string(property.value);
    });
    EXPECT_EQ(users, "12");
    EXPECT_EQ(got[0].properties.text(PropertyId::content_type), "t");
    EXPECT_EQ(got[0].properties.text(PropertyId::response_topic), "r");
    EXPECT_EQ(got[0].properties.number(PropertyId::message_expiry_interval), 100U);
    EXPECT_FALSE(got[0].properties.has(PropertyId::topic_alias));
    EXPECT_EQ(old.messages().size(), 1U);
}

TEST_F(ConnectionTest, ReceiveIsJudgedByTheConcreteTopicAndSkipsSilently) {  // spec 1.11
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Subscribe", "topicfilter/*") + "," + allow("Publish", "topic/*") + "," +
                         allow("Receive", "topic/a/open")));
    auto talk = open(Version::v5);
    talk.subscribe({{"a/#", 1}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(1));
    talk.publish("a/secret", "x", 0);
    talk.publish("a/open", "x", 0);
    const auto got = talk.messages();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].topic, "a/open");
}

TEST_F(ConnectionTest, MessagesLargerThanTheClientTakesAreLeftOut) {
    std::array<std::uint8_t, 8> buffer{};
    auto talk = open(Version::v5, 1,
                     [&](mqtt::Connect& packet) { packet.properties = connect_properties(buffer, PropertyId::maximum_packet_size, 512); });
    talk.subscribe({{"a", 1}});
    talk.heard();
    host.publish_from_service(scope, "a", std::string(600, 'x'), 1);
    EXPECT_TRUE(talk.heard().empty());
    host.publish_from_service(scope, "a", "small", 1);
    EXPECT_EQ(talk.messages().size(), 1U);
}

// SUBSCRIBE

TEST_F(ConnectionTest, DeniedFilterEndsMqtt3AndHasItsOwnCodeInMqtt5) {  // spec 1.11
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Subscribe", "topicfilter/yes")));
    auto v5 = open(Version::v5, 1);
    v5.subscribe({{"yes", 1}, {"no", 1}, {"bad/#/x", 0}});
    EXPECT_THAT(v5.suback(), ::testing::ElementsAre(1, 0x87, 0x8f));
    auto v3 = open(Version::v3_1_1, 2);
    v3.subscribe({{"yes", 1}, {"no", 1}});
    EXPECT_TRUE(v3.heard().empty());
    EXPECT_TRUE(v3.connection().ended());
}

TEST_F(ConnectionTest, SubscribeAllowedOnATopicResourceIsDenied) {  // spec 2.7
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Subscribe", "topic/a")));
    auto talk = open(Version::v5);
    talk.subscribe({{"a", 0}});
    EXPECT_THAT(talk.suback(), ::testing::ElementsAre(0x87));
}

TEST_F(ConnectionTest, MoreThanEightFiltersOrFiftySubscriptionsAreRefused) {
    auto v5 = open(Version::v5, 1);
    std::vector<mqtt::SubscribeEntry> nine(9, mqtt::SubscribeEntry{"a", 0});
    v5.subscribe(nine);
    EXPECT_THAT(v5.suback(), ::testing::Each(0x97));
    std::vector<std::string> names;
    for (int i = 0; i < 51; ++i) names.push_back("t" + std::to_string(i));
    for (int i = 0; i < 50; ++i) v5.subscribe({{names[static_cast<std::size_t>(i)], 0}});
    v5.heard();
    v5.subscribe({{names[50], 0}, {names[0], 1}});
    EXPECT_THAT(v5.suback(), ::testing::ElementsAre(0x97, 1));
}

TEST_F(ConnectionTest, SubscriptionIdentifiersAreRefused) {  // spec 1.5
    auto talk = open(Version::v5);
    std::array<std::uint8_t, 8> buffer{};
    mqtt::PropertyBuilder builder(buffer);
    builder.number(PropertyId::subscription_identifier, 1);
    talk.subscribe({{"a", 0}}, *mqtt::Properties::parse(builder.encoded(), mqtt::packet_bit(PacketType::subscribe)));
    EXPECT_EQ(talk.goodbye().code, ReasonCode::subscription_identifiers_not_supported);
}

TEST_F(ConnectionTest, Qos2SubscriptionIsGrantedOneInMqtt5AndUnansweredInMqtt3) {
    auto v5 = open(Version::v5, 1);
    v5.subscribe({{"a", 2}});
    EXPECT_THAT(v5.suback(), ::testing::ElementsAre(1));
    auto v3 = open(Version::v3_1_1, 2, [](mqtt::Connect& packet) { packet.client_id = "old"; });
    v3.subscribe({{"a", 2}});
    EXPECT_TRUE(v3.heard().empty());
    EXPECT_FALSE(v3.connection().ended());
}

TEST_F(ConnectionTest, NoLocalLeavesOutOnesOwnMessages) {
    auto talk = open(Version::v5);
    talk.subscribe({{"a", 0, true, false, 0}});
    talk.heard();
    talk.publish("a", "x", 0);
    EXPECT_TRUE(talk.heard().empty());
}

TEST_F(ConnectionTest, UnsubscribeStopsDelivery) {
    auto talk = open(Version::v3_1_1);
    talk.subscribe({{"a", 1}});
    talk.heard();
    const std::string_view filter = "a";
    talk.packet([&](mqtt::Out out) { return mqtt::encode_unsubscribe(3, std::span(&filter, 1), {}, Version::v3_1_1, out); });
    EXPECT_EQ(talk.heard().at(0).type, PacketType::unsuback);
    talk.publish("a", "x", 0);
    EXPECT_TRUE(talk.heard().empty());
    EXPECT_EQ(host.subscriptions(), 0U);
}

// Services and streams

TEST_F(ConnectionTest, RepliesComeOnceAtTheQosOfTheSubscription) {  // spec 3
    auto talk = open(Version::v3_1_1);
    talk.publish("$aws/things/T/jobs/get", "{}", 1, 4);
    auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].type, PacketType::puback);
    EXPECT_EQ(mqtt::decode_publish(frames[1], Version::v3_1_1)->qos, 1);
    talk.subscribe({{"$aws/things/T/jobs/#", 0}, {"$aws/things/T/jobs/get/+", 0}});
    talk.heard();
    talk.publish("$aws/things/T/jobs/get", "{}", 1, 5);
    frames = talk.heard();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(mqtt::decode_publish(frames[1], Version::v3_1_1)->qos, 0);
}

TEST_F(ConnectionTest, RequestsOfOneConnectionAreAnsweredInOrderAndTenWaitAtMost) {
    host.hold_calls = true;
    auto talk = open(Version::v3_1_1);
    for (int i = 0; i < 15; ++i) talk.publish("$aws/things/T/jobs/get", std::to_string(i), 0);
    EXPECT_FALSE(talk.connection().wants_input());
    EXPECT_TRUE(jobs.calls.empty());
    for (int i = 0; i < 15; ++i) {
        host.finish_calls();
        talk.go_on();
    }
    ASSERT_EQ(jobs.calls.size(), 15U);
    for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(jobs.calls[i], std::to_string(i));
    EXPECT_EQ(talk.messages().size(), 15U);
}

TEST_F(ConnectionTest, RequestsAreNotForwardedToSubscribersOfTheirTopic) {
    auto listener = open(Version::v5, 2, [](mqtt::Connect& packet) { packet.client_id = "listener"; });
    listener.subscribe({{"$aws/things/T/jobs/#", 1}});
    listener.heard();
    auto talk = open(Version::v5);
    talk.publish("$aws/things/T/jobs/get", "{}", 0);
    EXPECT_EQ(talk.messages().size(), 1U);
    EXPECT_TRUE(listener.heard().empty());
}

TEST_F(ConnectionTest, ReplyWithoutReceiveIsDropped) {
    use_policy(policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/*")));
    auto talk = open(Version::v5);
    talk.publish("$aws/things/T/jobs/get", "{}", 0);
    EXPECT_TRUE(talk.heard().empty());
    EXPECT_FALSE(talk.connection().ended());
}

TEST_F(ConnectionTest, ColdStreamHoldsTheRequestUntilItIsOpen) {
    bool warm = false;
    int asked = 0;
    host.stream = [&](const streams::BlockRequest& request, streams::BlockSink& sink) {
        ++asked;
        if (!warm) return false;
        sink.message("$aws/things/T/streams/S/data/json", request.payload);
        return true;
    };
    auto talk = open(Version::v5);
    talk.publish("$aws/things/T/streams/S/get/json", "one", 1, 3);
    talk.publish("$aws/things/T/streams/S/get/json", "two", 0);
    EXPECT_FALSE(talk.connection().wants_input());
    EXPECT_EQ(asked, 1);
    warm = true;
    talk.connection().resume();
    talk.go_on();
    const auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(as_text(mqtt::decode_publish(frames[0], Version::v5)->payload), "one");
    EXPECT_EQ(frames[1].type, PacketType::puback);
    EXPECT_EQ(as_text(mqtt::decode_publish(frames[2], Version::v5)->payload), "two");
}

TEST_F(ConnectionTest, UnreadOutputStopsFurtherRequests) {
    host.stream = [](const streams::BlockRequest&, streams::BlockSink& sink) {
        sink.message("$aws/things/T/streams/S/data/json", std::string(131'072, 'x'));
        return true;
    };
    auto talk = open(Version::v5);
    for (int i = 0; i < 10; ++i) talk.publish("$aws/things/T/streams/S/get/json", "{}", 0);
    EXPECT_FALSE(talk.connection().wants_input());
    EXPECT_LT(talk.connection().output().size(), output_high_water + 140'000);
    std::size_t messages = 0;
    while (messages < 10) {
        const auto got = talk.messages();
        ASSERT_FALSE(got.empty());
        messages += got.size();
        talk.go_on();
    }
}

TEST_F(ConnectionTest, RequestsWaitUntilEarlierAnswersAreAcknowledged) {
    int answered = 0;
    host.stream = [&](const streams::BlockRequest& request, streams::BlockSink& sink) {
        ++answered;
        for (int block = 0; block < 512; ++block)
            sink.message("$aws/things/T/streams/S/data/json", std::string(request.payload) + std::to_string(block));
        return true;
    };
    auto talk = open(Version::v5);
    talk.subscribe({{"$aws/things/T/streams/S/data/json", 1}});
    talk.heard();
    for (const char* request : {"a", "b", "c", "d", "e"}) talk.publish("$aws/things/T/streams/S/get/json", request, 0);
    EXPECT_EQ(answered, 1);
    talk.publish("$aws/things/T/jobs/get", "f", 0);  // in its turn, as all that is answered
    talk.publish("elsewhere", "g", 1, 7);            // nothing of this comes back: at once
    std::vector<std::string> got;
    bool confirmed = false;
    for (bool more = true; more;) {
        more = false;
        for (const auto& frame : talk.heard()) {
            ASSERT_NE(frame.type, PacketType::disconnect);
            confirmed = confirmed || frame.type == PacketType::puback;
            if (frame.type != PacketType::publish) continue;
            const auto message = *mqtt::decode_publish(frame, Version::v5);
            got.emplace_back(as_text(message.payload));
            if (message.qos == 1) talk.acknowledge(message.packet_id);
            more = true;
        }
        EXPECT_TRUE(confirmed);
    }
    ASSERT_EQ(got.size(), 5 * 512U + 1);
    // The service's reply has no subscription and QoS 0: it overtakes what is queued, but not the request before it.
    std::erase(got, "f");
    for (std::size_t at = 0; at < 5 * 512U; ++at)
        ASSERT_EQ(got[at], std::string(1, static_cast<char>('a' + at / 512)) + std::to_string(at % 512));
}

TEST_F(ConnectionTest, ClientThatAsksAndNeverAcknowledgesIsCutOff) {
    host.stream = [](const streams::BlockRequest&, streams::BlockSink& sink) {
        for (int block = 0; block < 512; ++block) sink.message("$aws/things/T/streams/S/data/json", "x");
        return true;
    };
    auto talk = open(Version::v5);
    talk.subscribe({{"$aws/things/T/streams/S/data/json", 1}});
    int asked = 0;
    while (!talk.connection().ended() && asked < 10'000) {
        talk.publish("$aws/things/T/streams/S/get/json", "{}", 0);
        ++asked;
    }
    EXPECT_GT(asked, 100);
    EXPECT_LT(asked, 10'000);
    EXPECT_EQ(talk.goodbye().code, ReasonCode::quota_exceeded);
}

// Ends

TEST_F(ConnectionTest, WillIsPublishedUnlessTheClientSaysGoodbye) {  // spec 1.8, 6.2
    auto reader = open(Version::v5, 9, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    reader.subscribe({{"w", 1}});
    reader.heard();
    const auto with_will = [](mqtt::Connect& packet) { packet.will = mqtt::Will{"w", {}, 1, false, {}}; };
    auto polite = open(Version::v5, 1, with_will);
    polite.bytes({0xe0, 0});
    EXPECT_TRUE(reader.heard().empty());
    auto lost = open(Version::v5, 2, with_will);
    lost.connection().connection_lost("gone");
    EXPECT_EQ(reader.messages().size(), 1U);
    auto asking = open(Version::v5, 3, with_will);
    asking.bytes({0xe0, 1, 4});
    EXPECT_EQ(reader.messages().size(), 1U);
    auto replaced = open(Version::v5, 4, with_will);
    auto newcomer = open(Version::v5, 5);
    EXPECT_EQ(replaced.goodbye().code, ReasonCode::session_taken_over);
    EXPECT_EQ(reader.messages().size(), 1U);
}

TEST_F(ConnectionTest, WillIsJudgedAgainWhenItGoesOut) {
    auto reader = open(Version::v5, 9, [](mqtt::Connect& packet) { packet.client_id = "reader"; });
    reader.subscribe({{"w", 1}});
    reader.heard();
    const auto with_will = [](mqtt::Connect& packet) { packet.will = mqtt::Will{"w", {}, 1, false, {}}; };
    auto denied = open(Version::v5, 1, with_will);
    use_policy(policy_of(allow("Connect", "*")));
    denied.connection().admission_renewed(host.admit("cert", "T"));
    denied.connection().connection_lost("gone");
    use_policy(allow_all);
    auto revoked = open(Version::v5, 2, with_will);
    use_policy(allow_all, "REVOKED");
    revoked.connection().admission_renewed(host.admit("cert", "T"));
    use_policy(allow_all);
    auto deleted = open(Version::v5, 3, with_will);
    deleted.connection().admission_renewed(fail(ErrorCode::not_found, "The certificate is not registered."));
    EXPECT_TRUE(deleted.connection().ended());
    EXPECT_TRUE(reader.messages().empty());
    EXPECT_EQ(host.tally().refusals[static_cast<std::size_t>(Refusal::will)], 3U);
}

TEST_F(ConnectionTest, NothingFollowsTheDisconnectNotEvenOnesOwnWill) {
    auto talk = open(Version::v5, 1, [](mqtt::Connect& packet) { packet.will = mqtt::Will{"w", {}, 1, false, {}}; });
    talk.subscribe({{"w", 1}});
    talk.heard();
    talk.bytes({0x00, 0x00});
    EXPECT_EQ(talk.goodbye().code, ReasonCode::malformed_packet);
}

TEST_F(ConnectionTest, DisconnectMayLowerTheSessionsExpiryButNotRaiseItFromZero) {  // MQTT 5, 3.14.2.2.2
    auto talk = open(Version::v5);
    talk.bytes({0xe0, 7, 0, 5, 0x11, 0, 0, 0, 9});
    EXPECT_EQ(talk.goodbye().code, ReasonCode::protocol_error);
    std::array<std::uint8_t, 8> buffer{};
    auto persistent = open(Version::v5, 2, [&](mqtt::Connect& packet) {
        packet.properties = connect_properties(buffer, PropertyId::session_expiry_interval, 100);
    });
    EXPECT_NE(host.find_session({scope, "T"}), nullptr);
    persistent.bytes({0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0});
    EXPECT_EQ(host.find_session({scope, "T"}), nullptr);
}

TEST_F(ConnectionTest, SessionOfTheOtherVersionIsNotResumed) {  // spec 1.5
    std::array<std::uint8_t, 8> buffer{};
    auto talk = open(Version::v5, 1, [&](mqtt::Connect& packet) {
        packet.properties = connect_properties(buffer, PropertyId::session_expiry_interval, 100);
    });
    talk.connection().connection_lost("gone");
    Talk old(host, 2, Version::v3_1_1);
    old.connect([](mqtt::Connect& packet) { packet.clean_start = false; });
    EXPECT_FALSE(mqtt::decode_connack(old.heard().at(0), Version::v3_1_1)->session_present);
}

TEST_F(ConnectionTest, RenewedAdmissionCutsOffOrChangesTheRules) {
    auto talk = open(Version::v5);
    use_policy(policy_of(allow("Connect", "*")));
    talk.connection().admission_renewed(host.admit("cert", "T"));
    talk.publish("a", "x", 1);
    EXPECT_EQ(talk.puback().code, ReasonCode::not_authorized);
    talk.connection().admission_renewed(fail(ErrorCode::unavailable, "The store is away."));
    EXPECT_FALSE(talk.connection().ended());
    use_policy(allow_all, "REVOKED");
    talk.connection().admission_renewed(host.admit("cert", "T"));
    EXPECT_EQ(talk.goodbye().code, ReasonCode::not_authorized);
}

TEST_F(ConnectionTest, MalformedPacketsEndTheConnectionWithTheirCode) {
    struct Row {
        std::vector<std::uint8_t> bytes;
        ReasonCode code;
    };
    const Row rows[] = {
        {{0x00, 0}, ReasonCode::malformed_packet},
        {{0x36, 6, 0, 1, 'a', 0, 1, 0}, ReasonCode::malformed_packet},
        {{0x30, 4, 0, 1, '#', 0}, ReasonCode::topic_name_invalid},
        {{0x82, 2, 0, 1}, ReasonCode::malformed_packet},
        {{0x82, 3, 0, 1, 0}, ReasonCode::protocol_error},
        {{0x50, 2, 0, 1}, ReasonCode::protocol_error},
        {{0x20, 3, 0, 0, 0}, ReasonCode::protocol_error},
        {{0xf0, 0}, ReasonCode::protocol_error},
        {{0xc0, 1, 0}, ReasonCode::malformed_packet},
    };
    for (const auto& row : rows) {
        auto talk = open(Version::v5);
        talk.bytes(row.bytes);
        EXPECT_EQ(talk.goodbye().code, row.code) << static_cast<int>(row.bytes[0]);
        EXPECT_TRUE(talk.connection().ended());
    }
}

TEST_F(ConnectionTest, BytesMayComeOneByOne) {
    Talk talk(host, 1, Version::v3_1_1);
    for (const std::uint8_t byte : std::vector<std::uint8_t>{0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, 'T', 0xc0, 0})
        talk.bytes({byte});
    const auto frames = talk.heard();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[1].type, PacketType::pingresp);
}

}  // namespace
}  // namespace otabahn::gateway
