// SPDX-License-Identifier: Apache-2.0
// What a thing is to be told when its queue of pending executions changes (spec jobs 4.9): `notify` when the set changed,
// `notify-next` when another execution is first. Both are judged by the queue before and after, never by the event.
#pragma once

#include "jobs/jobs.hpp"
#include "jobs/jobs_store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::jobs {

inline constexpr std::int64_t most_listed = 10;  // executions in get and notify

struct QueueNews {
    std::string thing;
    std::optional<std::vector<Execution>> list;  // notify
    bool next_changed = false;                   // notify-next, with the first of the queue and its job if there is one
    std::optional<Execution> first;
    std::shared_ptr<const Job> job;  // shared by the news of one transaction: a rollout tells a thousand things of one job
};

// Jobs read once a transaction.
class JobCache {
  public:
    explicit JobCache(JobsStore& store) : store_(store) {}
    std::shared_ptr<const Job> find(const std::string& id);

  private:
    JobsStore& store_;
    std::map<std::string, std::shared_ptr<const Job>> jobs_;
};

// Made before a change of the thing's executions, asked after it, in one transaction.
class QueueWatch {
  public:
    QueueWatch(JobsStore& store, std::string thing);
    // `set_changed`: an execution was queued, or ended. Adds to `news` what there is to tell.
    void tell(bool set_changed, JobCache& jobs, std::vector<QueueNews>& news);

  private:
    using Place = std::optional<std::pair<std::string, std::int64_t>>;  // job, execution number

    JobsStore& store_;
    std::string thing_;
    Place first_before_;
};

// After the commit. A notify-next whose document cannot be made is left out, and logged.
std::vector<runtime::Publication> format_news(const Parts& parts, const Scope& scope, const std::vector<QueueNews>& news, Timestamp now);

// The document as a device gets it: placeholders resolved.
Result<std::string> hand_document(const Parts& parts, const Scope& scope, const Job& job);

}  // namespace otabahn::jobs
