// SPDX-License-Identifier: Apache-2.0
// A reserved topic is a call: topic, payload and caller in; replies out, returned, not published. The gateway authorises
// the publish before the call and delivers the replies to the requesting connection alone (spec gateway 3, "R").
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::runtime {

struct TopicCall {
    Scope scope;
    std::string topic;    // whole, as published: $aws/things/T/jobs/get
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

using TopicReplies = std::vector<TopicReply>;

// A service behind reserved topics; `fits` decides by the topic's text alone. Called on a blocking pool.
class TopicService {
  public:
    virtual ~TopicService() = default;
    virtual bool fits(std::string_view topic) const = 0;
    virtual TopicReplies call(const TopicCall& call) = 0;
};

}  // namespace otabahn::runtime
