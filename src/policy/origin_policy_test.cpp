// SPDX-License-Identifier: Apache-2.0
// The policy that a real team's devices carry: iot:* on one thing's resources. What it must allow and must deny
// (spec control-plane 6.5, last point).
#include "policy/policy_fixture_test.hpp"

namespace otabahn::policy {
namespace {

using namespace testing_support;

const std::string thing = "DH0050P000003";
const std::string origin_arn = "arn:aws:iot:us-east-1:561470034375:";

std::string origin_policy() {
    std::string resources = "\"" + origin_arn + "thing/" + thing + "\",\"" + origin_arn + "client/" + thing + "\"";
    for (const char* type : {"topic", "topicfilter"})
        for (const std::string& tail :
             {"$aws/things/" + thing + "/shadow/*", "$aws/things/" + thing + "/jobs/*", "$aws/things/" + thing + "/streams/*",
              "xsense/things/" + thing + "/shadow/*", "xsense/things/" + thing + "/event/name/aaa"})
            resources += ",\"" + origin_arn + type + "/" + tail + "\"";
    return document_of(R"({"Effect":"Allow","Action":"iot:*","Resource":[)" + resources + "]}");
}

Decision origin(const std::string& action, const std::string& tail) {
    return ask(origin_policy(), action, origin_arn + tail, device(thing));
}

struct OriginRow {
    const char* action;
    std::string tail;
    bool allowed;
};

TEST(OriginPolicy, AllowsItsOwnDeviceAndNothingElse) {
    const std::string own = "$aws/things/" + thing, other = "$aws/things/DH0050P000004";
    const OriginRow rows[] = {
        // connecting
        {"iot:Connect", "client/" + thing, true},
        {"iot:Connect", "client/DH0050P000004", false},
        {"iot:Connect", "client/" + thing + "-2", false},
        // classic and named shadows, jobs, streams: publish, retained publish, subscribe, receive
        {"iot:Publish", "topic/" + own + "/shadow/get", true},
        {"iot:Publish", "topic/" + own + "/shadow/name/cfg/update", true},
        {"iot:Publish", "topic/" + own + "/jobs/get", true},
        {"iot:Publish", "topic/" + own + "/jobs/start-next", true},
        {"iot:Publish", "topic/" + own + "/jobs/J1/update", true},
        {"iot:Publish", "topic/" + own + "/streams/S/get/cbor", true},
        {"iot:RetainPublish", "topic/" + own + "/shadow/update", true},
        {"iot:Subscribe", "topicfilter/" + own + "/shadow/update/delta", true},
        {"iot:Subscribe", "topicfilter/" + own + "/shadow/name/+/update/accepted", true},
        {"iot:Subscribe", "topicfilter/" + own + "/jobs/notify-next", true},
        {"iot:Subscribe", "topicfilter/" + own + "/jobs/#", true},
        {"iot:Subscribe", "topicfilter/" + own + "/jobs/+/get/accepted", true},
        {"iot:Subscribe", "topicfilter/" + own + "/streams/+/data/cbor", true},
        {"iot:Receive", "topic/" + own + "/jobs/notify-next", true},
        {"iot:Receive", "topic/" + own + "/streams/S/data/cbor", true},
        {"iot:Receive", "topic/" + own + "/shadow/update/delta", true},
        // its own two topics
        {"iot:Publish", "topic/xsense/things/" + thing + "/shadow/x", true},
        {"iot:RetainPublish", "topic/xsense/things/" + thing + "/shadow/x", true},
        {"iot:Subscribe", "topicfilter/xsense/things/" + thing + "/shadow/#", true},
        {"iot:Publish", "topic/xsense/things/" + thing + "/event/name/aaa", true},
        {"iot:Subscribe", "topicfilter/xsense/things/" + thing + "/event/name/aaa", true},
        {"iot:Receive", "topic/xsense/things/" + thing + "/event/name/aaa", true},
        {"iot:Publish", "topic/xsense/things/" + thing + "/event/name/bbb", false},
        {"iot:Subscribe", "topicfilter/xsense/things/" + thing + "/event/name/+", false},
        // other devices
        {"iot:Publish", "topic/" + other + "/jobs/get", false},
        {"iot:Subscribe", "topicfilter/" + other + "/jobs/notify-next", false},
        {"iot:Receive", "topic/" + other + "/jobs/notify-next", false},
        {"iot:Publish", "topic/xsense/things/DH0050P000004/shadow/x", false},
        // wider filters
        {"iot:Subscribe", "topicfilter/$aws/things/+/jobs/notify", false},
        {"iot:Subscribe", "topicfilter/" + own + "/#", false},
        {"iot:Subscribe", "topicfilter/" + own + "/jobs", false},
        {"iot:Subscribe", "topicfilter/#", false},
        {"iot:Subscribe", "topicfilter/xsense/#", false},
        // AWS's other reserved topics
        {"iot:Subscribe", "topicfilter/$aws/events/#", false},
        {"iot:Receive", "topic/$aws/events/presence/connected/" + thing, false},
        {"iot:Publish", "topic/$aws/rules/R", false},
        {"iot:Publish", "topic/" + own + "/tunnels/notify", false},
        // HTTPS: the classic shadow, not named ones nor their list; jobs, because iot: names are accepted for them
        {"iot:GetThingShadow", "thing/" + thing, true},
        {"iot:UpdateThingShadow", "thing/" + thing, true},
        {"iot:GetThingShadow", "thing/" + thing + "/cfg", false},
        {"iot:DescribeJobExecution", "thing/" + thing, true},
        {"iotjobsdata:DescribeJobExecution", "thing/" + thing, false},
        {"iot:GetThingShadow", "thing/DH0050P000004", false},
    };
    for (const OriginRow& row : rows) EXPECT_EQ(origin(row.action, row.tail).allowed(), row.allowed) << row.action << " " << row.tail;
    EXPECT_FALSE(ask(origin_policy(), "iot:ListNamedShadowsForThing", "*", device(thing)).allowed());
}

TEST(OriginPolicy, DeniesTheDeviceOnAGatewayOfAnotherRegionOrAccountAndSaysSo) {
    for (const char* arn : {"arn:aws:iot:us-east-2:561470034375:", "arn:aws:iot:us-east-1:000000000000:"}) {
        const Decision decision = ask(origin_policy(), "iot:Connect", arn + ("client/" + thing), device(thing));
        EXPECT_FALSE(decision.allowed());
        EXPECT_NE(decision.nearest_miss.find("in region 'us-east-1' of account '561470034375', but this is"), std::string::npos)
            << decision.nearest_miss;
    }
}

}  // namespace
}  // namespace otabahn::policy
