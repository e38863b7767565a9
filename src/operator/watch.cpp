// SPDX-License-Identifier: Apache-2.0
#include "operator/watch.hpp"

#include "api/iot.hpp"
#include "operator/progress.hpp"

#include <sys/ioctl.h>
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

using Clock = std::chrono::steady_clock;
constexpr auto poll = std::chrono::milliseconds(500), poll_of_many = std::chrono::milliseconds(3000);
constexpr auto patience = std::chrono::seconds(60);  // with a service that does not answer
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

// What one look at the job shows; a failure keeps the service's status, to tell a server that is away from a refusal.
struct Look {
    std::string status;
    std::vector<Execution> executions;
    bool ended = false;
};

awsapi::Outcome<std::vector<Execution>> load_executions(Session& session, const std::string& job) {
    std::vector<Execution> out;
    std::optional<std::string> token;
    do {
        auto page = session.aws().call<iot::ListJobExecutionsForJob>({.job_id = job, .max_results = 250, .next_token = token});
        if (!page) return Unexpected(page.error());
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

awsapi::Outcome<void> load_details(Session& session, const std::string& job, Execution& execution) {
    auto described = session.aws().call<iot::DescribeJobExecution>({.job_id = job, .thing_name = execution.thing});
    if (!described) return Unexpected(described.error());
    if (described->execution && described->execution->status) execution.status = *described->execution->status;
    if (described->execution && described->execution->status_details && described->execution->status_details->details_map)
        execution.details = *described->execution->status_details->details_map;
    return {};
}

awsapi::Outcome<Look> look_at(Session& session, const std::string& job) {
    auto described = session.aws().call<iot::DescribeJob>({.job_id = job});
    if (!described) return Unexpected(described.error());
    Look look;
    look.status = described->job ? described->job->status.value_or("") : "";
    auto executions = load_executions(session, job);
    if (!executions) return Unexpected(executions.error());
    look.executions = std::move(*executions);
    look.ended = job_has_ended(look.status, look.executions);
    // Details cost a call each: all of them while devices are few, and of those that failed at the end.
    for (auto& execution : look.executions)
        if (look.executions.size() <= shown_one_by_one || (look.ended && execution.status != "SUCCEEDED"))
            if (auto loaded = load_details(session, job, execution); !loaded) return Unexpected(loaded.error());
    return look;
}

// A server that starts again, or a network that comes back: the job goes on meanwhile.
bool may_pass(const awsapi::ServiceError& error) { return error.status == 0 || error.status == 429 || error.status >= 500; }

// On a terminal the block of lines is drawn over itself; elsewhere a line is printed when it changed.
class Display {
  public:
    explicit Display(bool on) : on_(on), terminal_(::isatty(STDERR_FILENO) != 0) {}
    void show(std::vector<std::string> lines) {
        // A line that wraps would take two rows, and the cursor's way back would end in the wrong one.
        winsize size{};
        if (terminal_ && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
            for (auto& line : lines) line = cut_to(line, size.ws_col - 1U);
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
        shown_ = std::move(lines);
    }

  private:
    bool on_, terminal_;
    std::vector<std::string> shown_;
};

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

std::string sentence_of(const std::string& job, const std::vector<Execution>& executions) {
    if (executions.empty()) return "Job " + job + " has ended without a device: its targets hold no thing.";
    const auto good =
        std::count_if(executions.begin(), executions.end(), [](const Execution& execution) { return execution.status == "SUCCEEDED"; });
    std::string out = "Job " + job + " has ended: " + std::to_string(good) + " of " + std::to_string(executions.size()) + " SUCCEEDED.";
    if (executions.size() > shown_one_by_one)
        for (const auto& execution : executions)
            if (execution.status != "SUCCEEDED") out += "\n" + line_of(execution);
    return out;
}

}  // namespace

Result<int> watch(Session& session, const std::string& job, json::object about) {
    const InterruptWatch watching;
    Display display(!session.json());
    const std::string again = "otabahn watch " + job;
    std::optional<Clock::time_point> away_since;
    for (;;) {
        auto look = look_at(session, job);
        std::size_t devices = 0;
        if (look) {
            away_since.reset();
            devices = look->executions.size();
            display.show(lines_of(look->executions));
            if (look->ended) {
                session.tell(sentence_of(job, look->executions), result_of(std::move(about), job, look->status, look->executions));
                return is_good(look->executions) ? 0 : 1;
            }
        } else {
            auto failed = while_doing("following job " + job, look.error());
            if (!may_pass(look.error())) return Unexpected(failed);
            if (!away_since) {
                away_since = Clock::now();
                session.say(failed.message + " The job goes on; trying again for " + std::to_string(patience.count()) + " s.");
            } else if (Clock::now() - *away_since > patience) {
                failed.message += " The job goes on; follow it again with: " + again;
                return Unexpected(failed);
            }
        }
        const auto next = Clock::now() + (devices > shown_one_by_one ? poll_of_many : poll);
        while (!interrupted && Clock::now() < next) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        if (interrupted) {
            session.say("Job " + job + " goes on; follow it again with: " + again);
            return interrupted_exit;
        }
    }
}

}  // namespace otabahn::operator_tool
