// SPDX-License-Identifier: Apache-2.0
// What a loop has to ask of the store and of services, which block: on the pool, and the answer back on the loop. Admissions and
// their renewal when something changes, calls of services, streams that are not open yet.
#include "gateway/loop.hpp"

#include "runtime/log.hpp"

#include <algorithm>
#include <utility>

namespace otabahn::gateway {
namespace {

constexpr std::size_t renewals_at_once = 8;
constexpr std::chrono::milliseconds retry_after{10};

std::size_t size_of(const ServiceCall& waiting) { return sizeof(ServiceCall) + waiting.call.topic.size() + waiting.call.payload.size(); }

// What a blocking call throws is a bug or a lost database; its caller waits for an answer all the same.
template <class F>
auto answer_of(F call) -> decltype(call()) {
    try {
        return call();
    } catch (const std::exception& failure) {
        spdlog::error("a blocking call failed what=\"{}\"", failure.what());
        return fail(ErrorCode::unavailable, std::string("The gateway could not ask the store: ") + failure.what());
    }
}

}  // namespace

void Loop::run_blocking(Job job) {
    if (deferred_.empty()) return post_job(std::move(job));
    deferred_.push_back(std::move(job));
}

void Loop::post_job(Job job) {
    shared_.jobs.begin();
    const bool taken = shared_.parts.pool.try_post([this, job] {
        auto done = job();
        post(std::move(done));
        shared_.jobs.end();
    });
    if (taken) return;
    shared_.jobs.end();
    deferred_.push_front(std::move(job));
    if (retrying_) return;
    retrying_ = true;
    io_->retry_timer.expires_after(retry_after);
    io_->retry_timer.async_wait([this](const boost::system::error_code& error) {
        retrying_ = false;
        if (!error) retry_deferred();
    });
}

void Loop::retry_deferred() {
    while (!deferred_.empty() && !retrying_) {
        Job job = std::move(deferred_.front());
        deferred_.pop_front();
        post_job(std::move(job));
    }
}

void Loop::load_admission(Connection& connection, const std::string& client_id) {
    run_blocking([id = connection.peer().id, load = admission_loader(connection, client_id)]() -> std::function<void(Loop&)> {
        return [id, admission = answer_of(load)](Loop& loop) {
            if (auto* waiting = loop.find_connection(id)) waiting->admitted(admission);
        };
    });
}

// To be called on the pool.
std::function<Result<AdmissionPtr>()> Loop::admission_loader(const Connection& connection, const std::string& client_id) const {
    const Peer& peer = connection.peer();
    if (peer.caller)
        return [&identities = shared_.parts.identities, caller = peer.caller] { return gateway::load_admission(identities, *caller); };
    return [&shared = shared_, certificate = peer.certificate_id, region = peer.region, client_id] {
        return gateway::load_admission(shared.parts.identities, shared.documents, CertificateId::trusted(certificate), region, client_id);
    };
}

void Loop::mark_stale(Link& link) {
    if (link.stale) return;
    link.stale = true;
    stale_.push_back(link.id());
}

void Loop::renew_stale() {
    while (!stale_.empty() && renewals_ < renewals_at_once) {
        const std::uint64_t id = stale_.front();
        stale_.pop_front();
        auto* link = find(id);
        if (link == nullptr || link->connection() == nullptr) continue;
        if (link->renewing || link->connection()->gate() == nullptr) {
            stale_.push_back(id);
            return;  // the answer on its way may be older than the change; asked again once it is here
        }
        renew(*link);
    }
}

void Loop::renew(Link& link) {
    link.stale = false;
    link.renewing = true;
    ++renewals_;
    const auto& connection = *link.connection();
    run_blocking([id = link.id(), load = admission_loader(connection, connection.client_id())]() -> std::function<void(Loop&)> {
        return [id, admission = answer_of(load)](Loop& loop) {
            --loop.renewals_;
            if (auto* renewed = loop.find(id)) {
                renewed->renewing = false;
                renewed->connection()->admission_renewed(admission);
            }
            loop.renew_stale();
        };
    });
}

void Loop::on_change(const runtime::Change& change) {
    using runtime::ChangeKind;
    streams_.retire(change);
    for (auto& [id, link] : links_) {
        auto* connection = link->connection();
        if (connection == nullptr || connection->ended() || connection->client_id().empty()) continue;
        const auto* gate = connection->gate();
        // While it is still being admitted nothing is known of it: it is asked anew once it is in.
        const bool admitting = gate == nullptr;
        const auto* admission = admitting ? nullptr : gate->admission().get();
        bool concerned = admitting;
        switch (change.kind) {
            case ChangeKind::certificate:
                concerned = connection->peer().certificate_id == change.key;
                break;
            case ChangeKind::policy:
                concerned = concerned || std::any_of(admission->policies.begin(), admission->policies.end(),
                                                     [&](const auto& policy) { return policy.name == change.key; });
                break;
            case ChangeKind::attachment:
                // A group's name may be that of any thing's group, so whoever is a thing is asked again.
                concerned = concerned || connection->peer().certificate_id == change.key || (admission->thing && change.key.size() != 64);
                break;
            case ChangeKind::thing:
                concerned = connection->client_id() == change.key;
                break;
            case ChangeKind::role:
                concerned = connection->peer().caller != nullptr;
                break;
            case ChangeKind::stream:
            case ChangeKind::object:
                concerned = false;
                break;
        }
        // Roles are the account's, in every region.
        if (concerned && !admitting && change.kind != ChangeKind::role) concerned = admission->scope == change.scope;
        if (concerned) mark_stale(*link);
    }
    renew_stale();
}

void Loop::call(Connection& connection, runtime::TopicService& service, runtime::TopicCall call) {
    start_call(connection.peer().id, {&service, std::move(call)});
}

void Loop::start_call(std::uint64_t id, ServiceCall next) {
    run_blocking([id, next = std::move(next)]() -> std::function<void(Loop&)> {
        const auto& call = next.call;
        try {
            return [id, scope = call.scope, replies = next.service->call(call)](Loop& loop) { loop.call_done(id, scope, replies); };
        } catch (const std::exception& failure) {
            spdlog::error("a service failed topic=\"{}\" client={} what=\"{}\"", call.topic, call.client_id, failure.what());
            return [id](Loop& loop) {
                auto* waiting = loop.find_connection(id);
                if (waiting != nullptr && !waiting->ended()) return waiting->service_failed();
                loop.start_abandoned(id);
            };
        }
    });
}

void Loop::call_done(std::uint64_t id, const Scope& scope, const runtime::TopicReplies& replies) {
    auto* waiting = find_connection(id);
    if (waiting != nullptr && !waiting->ended()) return waiting->answered(replies);
    for (const auto& publication : replies.then) publish_for_service(scope, publication);
    start_abandoned(id);
}

void Loop::finish_calls_of(Connection& connection, std::deque<ServiceCall> calls) {
    std::size_t size = 0;
    for (const auto& waiting : calls) size += size_of(waiting);
    if (abandoned_size_ + size > abandoned_bytes) {
        spdlog::warn("requests of a connection that has ended are dropped: too many such wait client={} requests={}",
                     connection.client_id(), calls.size());
        return;
    }
    abandoned_size_ += size;
    abandoned_.insert_or_assign(connection.peer().id, std::move(calls));
}

void Loop::start_abandoned(std::uint64_t id) {
    const auto found = abandoned_.find(id);
    if (found == abandoned_.end()) return;
    auto next = std::move(found->second.front());
    abandoned_size_ -= size_of(next);
    found->second.pop_front();
    if (found->second.empty()) abandoned_.erase(found);
    start_call(id, std::move(next));
}

bool Loop::answer_stream(Connection& connection, const streams::BlockRequest& request, streams::BlockSink& sink) {
    if (streams_.answer(request, sink)) return true;
    auto stream = streams::StreamBlocks::stream_of(request.topic);
    if (!stream) {
        spdlog::error("a stream topic names no stream topic=\"{}\"", request.topic);
        return true;
    }
    const StreamKey key{request.scope, *stream};
    auto& waiting = warming_[key];
    waiting.push_back(connection.peer().id);
    if (waiting.size() > 1) return false;
    run_blocking([&shared = shared_, key]() -> std::function<void(Loop&)> {
        auto loaded = answer_of([&] { return shared.parts.streams.load(key.first, key.second); });
        return [key, loaded = std::move(loaded)](Loop& loop) {
            loop.streams_.warm(key.first, key.second, loaded, loop.now_);
            const auto found = loop.warming_.find(key);
            const auto ids = std::move(found->second);
            loop.warming_.erase(found);
            for (const std::uint64_t id : ids)
                if (auto* asked = loop.find_connection(id)) asked->resume();
        };
    });
    return false;
}

}  // namespace otabahn::gateway
