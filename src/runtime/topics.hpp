// SPDX-License-Identifier: Apache-2.0
// A reserved topic is a call: topic, payload and caller in; replies out, returned, not published. The gateway authorises
// the publish before the call and delivers the replies to the requesting connection alone (spec gateway 3, "R").
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "runtime/bus.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::runtime {

struct TopicCall {
    Scope scope;
    std::string topic;  // whole, as published: $aws/things/T/jobs/get
    std::string payload;
    int qos = 0;
    std::string client_id;
    std::string certificate_id;
    std::uint32_t maximum_packet_size = 0;  // what the client said it takes (MQTT 5), 0: no limit
};

struct TopicReply {
    std::string topic;
    std::string payload;
    int qos = 0;
};

// The replies to one call, and what is to be published once they have been handed to the requesting connection: a device
// hears update/accepted before the notify that its update caused (spec jobs 4.9). Whoever makes the call delivers the
// replies first and then passes each of `then` to Bus::publish in the call's scope, also when the caller has gone meanwhile; a
// service never publishes them itself.
struct TopicReplies : std::vector<TopicReply> {
    using std::vector<TopicReply>::vector;
    std::vector<Publication> then;
};

// A service behind reserved topics; `fits` decides by the topic's text alone. Called on a blocking pool.
class TopicService {
  public:
    virtual ~TopicService() = default;
    virtual bool fits(std::string_view topic) const = 0;
    virtual TopicReplies call(const TopicCall& call) = 0;
};

}  // namespace otabahn::runtime
