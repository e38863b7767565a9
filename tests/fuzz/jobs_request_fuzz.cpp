// SPDX-License-Identifier: Apache-2.0
// What a device writes on a jobs topic: the topic's text, a line end, the payload. Whatever comes, what was read can be answered,
// and the answer is JSON again.
#include "jobs/messages.hpp"
#include "jobs/request.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace jobs = otabahn::jobs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const auto line = input.find('\n');
    const auto topic = input.substr(0, line);
    const auto payload = line == std::string_view::npos ? std::string_view() : input.substr(line + 1);
    const auto name = jobs::parse_topic(topic);
    if (name && !jobs::is_jobs_topic(topic)) std::abort();
    const auto now = otabahn::from_millis(1'700'000'000'000);
    for (const auto operation : {jobs::TopicOperation::get_pending, jobs::TopicOperation::start_next, jobs::TopicOperation::describe,
                                 jobs::TopicOperation::update}) {
        const auto request = jobs::parse_request(operation, payload);
        boost::system::error_code error;
        if (!request) {
            boost::json::parse(jobs::format_rejection(jobs::topic_code(request.error().error.code), request.error().error.message,
                                                      request.error().client_token, {}, now),
                               error);
            if (error) std::abort();
            continue;
        }
        jobs::Execution execution;
        execution.job_id = "A";
        execution.thing = "T";
        if (request->status) {
            jobs::Report report;
            report.status = *request->status;
            report.details = request->details;
            report.expected_version = request->expected_version;
            if (const auto updated = jobs::report(execution, report, {}, now)) execution = *updated;
        }
        boost::json::parse(
            jobs::begin_reply(request->client_token, now).add("execution", jobs::format_execution(execution, std::nullopt, now)).text(),
            error);
        if (error) std::abort();
    }
    return 0;
}
