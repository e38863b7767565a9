// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace otabahn::bus {
namespace {

const Scope ohio{AccountId::trusted("000000000000"), Region::trusted("us-east-2")};

TEST(InProcessBus, APublicationReachesEachSubscriberWithItsScopeBeforePublishReturns) {
    InProcessBus bus;
    std::vector<std::string> heard;
    for (const char* who : {"first", "second"})
        bus.on_publication([&heard, who](const Scope& scope, const runtime::Publication& publication) {
            heard.push_back(std::string(who) + " " + scope.region.text() + " " + publication.topic + " " + publication.payload);
        });
    bus.publish(ohio, {"$aws/things/pump/jobs/notify", "{}", 1});
    EXPECT_EQ(heard, (std::vector<std::string>{"first us-east-2 $aws/things/pump/jobs/notify {}",
                                               "second us-east-2 $aws/things/pump/jobs/notify {}"}));
}

TEST(InProcessBus, AChangeIsNoPublicationAndTheOtherWayRound) {
    InProcessBus bus;
    int publications = 0, changes = 0;
    bus.on_publication([&](const Scope&, const runtime::Publication&) { ++publications; });
    bus.on_change([&](const runtime::Change& change) {
        EXPECT_EQ(change.kind, runtime::ChangeKind::policy);
        EXPECT_EQ(change.key, "fleet");
        ++changes;
    });
    bus.announce({runtime::ChangeKind::policy, ohio, "fleet"});
    EXPECT_EQ(publications, 0);
    EXPECT_EQ(changes, 1);
}

TEST(InProcessBus, ASubscriberMayPublishAgain) {
    InProcessBus bus;
    std::vector<std::string> heard;
    bus.on_publication([&](const Scope& scope, const runtime::Publication& publication) {
        heard.push_back(publication.topic);
        if (publication.topic == "first") bus.publish(scope, {"second", "", 0});
    });
    bus.publish(ohio, {"first", "", 0});
    EXPECT_EQ(heard, (std::vector<std::string>{"first", "second"}));
}

TEST(InProcessBus, WithoutASubscriberNothingHappens) {
    InProcessBus bus;
    bus.publish(ohio, {"nobody", "", 0});
    bus.announce({runtime::ChangeKind::thing, ohio, "pump"});
}

}  // namespace
}  // namespace otabahn::bus
