// SPDX-License-Identifier: Apache-2.0
#include "operator/watch.hpp"

#include "api/iot.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <thread>
#include <vector>

namespace otabahn::operator_tool {

namespace iot = api::iot;
namespace json = boost::json;

namespace {

constexpr std::size_t shown_one_by_one = 8;
constexpr auto poll = std::chrono::milliseconds(500);
constexpr int interrupted_exit = 130;

std::atomic<bool> interrupted = false;

// Ctrl-C ends the watching, not the job; the handler that was there comes back.
class InterruptWatch {
  public:
    InterruptWatch() {
        interrupted = false;
        struct sigaction mine {};
        mine.sa_handler = [](int) { interrupted = true; };
        sigemptyset(&mine.sa_mask);
        sigaction(SIGINT, &mine, &before_);
    }
    ~InterruptWatch() { sigaction(SIGINT, &before_, nullptr); }
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

  private:
    struct sigaction before_ {};
};

struct Execution {
    std::string thing, status;
    std::map<std::string, std::string> details;
    std::string detail(const std::string& name) const {
        const auto found = details.find(name);
        return found == details.end() ? "" : found->second;
    }
};

bool ended(const std::string& status) { return status != "QUEUED" && status != "IN_PROGRESS"; }

Result<std::vector<Execution>> load_executions(Session& session, const std::string& job) {
    std::vector<Execution> out;
    std::optional<std::string> token;
    do {
        auto page = session.aws().call<iot::ListJobExecutionsForJob>({.job_id = job, .max_results = 250, .next_token = token});
        if (!page) return Unexpected(while_doing("listing the executions of job " + job, page.error()));
        for (const auto& summary : page->execution_summaries.value_or(std::vector<iot::JobExecutionSummaryForJob>())) {
            const auto arn = summary.thing_arn.value_or("");
            out.push_back({arn.substr(arn.rfind('/') + 1),
                           summary.job_execution_summary ? summary.job_execution_summary->status.value_or("") : "",
                           {}});
        }
        token = page->next_token;
    } while (token);
    return out;
}

Result<void> load_details(Session& session, const std::string& job, Execution& execution) {
    auto described = session.aws().call<iot::DescribeJobExecution>({.job_id = job, .thing_name = execution.thing});
    if (!described) return Unexpected(while_doing("describing the execution of job " + job + " on " + execution.thing, described.error()));
    if (described->execution && described->execution->status) execution.status = *described->execution->status;
    if (described->execution && described->execution->status_details && described->execution->status_details->details_map)
        execution.details = *described->execution->status_details->details_map;
    return {};
}

// "45", "45%" and "450/1000" are all that devices are known to write.
int percent_of(const std::string& progress) {
    const auto number = std::atoll(progress.c_str());
    const auto slash = progress.find('/');
    const auto whole = slash == std::string::npos ? 100 : std::atoll(progress.c_str() + slash + 1);
    return whole <= 0 ? 0 : static_cast<int>(std::clamp<long long>(number * 100 / whole, 0, 100));
}

std::string line_of(const Execution& execution) {
    std::string out = execution.thing + "  " + execution.status;
    if (execution.status == "IN_PROGRESS" && !execution.detail("progress").empty()) {
        const auto percent = percent_of(execution.detail("progress"));
        const auto full = static_cast<std::size_t>(percent) * 30 / 100;
        out += "  [" + std::string(full, '#') + std::string(30 - full, '.') + "] " + std::to_string(percent) + " %";
    }
    if (const auto step = execution.detail("step"); !step.empty() && !ended(execution.status)) out += "  " + step;
    if (const auto reason = execution.detail("reason"); !reason.empty()) out += "  " + reason;
    if (const auto message = execution.detail("message"); !message.empty() && ended(execution.status)) out += ": " + message;
    return out;
}

// On a terminal the block of lines is drawn over itself; elsewhere a line is printed when it changed.
class Display {
  public:
    explicit Display(bool on) : on_(on), terminal_(::isatty(STDERR_FILENO) != 0) {}
    void show(const std::vector<std::string>& lines) {
        if (!on_ || lines == shown_) return;
        if (terminal_) {
            if (!shown_.empty()) std::fprintf(stderr, "\x1b[%zuA", shown_.size());
            for (const auto& line : lines) std::fprintf(stderr, "\x1b[2K%s\n", line.c_str());
            for (std::size_t i = lines.size(); i < shown_.size(); ++i) std::fprintf(stderr, "\x1b[2K\n");
            if (shown_.size() > lines.size()) std::fprintf(stderr, "\x1b[%zuA", shown_.size() - lines.size());
        } else {
            for (const auto& line : lines)
                if (std::find(shown_.begin(), shown_.end(), line) == shown_.end()) std::fprintf(stderr, "%s\n", line.c_str());
        }
        std::fflush(stderr);
        shown_ = lines;
    }

