// SPDX-License-Identifier: Apache-2.0
// What one part tells the others: publications for whoever subscribed, and hints that something cached is stale. This is
// the port; bus/ implements it in-process. A hint may be lost: whoever caches also reads again after 30 s.
#pragma once

#include "base/ids.hpp"

#include <functional>
#include <string>

namespace otabahn::runtime {

// An MQTT application message that the service itself publishes (jobs/notify and the like).
struct Publication {
    std::string topic;
    std::string payload;
    int qos = 1;
};

enum class ChangeKind {
    certificate,  // status of a certificate; key: certificate id
    policy,       // text or default version of an IoT policy; key: policy name
    attachment,   // a policy to a target, a principal to a thing; key: certificate id or group name
    thing,        // attributes, type, or it is gone; key: thing name
    stream,       // version, files, or it is gone; key: stream id
    object,       // a newer version in a bucket; key: bucket/key
    role,         // trust or permissions of an IAM role; key: role name
};

struct Change {
    ChangeKind kind;
    Scope scope;  // objects and roles: region is that of the caller, not part of the key
    std::string key;
};

class Bus {
  public:
    virtual ~Bus() = default;
    // Both return at once; subscribers are called on the publishing thread and must not block.
    virtual void publish(const Scope& scope, Publication publication) = 0;
    virtual void announce(Change change) = 0;

    virtual void on_publication(std::function<void(const Scope&, const Publication&)> subscriber) = 0;
    virtual void on_change(std::function<void(const Change&)> subscriber) = 0;
};

}  // namespace otabahn::runtime
