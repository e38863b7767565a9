// SPDX-License-Identifier: Apache-2.0
#include "jobs/queue.hpp"

#include "jobs/document.hpp"
#include "jobs/messages.hpp"
#include "runtime/log.hpp"

namespace otabahn::jobs {

std::shared_ptr<const Job> JobCache::find(const std::string& id) {
    auto& entry = jobs_[id];
    if (!entry)
        if (auto job = store_.find_job(id)) entry = std::make_shared<const Job>(std::move(*job));
    return entry;
}

QueueWatch::QueueWatch(JobsStore& store, std::string thing) : store_(store), thing_(std::move(thing)) {
    const auto queue = store_.list_queue(thing_, 1);
    if (!queue.empty()) first_before_.emplace(queue.front().job_id, queue.front().number);
}

void QueueWatch::tell(bool set_changed, JobCache& jobs, std::vector<QueueNews>& news) {
    auto queue = store_.list_queue(thing_, set_changed ? most_listed : 1);
    QueueNews out;
    out.thing = thing_;
    const Place first = queue.empty() ? Place() : Place(std::in_place, queue.front().job_id, queue.front().number);
    if (first != first_before_) {
        out.next_changed = true;
        if (!queue.empty()) {
            out.first = queue.front();
            out.job = jobs.find(queue.front().job_id);
        }
    }
    if (set_changed) out.list = std::move(queue);
    if (out.list || out.next_changed) news.push_back(std::move(out));
}

std::vector<runtime::Publication> format_news(const Parts& parts, const Scope& scope, const std::vector<QueueNews>& news, Timestamp now) {
    std::vector<runtime::Publication> out;
    for (const auto& one : news) {
        const std::string prefix = "$aws/things/" + one.thing + "/jobs/";
        if (one.list) out.push_back({prefix + "notify", format_list_notification(*one.list, now), 1});
        if (!one.next_changed) continue;
        std::optional<std::string> document;
        if (one.first && one.job) {
            auto handed = hand_document(parts, scope, *one.job);
            if (!handed) {
                spdlog::warn("notify-next left out: no document thing={} job={} reason=\"{}\"", one.thing, one.first->job_id,
                             handed.error().message);
                continue;
            }
            document = std::move(handed).value();
        }
        out.push_back({prefix + "notify-next", format_next_notification(one.first, document, now), 1});
    }
    return out;
}

Result<std::string> hand_document(const Parts& parts, const Scope& scope, const Job& job) {
    auto placeholders = find_placeholders(job.document, job.own_host);
    if (!placeholders) return Unexpected(std::move(placeholders).error());
    if (placeholders->empty()) return job.document;
    const std::chrono::seconds life(job.presigned_seconds.value_or(3600));
    return replace_placeholders(job.document, *placeholders, [&](const ObjectAddress& object) {
        return parts.presigner(scope.account, job.presigned_role.value_or(""), object.bucket, object.key, object.version_id, life);
    });
}

}  // namespace otabahn::jobs
