// SPDX-License-Identifier: Apache-2.0
// Rows of jobs and executions, read and written within somebody's transaction.
#pragma once

#include "jobs/job.hpp"
#include "runtime/store.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::jobs {

std::string_view to_string(TargetSelection selection);
std::string_view to_string(Work work);
std::string format_details(const StatusDetails& details);       // JSON
std::string format_list(const std::vector<std::string>& list);  // JSON

class JobsStore {
  public:
    JobsStore(runtime::SqlSession& session, const Scope& scope) : session_(session), scope_(scope) {}

    std::int64_t last_sequence();
    bool insert_job(const Job& job, const std::vector<std::string>& groups);  // false: the id is taken
    std::optional<Job> find_job(const std::string& id);
    std::optional<std::int64_t> find_timeout(const std::string& id);  // minutes; reads no document
    void end_work(const std::string& id, Work work, Timestamp now);
    void cancel_job(const std::string& id, bool force, const std::optional<std::string>& reason_code,
                    const std::optional<std::string>& comment, Timestamp now);
    // A SNAPSHOT job whose rollout is done and of which nothing is pending is COMPLETED.
    void complete_if_done(const std::string& id, Timestamp now);

    struct JobFilter {
        std::string status, target_selection, group;  // "": any
        std::int64_t before;                          // sequence
    };
    std::vector<Job> list_jobs(const JobFilter& filter, std::int64_t count);  // newest first; without document and targets

    bool insert_execution(const Job& job, const std::string& thing, std::int64_t number, Timestamp now);  // false: it is there
    void update_execution(const Execution& execution);
    // Without a number: the latest.
    std::optional<Execution> find_execution(const std::string& job_id, const std::string& thing, const std::optional<std::int64_t>& number);
    std::vector<Execution> list_queue(const std::string& thing, std::int64_t count);  // IN_PROGRESS before QUEUED, oldest first
    std::vector<Execution> list_in_status(const std::string& job_id, ExecutionStatus status, std::int64_t count);
    std::optional<std::string> last_thing(const std::string& job_id);  // by name, of those that have an execution
    std::map<std::string, std::int64_t> count_by_status(const std::string& job_id);
    std::vector<Execution> list_for_job(const std::string& job_id, const std::string& status, const std::string& after_thing,
                                        std::int64_t after_number, std::int64_t count);
    std::vector<Execution> list_for_thing(const std::string& thing, const std::string& status, const std::string& job_id,
                                          std::int64_t before_sequence, std::int64_t before_number, std::int64_t count);  // newest first

  private:
    runtime::SqlSession& session_;
    const Scope& scope_;
};

// Of all accounts and regions.
struct OpenWork {
    Scope scope;
    std::string job_id;
    Work work;
};
std::vector<OpenWork> list_work(runtime::SqlSession& session, std::int64_t count);

struct DueExecution {
    Scope scope;
    std::string job_id, thing;
    std::int64_t number;
};
std::vector<DueExecution> list_due(runtime::SqlSession& session, Timestamp now, std::int64_t count);

}  // namespace otabahn::jobs
