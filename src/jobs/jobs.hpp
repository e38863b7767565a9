// SPDX-License-Identifier: Apache-2.0
// AWS IoT Jobs: jobs, executions, the device's four calls over MQTT and HTTPS (one implementation), notifications.
// Blocking: pool threads only.
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "objects/objects.hpp"
#include "registry/registry.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"
#include "runtime/topics.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace otabahn::jobs {

// Makes a presigned GET URL as the job's role; wired by apps/ (needs the front door's address and a signing key).
using Presigner = std::function<Result<std::string>(const AccountId& account, const std::string& role_arn, const std::string& bucket,
                                                    const std::string& key, const std::optional<std::string>& version_id, std::chrono::seconds life)>;

class Jobs final : public runtime::TopicService {
  public:
    Jobs(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, objects::Objects& objects, access::Access& access,
         Presigner presigner);

    bool fits(std::string_view topic) const override;  // $aws/things/+/jobs/#
    runtime::TopicReplies call(const runtime::TopicCall& call) override;

    void bind_rest(awsapi::Operations& operations);
    // Timeouts and whatever else is due; called by a timer of the program every few seconds. Costs what is due, not what is stored.
    Result<void> run_due(Timestamp now);

  private:
    runtime::Store& store_;
    runtime::Bus& bus_;
    const runtime::Clock& clock_;
    objects::Objects& objects_;
    access::Access& access_;
    Presigner presigner_;
};

}  // namespace otabahn::jobs
