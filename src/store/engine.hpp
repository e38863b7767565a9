// SPDX-License-Identifier: Apache-2.0
// What the two databases owe to group_store.hpp: sessions, and their failures told apart by what to do about them.
#pragma once

#include "base/error.hpp"
#include "runtime/store.hpp"
#include "store/statement.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace otabahn::store {

// The engine asks to run the transaction again: SQLITE_BUSY, 40001, 40P01.
class TryAgain : public runtime::StoreFailure {
  public:
    using StoreFailure::StoreFailure;
};

// A database connection and its prepared statements. One thread at a time.
class Session : public runtime::SqlSession {
  public:
    virtual void begin_read() = 0;
    virtual void begin_write() = 0;
    virtual void begin_schema() = 0;  // a write; nodes that start together go one after the other
    // Refused when a statement failed since the begin: whoever passed over that error does not know what is there.
    void commit();
    virtual void rollback() noexcept = 0;                       // harmless when nothing was begun
    virtual bool alive() const = 0;                             // false: connect anew
    virtual void run_script(const std::string& statement) = 0;  // one statement without parameters, not cached

    // Whether something was run since reset_wrote() that an undo would have to undo.
    bool wrote() const { return wrote_; }
    void reset_wrote() { wrote_ = false; }

  protected:
    virtual void commit_transaction() = 0;
    bool wrote_ = false;
    bool failed_ = false;  // an engine sets it with each error and clears it at a begin
};

class Engine {
  public:
    virtual ~Engine() = default;
    virtual std::string name() const = 0;  // for messages: the file, the server
    enum class Use { read, write };
    virtual std::unique_ptr<Session> connect(Use use) = 0;  // throws StoreFailure
};

// Statement text -> what the engine made of it. Texts are constants of sql.hpp; the limit only guards against built ones.
template <class Prepared>
class StatementCache {
  public:
    Prepared* find(std::string_view key) {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second;
    }
    Prepared& keep(std::string key, Prepared prepared) {
        return entries_.insert_or_assign(std::move(key), std::move(prepared)).first->second;
    }
    bool full() const { return entries_.size() >= 1024; }
    void clear() { entries_.clear(); }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::unordered_map<std::string, Prepared, Hash, std::equal_to<>> entries_;
};

}  // namespace otabahn::store
