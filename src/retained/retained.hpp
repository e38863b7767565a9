// SPDX-License-Identifier: Apache-2.0
// Retained messages (spec gateway 1.7): one a topic, in the store alone, so that a million of them cost no memory. The functions on
// a session are for whoever groups writes of his own, as the gateway does; Retained is the same for pool threads, and the two
// operations of the iot-data API.
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::retained {

struct RetainedMessage {
    std::string topic;
    std::string payload;     // empty: nothing is retained there any more
    std::string properties;  // MQTT 5, encoded: what is forwarded as it came
    std::uint8_t qos = 0;
    std::optional<Timestamp> expires_at{};  // by its publisher
    Timestamp modified{};
};

struct RetainedSummary {
    std::string topic;
    std::int64_t payload_size = 0;
    std::uint8_t qos = 0;
    Timestamp modified{};
};

constexpr std::int64_t aws_quota = 500'000;  // in an account and region

// False: the quota is used up, and there was none on this topic. No quota: nothing.
bool put(runtime::SqlSession& session, const Scope& scope, const RetainedMessage& message, std::optional<std::int64_t> quota);
std::optional<RetainedMessage> find(runtime::SqlSession& session, const Scope& scope, const std::string& topic, Timestamp now);
// By topic, those behind `after`.
std::vector<RetainedSummary> list(runtime::SqlSession& session, const Scope& scope, const std::string& after, std::size_t most,
                                  Timestamp now);
// Removes what has expired, `most` at a time, and says how many there were.
std::size_t sweep(runtime::SqlSession& session, Timestamp now, std::size_t most);

// Blocking: pool threads only.
class Retained {
  public:
    Retained(runtime::Store& store, const runtime::Clock& clock, access::Access& access, bool extended_quotas = false)
        : store_(store), clock_(clock), access_(access), extended_quotas_(extended_quotas) {}

    // limit_exceeded: the quota is used up. The topic is judged by whoever calls: form, limits, not below `$`.
    Result<void> put(const Scope& scope, RetainedMessage message);
    // not_found: nothing is retained there.
    Result<RetainedMessage> get(const Scope& scope, const std::string& topic);
    std::vector<RetainedSummary> list(const Scope& scope, const std::string& after, std::size_t most);
    void bind_rest(awsapi::Operations& operations);

  private:
    runtime::Store& store_;
    const runtime::Clock& clock_;
    access::Access& access_;
    bool extended_quotas_;
};

}  // namespace otabahn::retained
