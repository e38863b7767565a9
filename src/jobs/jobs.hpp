// SPDX-License-Identifier: Apache-2.0
// AWS IoT Jobs: jobs, executions, the device's four calls over MQTT and HTTPS (one implementation), notifications.
// The program owns it and calls run_due every few seconds. Blocking: pool threads only.
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "base/ids.hpp"
#include "objects/objects.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"
#include "runtime/topics.hpp"

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::jobs {

// Makes a presigned GET URL as the job's role; wired by apps/ (needs the front door's address and a signing key).
using Presigner =
    std::function<Result<std::string>(const AccountId& account, const std::string& role_arn, const std::string& bucket,
                                      const std::string& key, const std::optional<std::string>& version_id, std::chrono::seconds life)>;

struct Options {
    bool reject_in_progress = false;          // a device may reject what it has begun (spec jobs 2.2, row 8)
    std::size_t executions_at_once = 1000;    // of one CreateJob or CancelJob before it answers; run_due does the rest
    std::size_t executions_in_a_batch = 100;  // of one transaction
};

// What every part of this folder works with; the program owns all of it.
struct Parts {
    runtime::Store& store;
    runtime::Bus& bus;
    const runtime::Clock& clock;
    objects::Objects& objects;
    access::Access& access;
    Presigner presigner;
    Options options;
};

class Jobs final : public runtime::TopicService {
  public:
    Jobs(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, objects::Objects& objects, access::Access& access,
         Presigner presigner, Options options = {});

    bool fits(std::string_view topic) const override;  // $aws/things/+/jobs/#
    // update/accepted is in the replies and the notifications that it causes are in `then`, to be published after it.
    runtime::TopicReplies call(const runtime::TopicCall& call) override;

    void bind_rest(awsapi::Operations& operations);  // iot and iot-jobs-data
    // Timeouts, and what a crash or a large job left to do. Costs what is due, not what is stored.
    Result<void> run_due(Timestamp now);

  private:
    Parts parts_;
    std::mutex due_mutex_;  // a slow run is not overtaken by the next tick
};

}  // namespace otabahn::jobs