  private:
    bool on_, terminal_;
    std::vector<std::string> shown_;
};

std::vector<std::string> lines_of(const std::vector<Execution>& executions) {
    std::vector<std::string> lines;
    if (executions.size() <= shown_one_by_one) {
        for (const auto& execution : executions) lines.push_back(line_of(execution));
        return lines;
    }
    std::map<std::string, std::size_t> counts;
    for (const auto& execution : executions) ++counts[execution.status];
    std::string line = std::to_string(executions.size()) + " devices:";
    for (const auto& [status, count] : counts) line += "  " + status + " " + std::to_string(count);
    lines.push_back(line);
    return lines;
}

json::object result_of(json::object about, const std::string& job, const std::string& status, const std::vector<Execution>& executions) {
    about["jobId"] = job;
    about["status"] = status;
    auto& rows = about["executions"].emplace_array();
    for (const auto& execution : executions) {
        json::object details;
        for (const auto& [name, value] : execution.details) details[name] = value;
        rows.push_back(json::object{{"thingName", execution.thing}, {"status", execution.status}, {"statusDetails", details}});
    }
    return about;
}

}  // namespace

Result<int> watch(Session& session, const std::string& job, json::object about) {
    const InterruptWatch watching;
    Display display(!session.json());
    for (;;) {
        auto described = session.aws().call<iot::DescribeJob>({.job_id = job});
        if (!described) return Unexpected(while_doing("following job " + job, described.error()));
        const auto status = described->job ? described->job->status.value_or("") : "";
        auto executions = load_executions(session, job);
        if (!executions) return Unexpected(executions.error());
        const bool all_ended =
            status != "SCHEDULED" &&
            std::all_of(executions->begin(), executions->end(), [](const Execution& execution) { return ended(execution.status); }) &&
            (!executions->empty() || status != "IN_PROGRESS");
        // Details cost a call each: all of them while devices are few, and of those that failed at the end.
        for (auto& execution : *executions)
            if (executions->size() <= shown_one_by_one || (all_ended && execution.status != "SUCCEEDED"))
                if (auto loaded = load_details(session, job, execution); !loaded) return Unexpected(loaded.error());
        display.show(lines_of(*executions));
        if (all_ended) {
            const auto good = static_cast<std::size_t>(std::count_if(
                executions->begin(), executions->end(), [](const Execution& execution) { return execution.status == "SUCCEEDED"; }));
            std::string sentence =
                "Job " + job + " has ended: " + std::to_string(good) + " of " + std::to_string(executions->size()) + " SUCCEEDED.";
            if (executions->size() > shown_one_by_one)
                for (const auto& execution : *executions)
                    if (execution.status != "SUCCEEDED") sentence += "\n" + line_of(execution);
            if (executions->empty()) sentence = "Job " + job + " has ended without a device: its targets hold no thing.";
            session.tell(sentence, result_of(std::move(about), job, status, *executions));
            return !executions->empty() && good == executions->size() ? 0 : 1;
        }
        const auto next = std::chrono::steady_clock::now() + poll;
        while (!interrupted && std::chrono::steady_clock::now() < next) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        if (interrupted) {
            session.say("Job " + job + " goes on; follow it again with: otabahn watch " + job);
            return interrupted_exit;
        }
    }
}

}  // namespace otabahn::operator_tool
