// SPDX-License-Identifier: Apache-2.0
// What a topic is to the gateway (spec gateway 3): one table of the reserved ones says what a device may do there; the
// services behind some of them are given at construction.
#pragma once

#include "gateway/limits.hpp"
#include "runtime/topics.hpp"

#include <string_view>
#include <vector>

namespace otabahn::gateway {

enum class TopicKind {
    ordinary,     // between devices
    service,      // a TopicService answers
    stream,       // StreamBlocks answers
    rule,         // Basic Ingest: refused, rules are out of scope
    listen_only,  // the service publishes there, devices only subscribe
    unknown,      // begins with $ and is none of the above
};

struct TopicClass {
    TopicKind kind = TopicKind::ordinary;
    runtime::TopicService* service = nullptr;
};

class TopicTable {
  public:
    explicit TopicTable(std::vector<runtime::TopicService*> services) : services_(std::move(services)) {}

    TopicClass of_publish(std::string_view topic) const;
    bool may_be_will(std::string_view topic) const;
    // False: a filter below `$` under which nothing is ever published.
    bool may_subscribe(std::string_view filter) const;
    // Length and depth, where AWS counts them: reserved topics that are known are not judged by depth.
    bool within_limits(std::string_view topic_or_filter, const Limits& limits) const;

  private:
    std::vector<runtime::TopicService*> services_;
};

}  // namespace otabahn::gateway
