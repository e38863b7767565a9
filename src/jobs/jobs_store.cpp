// SPDX-License-Identifier: Apache-2.0
#include "jobs/jobs_store.hpp"

#include "jobs/sql.hpp"

#include <boost/json.hpp>

#include <stdexcept>
#include <utility>

namespace otabahn::jobs {
namespace {

using runtime::SqlRow;
using runtime::SqlValue;

// What is stored was written by us: another word is a damaged store.
template <class T>
T stored(std::optional<T> value, const std::string& word) {
    if (!value) throw runtime::StoreFailure("The store holds the word '" + word + "', which no job or execution has.");
    return *value;
}

Work work_of(const std::string& word) {
    for (const Work work : {Work::none, Work::rollout, Work::cancel})
        if (to_string(work) == word) return work;
    return stored<Work>(std::nullopt, word);
}

TargetSelection selection_of(const std::string& word) {
    for (const TargetSelection selection : {TargetSelection::snapshot, TargetSelection::continuous})
        if (to_string(selection) == word) return selection;
    return stored<TargetSelection>(std::nullopt, word);
}

std::optional<Timestamp> optional_time(const SqlRow& row, std::size_t column) {
    return row.is_null(column) ? std::nullopt : std::optional(row.time(column));
}

std::vector<std::string> parse_list(const std::string& text) {
    std::vector<std::string> out;
    const auto list = boost::json::parse(text);
    for (const auto& entry : list.as_array()) out.emplace_back(entry.as_string());
    return out;
}

StatusDetails parse_details(const std::string& text) {
    StatusDetails out;
    const auto object = boost::json::parse(text);
    for (const auto& [key, value] : object.as_object()) out.emplace(key, value.as_string());
    return out;
}

// The column order of sql/execution.sql.
Execution read_execution(const SqlRow& row) {
    Execution out;
    out.job_id = row.text(0);
    out.thing = row.text(1);
    out.number = row.integer(2);
    out.job_sequence = row.integer(3);
    out.status = stored(parse_execution_status(row.text(4)), row.text(4));
    out.details = parse_details(row.text(5));
    out.version = row.integer(6);
    out.queued = row.time(7);
    out.started = optional_time(row, 8);
    out.updated = row.time(9);
    out.in_progress_deadline = optional_time(row, 10);
    out.step_deadline = optional_time(row, 11);
    out.force_canceled = row.flag(12);
    return out;
}

std::vector<Execution> read_executions(const std::vector<SqlRow>& rows) {
    std::vector<Execution> out;
    out.reserve(rows.size());
    for (const auto& row : rows) out.push_back(read_execution(row));
    return out;
}

Scope read_scope(const SqlRow& row) { return {AccountId::trusted(row.text(0)), Region::trusted(row.text(1))}; }

}  // namespace

std::string_view to_string(TargetSelection selection) { return selection == TargetSelection::snapshot ? "SNAPSHOT" : "CONTINUOUS"; }

std::string_view to_string(Work work) {
    switch (work) {
        case Work::none:
            return "";
        case Work::rollout:
            return "rollout";
        case Work::cancel:
            return "cancel";
    }
    return "";
}

std::string format_details(const StatusDetails& details) {
    boost::json::object object;
    for (const auto& [key, value] : details) object[key] = value;
    return boost::json::serialize(object);
}

std::string format_list(const std::vector<std::string>& list) {
    boost::json::array array;
    for (const auto& entry : list) array.emplace_back(entry);
    return boost::json::serialize(array);
}

std::int64_t JobsStore::last_sequence() {
    return session_.query_one(sql::last_sequence, {{"account", scope_.account.text()}, {"region", scope_.region.text()}})->integer(0);
}

bool JobsStore::insert_job(const Job& job, const std::vector<std::string>& groups) {
    const auto &account = scope_.account.text(), &region = scope_.region.text();
    const bool inserted = session_
                              .query_one(sql::insert_job, {{"account", account},
                                                           {"region", region},
                                                           {"id", job.id},
                                                           {"sequence", job.sequence},
                                                           {"status", runtime::sql(to_string(job.status))},
                                                           {"work", runtime::sql(to_string(job.work))},
                                                           {"target_selection", runtime::sql(to_string(job.target_selection))},
                                                           {"targets", format_list(job.targets)},
                                                           {"description", runtime::sql(job.description)},
                                                           {"document", job.document},
                                                           {"document_source", runtime::sql(job.document_source)},
                                                           {"own_host", job.own_host},
                                                           {"presigned_role", runtime::sql(job.presigned_role)},
                                                           {"presigned_seconds", runtime::sql(job.presigned_seconds)},
                                                           {"timeout_minutes", runtime::sql(job.timeout_minutes)},
                                                           {"created", runtime::sql(job.created)}})
                              .has_value();
    if (!inserted) return false;
    for (const auto& group : groups)
        session_.execute(sql::insert_group, {{"account", account}, {"region", region}, {"group_name", group}, {"job_id", job.id}});
    return true;
}

std::optional<Job> JobsStore::find_job(const std::string& id) {
    const auto row = session_.query_one(sql::find_job, {{"account", scope_.account.text()}, {"region", scope_.region.text()}, {"id", id}});
    if (!row) return std::nullopt;
    Job out;
    out.id = row->text(0);
    out.sequence = row->integer(1);
    out.status = stored(parse_job_status(row->text(2)), row->text(2));
    out.work = work_of(row->text(3));
    out.target_selection = selection_of(row->text(4));
    out.targets = parse_list(row->text(5));
    out.description = row->optional_text(6);
    out.document = row->text(7);
    out.document_source = row->optional_text(8);
    out.own_host = row->text(9);
    out.presigned_role = row->optional_text(10);
    out.presigned_seconds = row->optional_integer(11);
    out.timeout_minutes = row->optional_integer(12);
    out.force_canceled = row->flag(13);
    out.reason_code = row->optional_text(14);
    out.comment = row->optional_text(15);
    out.created = row->time(16);
    out.updated = row->time(17);
    out.completed = optional_time(*row, 18);
    return out;
}

std::optional<std::int64_t> JobsStore::find_timeout(const std::string& id) {
    const auto row =
        session_.query_one(sql::find_timeout, {{"account", scope_.account.text()}, {"region", scope_.region.text()}, {"id", id}});
    return row ? row->optional_integer(0) : std::nullopt;
}

void JobsStore::end_work(const std::string& id, Work work, Timestamp now) {
    session_.execute(sql::end_work, {{"account", scope_.account.text()},
                                     {"region", scope_.region.text()},
                                     {"id", id},
                                     {"work", runtime::sql(to_string(work))},
                                     {"now", runtime::sql(now)}});
}

void JobsStore::cancel_job(const std::string& id, bool force, const std::optional<std::string>& reason_code,
                           const std::optional<std::string>& comment, Timestamp now) {
    session_.execute(sql::cancel_job, {{"account", scope_.account.text()},
                                       {"region", scope_.region.text()},
                                       {"id", id},
                                       {"force", runtime::sql(force)},
                                       {"reason_code", runtime::sql(reason_code)},
                                       {"comment", runtime::sql(comment)},
                                       {"now", runtime::sql(now)}});
}

void JobsStore::complete_if_done(const std::string& id, Timestamp now) {
    for (const auto status : {ExecutionStatus::queued, ExecutionStatus::in_progress})
        if (!list_in_status(id, status, 1).empty()) return;
    session_.execute(sql::complete_job,
                     {{"account", scope_.account.text()}, {"region", scope_.region.text()}, {"id", id}, {"now", runtime::sql(now)}});
}

std::vector<Job> JobsStore::list_jobs(const JobFilter& filter, std::int64_t count) {
    const auto &account = scope_.account.text(), &region = scope_.region.text();
    const auto rows = filter.group.empty() ? session_.query(sql::list_jobs, {{"account", account},
                                                                             {"region", region},
                                                                             {"before", filter.before},
                                                                             {"status", filter.status},
                                                                             {"target_selection", filter.target_selection},
                                                                             {"count", count}})
                                           : session_.query(sql::list_jobs_of_group, {{"account", account},
                                                                                      {"region", region},
                                                                                      {"group_name", filter.group},
                                                                                      {"before", filter.before},
                                                                                      {"status", filter.status},
                                                                                      {"target_selection", filter.target_selection},
                                                                                      {"count", count}});
    std::vector<Job> out;
    out.reserve(rows.size());
    for (const auto& row : rows) {
        Job job;
        job.id = row.text(0);
        job.sequence = row.integer(1);
        job.status = stored(parse_job_status(row.text(2)), row.text(2));
        job.work = work_of(row.text(3));
        job.target_selection = selection_of(row.text(4));
        job.created = row.time(5);
        job.updated = row.time(6);
        job.completed = optional_time(row, 7);
        out.push_back(std::move(job));
    }
    return out;
}

bool JobsStore::insert_execution(const Job& job, const std::string& thing, std::int64_t number, Timestamp now) {
    return session_
        .query_one(sql::insert_execution, {{"account", scope_.account.text()},
                                           {"region", scope_.region.text()},
                                           {"job_id", job.id},
                                           {"thing", thing},
                                           {"number", number},
                                           {"job_sequence", job.sequence},
                                           {"now", runtime::sql(now)}})
        .has_value();
}

void JobsStore::update_execution(const Execution& execution) {
    const int pending = execution.status == ExecutionStatus::in_progress ? 1 : execution.status == ExecutionStatus::queued ? 2 : 0;
    const auto changed = session_.execute(sql::update_execution, {{"account", scope_.account.text()},
                                                                  {"region", scope_.region.text()},
                                                                  {"job_id", execution.job_id},
                                                                  {"thing", execution.thing},
                                                                  {"number", execution.number},
                                                                  {"status", runtime::sql(to_string(execution.status))},
                                                                  {"pending", pending},
                                                                  {"details", format_details(execution.details)},
                                                                  {"version", execution.version},
                                                                  {"started", runtime::sql(execution.started)},
                                                                  {"updated", runtime::sql(execution.updated)},
                                                                  {"in_progress_deadline", runtime::sql(execution.in_progress_deadline)},
                                                                  {"step_deadline", runtime::sql(execution.step_deadline)},
                                                                  {"deadline", runtime::sql(execution.deadline())},
                                                                  {"force_canceled", runtime::sql(execution.force_canceled)}});
    if (changed != 1)
        throw std::logic_error("The execution of job " + execution.job_id + " on " + execution.thing +
                               " was changed without having been read.");
}

std::optional<Execution> JobsStore::find_execution(const std::string& job_id, const std::string& thing,
                                                   const std::optional<std::int64_t>& number) {
    const auto &account = scope_.account.text(), &region = scope_.region.text();
    const auto row =
        number ? session_.query_one(sql::find_execution,
                                    {{"account", account}, {"region", region}, {"job_id", job_id}, {"thing", thing}, {"number", *number}})
               : session_.query_one(sql::find_latest_execution,
                                    {{"account", account}, {"region", region}, {"job_id", job_id}, {"thing", thing}});
    return row ? std::optional(read_execution(*row)) : std::nullopt;
}

std::vector<Execution> JobsStore::list_queue(const std::string& thing, std::int64_t count) {
    return read_executions(session_.query(
        sql::list_queue, {{"account", scope_.account.text()}, {"region", scope_.region.text()}, {"thing", thing}, {"count", count}}));
}

std::vector<Execution> JobsStore::list_in_status(const std::string& job_id, ExecutionStatus status, std::int64_t count) {
    return read_executions(session_.query(sql::list_in_status, {{"account", scope_.account.text()},
                                                                {"region", scope_.region.text()},
                                                                {"job_id", job_id},
                                                                {"status", runtime::sql(to_string(status))},
                                                                {"count", count}}));
}

std::optional<std::string> JobsStore::last_thing(const std::string& job_id) {
    return session_.query_one(sql::last_thing, {{"account", scope_.account.text()}, {"region", scope_.region.text()}, {"job_id", job_id}})
        ->optional_text(0);
}

std::map<std::string, std::int64_t> JobsStore::count_by_status(const std::string& job_id) {
    std::map<std::string, std::int64_t> out;
    for (const auto& row :
         session_.query(sql::count_by_status, {{"account", scope_.account.text()}, {"region", scope_.region.text()}, {"job_id", job_id}}))
        out.emplace(row.text(0), row.integer(1));
    return out;
}

std::vector<Execution> JobsStore::list_for_job(const std::string& job_id, const std::string& status, const std::string& after_thing,
                                               std::int64_t after_number, std::int64_t count) {
    return read_executions(session_.query(sql::list_for_job, {{"account", scope_.account.text()},
                                                              {"region", scope_.region.text()},
                                                              {"job_id", job_id},
                                                              {"status", status},
                                                              {"after_thing", after_thing},
                                                              {"after_number", after_number},
                                                              {"count", count}}));
}

std::vector<Execution> JobsStore::list_for_thing(const std::string& thing, const std::string& status, const std::string& job_id,
                                                 std::int64_t before_sequence, std::int64_t before_number, std::int64_t count) {
    return read_executions(session_.query(sql::list_for_thing, {{"account", scope_.account.text()},
                                                                {"region", scope_.region.text()},
                                                                {"thing", thing},
                                                                {"status", status},
                                                                {"job_id", job_id},
                                                                {"before_sequence", before_sequence},
                                                                {"before_number", before_number},
                                                                {"count", count}}));
}

std::vector<OpenWork> list_work(runtime::SqlSession& session, std::int64_t count) {
    std::vector<OpenWork> out;
    for (const auto& row : session.query(sql::list_work, {{"count", count}}))
        out.push_back({read_scope(row), row.text(2), work_of(row.text(3))});
    return out;
}

std::vector<DueExecution> list_due(runtime::SqlSession& session, Timestamp now, std::int64_t count) {
    std::vector<DueExecution> out;
    for (const auto& row : session.query(sql::list_due, {{"now", runtime::sql(now)}, {"count", count}}))
        out.push_back({read_scope(row), row.text(2), row.text(3), row.integer(4)});
    return out;
}

}  // namespace otabahn::jobs
