// SPDX-License-Identifier: Apache-2.0
// Shadows at the gateway, with the real service behind the topics: who hears what, and in which order (spec gateway 3, 5).
#include "access/access.hpp"
#include "access/sql.hpp"
#include "bus/bus.hpp"
#include "gateway/conversation_test.hpp"
#include "runtime/clock.hpp"
#include "shadow/shadows.hpp"
#include "shadow/sql.hpp"
#include "store/store_suite.hpp"

namespace otabahn::gateway::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ShadowTest : public ::testing::Test {
  protected:
    ShadowTest() {
        host.admit = [this](const std::string& certificate, const std::string&) -> Result<AdmissionPtr> {
            auto document = policy::parse(policy, policy::Dialect::iot);
            if (!document) return Unexpected(std::move(document).error());
            return AdmissionPtr(std::make_shared<Admission>(Admission{scope, certificate, "ACTIVE", {{"P", *document}}, {}, {}}));
        };
    }
    Talk open(std::uint64_t id, const std::string& name, const std::function<void(mqtt::Connect&)>& adjust = nullptr) {
        Talk talk(host, id, Version::v3_1_1);
        talk.connect([&](mqtt::Connect& packet) {
            packet.client_id = name;
            if (adjust) adjust(packet);
        });
        EXPECT_EQ(talk.connack(), 0);
        return talk;
    }
    Talk listen(std::uint64_t id, const std::string& name, const std::string& filter) {
        auto talk = open(id, name);
        talk.subscribe({{filter, 0}});
        EXPECT_THAT(talk.suback(), ElementsAre(0));
        return talk;
    }
    // What services asked to have published, as the bus would bring it back.
    void deliver() {
        for (auto& publication : std::exchange(host.published_for_services, {}))
            host.publish_from_service(scope, publication.topic, publication.payload, static_cast<std::uint8_t>(publication.qos));
        host.settle();
    }
    static std::vector<std::string> topics(Talk& talk) {
        std::vector<std::string> out;
        for (const auto& message : talk.messages()) {
            constexpr std::string_view prefix = "$aws/things/T/shadow/";
            EXPECT_TRUE(message.topic.starts_with(prefix)) << message.topic;
            out.emplace_back(message.topic.substr(std::min(message.topic.size(), prefix.size())));
        }
        return out;
    }

    std::string policy = allow_all;
    runtime::SystemClock clock;
    bus::InProcessBus bus;
    std::unique_ptr<store::testing::TestStore> store =
        store::testing::engines().front().open({{"access", access::sql::schema}, {"shadow", shadow::sql::schema}});
    access::Access access{**store, bus, clock};
    shadow::Shadows shadows{**store, bus, clock, access};
    MemoryHost host{{&shadows}};
};

TEST_F(ShadowTest, EveryAuthorisedListenerHearsRequestAndAnswers) {
    auto app = listen(2, "app", "$aws/things/+/shadow/#");
    auto device = listen(1, "T", "$aws/things/T/shadow/update/+");
    device.publish("$aws/things/T/shadow/update", R"({"state":{"desired":{"a":1}}})", 1, 5);
    auto frames = device.heard();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].type, PacketType::puback);
    deliver();
    EXPECT_THAT(topics(device), ElementsAre("update/accepted", "update/delta", "update/documents"));
    EXPECT_THAT(topics(app), ElementsAre("update", "update/accepted", "update/delta", "update/documents"));
    device.publish("$aws/things/T/shadow/name/n/get", "", 0);
    deliver();
    EXPECT_THAT(topics(device), IsEmpty()) << "an answer is for those that subscribed, not for who asked";
    EXPECT_THAT(topics(app), ElementsAre("name/n/get", "name/n/get/rejected"));
}

TEST_F(ShadowTest, WhoMayNotReceiveHearsNothing) {
    policy = policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/*") + "," + allow("Subscribe", "topicfilter/*") + "," +
                       allow("Receive", "topic/*/accepted"));
    auto app = listen(2, "app", "$aws/things/T/shadow/#");
    app.publish("$aws/things/T/shadow/update", R"({"state":{"desired":{"a":1}}})", 0);
    deliver();
    EXPECT_THAT(topics(app), ElementsAre("update/accepted"));
}

TEST_F(ShadowTest, WhoMayNotPublishChangesNothing) {
    policy = policy_of(allow("Connect", "*") + "," + allow("Publish", "topic/$aws/things/${iot:ClientId}/*") + "," +
                       allow("Subscribe", "topicfilter/*") + "," + allow("Receive", "topic/*"));
    auto stranger = open(3, "stranger");
    stranger.publish("$aws/things/T/shadow/update", R"({"state":{"desired":{"a":1}}})", 0);
    EXPECT_TRUE(stranger.connection().ended());
    EXPECT_TRUE(host.published_for_services.empty());
    auto device = listen(1, "T", "$aws/things/T/shadow/get/+");
    device.publish("$aws/things/T/shadow/get", "", 0);
    deliver();
    EXPECT_THAT(topics(device), ElementsAre("get/rejected"));
}

TEST_F(ShadowTest, ANamedShadowsTopicsAreDeepAndYetTaken) {
    auto device = listen(1, "T", "$aws/things/T/shadow/name/n/update/accepted");
    device.publish("$aws/things/T/shadow/name/n/update", R"({"state":{"reported":{"a":1}}})", 0);
    deliver();
    EXPECT_THAT(topics(device), ElementsAre("name/n/update/accepted"));
}

TEST_F(ShadowTest, AWillIsHeardButNoUpdate) {
    auto app = listen(2, "app", "$aws/things/T/shadow/#");
    {
        auto device = open(1, "T", [](mqtt::Connect& packet) {
            packet.will = mqtt::Will{"$aws/things/T/shadow/update", as_bytes(R"({"state":{"reported":{"on":false}}})"), 0, false, {}};
        });
        device.connection().connection_lost("cut");
    }
    EXPECT_THAT(topics(app), ElementsAre("update"));
    app.publish("$aws/things/T/shadow/get", "", 0);
    deliver();
    EXPECT_THAT(topics(app), ElementsAre("get", "get/rejected"));
}

TEST_F(ShadowTest, AnUpdateOfAClientThatLeavesAtOnceIsHeardByOthers) {
    auto app = listen(2, "app", "$aws/things/T/shadow/update/delta");
    host.hold_calls = true;
    auto device = open(1, "T");
    device.publish("$aws/things/T/shadow/update", R"({"state":{"desired":{"a":1}}})", 0);
    device.publish("$aws/things/T/shadow/update", R"({"state":{"desired":{"b":1}}})", 0);
    device.packet([](mqtt::Out out) { return mqtt::encode(mqtt::Disconnect{}, Version::v3_1_1, out); });
    host.disconnect(1);
    host.finish_calls();
    host.finish_calls();
    deliver();
    EXPECT_THAT(topics(app), ElementsAre("update/delta", "update/delta"));
}

}  // namespace
}  // namespace otabahn::gateway::conversation
