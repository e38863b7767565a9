// SPDX-License-Identifier: Apache-2.0
#include "store/group_store.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace otabahn::store {
namespace {

// Set while this thread runs an operation of some store: a second one inside it would wait for itself.
thread_local bool inside_operation = false;

class Inside {
  public:
    Inside() { inside_operation = true; }
    ~Inside() { inside_operation = false; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
};

// Grows with the attempt; what holds the lock is another process or node, which this thread cannot hear.
void pause_before(int attempt) { std::this_thread::sleep_for(std::chrono::milliseconds(1 << std::min(attempt, 6))); }

}  // namespace

GroupStore::GroupStore(std::unique_ptr<Engine> engine, Options options) : engine_(std::move(engine)), options_(options) {
    readers_.resize(std::max<std::size_t>(options_.readers, 1));
    writer_thread_ = std::thread([this] { write_loop(); });
}

GroupStore::~GroupStore() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_.notify_all();
    writer_thread_.join();
}

void GroupStore::refuse_nesting() const {
    if (inside_operation)
        throw std::logic_error("A store operation was begun inside another one; statements of one operation go to its session.");
}

std::unique_ptr<Session> GroupStore::take_reader() {
    std::unique_ptr<Session> session;
    {
        std::unique_lock lock(readers_mutex_);
        readers_wake_.wait(lock, [this] { return !readers_.empty(); });
        session = std::move(readers_.back());
        readers_.pop_back();
    }
    return session;
}

void GroupStore::give_reader(std::unique_ptr<Session> session) {
    if (session && !session->alive()) session.reset();
    {
        const std::lock_guard lock(readers_mutex_);
        readers_.push_back(std::move(session));
    }
    readers_wake_.notify_one();
}

void GroupStore::run_read(const std::function<void(runtime::SqlSession&)>& operation) {
    refuse_nesting();
    // Given back on every way out, a throw included.
    struct Lease {
        GroupStore& store;
        std::unique_ptr<Session> session;
        ~Lease() {
            if (session) session->rollback();
            store.give_reader(std::move(session));
        }
    } lease{*this, take_reader()};
    if (!lease.session) lease.session = engine_->connect(Engine::Use::read);
    for (int attempt = 1;; ++attempt) {
        try {
            lease.session->begin_read();
            {
                const Inside inside;
                operation(*lease.session);
            }
            lease.session->commit();
            return;
        } catch (const TryAgain&) {
            if (attempt >= options_.attempts) throw;
            lease.session->rollback();
            pause_before(attempt);
        }
    }
}

void GroupStore::run_write(const std::function<bool(runtime::SqlSession&)>& operation) {
    refuse_nesting();
    Pending pending{operation, nullptr, false, {}};
    std::unique_lock lock(mutex_);
    if (stopping_) throw runtime::StoreFailure("The store is closing; nothing more is written to the " + engine_->name() + ".");
    queue_.push_back(&pending);
    work_.notify_one();
    pending.wake.wait(lock, [&pending] { return pending.done; });
    lock.unlock();
    if (pending.failure) std::rethrow_exception(pending.failure);
}

void GroupStore::write_loop() {
    std::vector<Pending*> group;
    for (;;) {
        group.clear();
        {
            std::unique_lock lock(mutex_);
            work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            while (!queue_.empty() && group.size() < std::max<std::size_t>(options_.group_limit, 1)) {
                group.push_back(queue_.front());
                queue_.pop_front();
            }
        }
        commit_group(group);
        const std::lock_guard lock(mutex_);
        for (Pending* pending : group) {
            pending->done = true;
            pending->wake.notify_one();  // under the lock: the waiter owns `wake` and may be gone once it is released
        }
    }
}

Session& GroupStore::writer() {
    if (!writer_session_ || !writer_session_->alive()) {
        writer_session_.reset();
        writer_session_ = engine_->connect(Engine::Use::write);
    }
    return *writer_session_;
}

void GroupStore::commit_group(const std::vector<Pending*>& group) {
    if (group.size() > 1 && run_together(group) == GroupEnd::ended) return;
    for (Pending* pending : group) run_alone(*pending);
}

GroupStore::GroupEnd GroupStore::run_together(const std::vector<Pending*>& group) {
    bool committing = false;
    try {
        Session& session = writer();
        session.begin_write();
        for (Pending* pending : group) {
            session.reset_wrote();
            const Inside inside;
            const bool kept = pending->operation(session);
            if (!kept && session.wrote()) {
                session.rollback();
                return GroupEnd::spoiled;
            }
        }
        committing = true;
        session.commit();
        return GroupEnd::ended;
    } catch (...) {
        if (writer_session_) writer_session_->rollback();
        if (committing && !writer_session_->alive()) {
            // The connection broke in the COMMIT: it may have happened. To run again could do everything twice.
            for (Pending* pending : group) pending->failure = std::current_exception();
            return GroupEnd::ended;
        }
        // Whose failure it was shows when each runs alone; that run tells its own caller.
        return GroupEnd::spoiled;
    }
}

void GroupStore::run_alone(Pending& pending) {
    for (int attempt = 1;; ++attempt) {
        try {
            Session& session = writer();
            session.begin_write();
            session.reset_wrote();
            bool kept = false;
            {
                const Inside inside;
                kept = pending.operation(session);
            }
            if (kept) {
                session.commit();
            } else {
                session.rollback();
            }
            return;
        } catch (const TryAgain&) {
            writer_session_->rollback();
            if (attempt >= options_.attempts) {
                pending.failure = std::current_exception();
                return;
            }
            pause_before(attempt);
        } catch (...) {
            if (writer_session_) writer_session_->rollback();
            pending.failure = std::current_exception();
            return;
        }
    }
}

}  // namespace otabahn::store
