// SPDX-License-Identifier: Apache-2.0
#include "streams/stream_cache.hpp"

#include <functional>
#include <utility>

namespace otabahn::streams {

namespace {

constexpr Duration kept_for = std::chrono::seconds(30);
// A device may name any number of streams that do not exist.
constexpr std::size_t most_entries = 4096;

}  // namespace

std::size_t StreamCache::Hash::operator()(const KeyView& key) const {
    const std::hash<std::string_view> hash;
    return (hash(key.stream) * 31 + hash(key.account)) * 31 + hash(key.region);
}

std::optional<StreamCache::Found> StreamCache::find(const Scope& scope, std::string_view stream) {
    const auto found = entries_.find(KeyView{scope.account.text(), scope.region.text(), stream});
    if (found == entries_.end()) {
        make_room();
        entries_.emplace(Key{scope.account.text(), scope.region.text(), std::string(stream)}, Entry{});
        return std::nullopt;
    }
    const Entry& entry = found->second;
    if (entry.loading) return std::nullopt;
    return Found{entry.stream.get(), entry.refusal ? &*entry.refusal : nullptr};
}

void StreamCache::used(const Scope& scope, std::string_view stream) {
    const auto found = entries_.find(KeyView{scope.account.text(), scope.region.text(), stream});
    if (found != entries_.end() && found->second.once) entries_.erase(found);
}

void StreamCache::keep(const Scope& scope, const std::string& stream, Result<std::shared_ptr<const OpenStream>> loaded, Timestamp now) {
    Key key{scope.account.text(), scope.region.text(), stream};
    if (!entries_.contains(key)) make_room();
    Entry& entry = entries_[std::move(key)];
    entry.once = entry.overtaken;
    entry.overtaken = entry.loading = false;
    entry.loaded = now;
    entry.stream.reset();
    entry.refusal.reset();
    if (loaded)
        entry.stream = std::move(loaded).value();
    else
        entry.refusal = std::move(loaded).error();
}

bool StreamCache::touches(const Entry& entry, const Key& key, const runtime::Change& change) {
    switch (change.kind) {
        case runtime::ChangeKind::stream:
            return key.stream == change.key && key.account == change.scope.account.text() && key.region == change.scope.region.text();
        case runtime::ChangeKind::object:
            // Not known yet what it is made of: it may be this.
            if (entry.loading) return true;
            if (entry.stream)
                for (const StreamFile& file : entry.stream->files)
                    if (change.key.size() == file.bucket.size() + 1 + file.key.size() && change.key.starts_with(file.bucket) &&
                        change.key[file.bucket.size()] == '/' && change.key.ends_with(file.key))
                        return true;
            return false;
        case runtime::ChangeKind::role:
            if (key.account != change.scope.account.text()) return false;
            return entry.loading || (entry.stream && entry.stream->role_name == change.key);
        case runtime::ChangeKind::certificate:
        case runtime::ChangeKind::policy:
        case runtime::ChangeKind::attachment:
        case runtime::ChangeKind::thing:
            return false;
    }
    return false;
}

void StreamCache::retire(const runtime::Change& change) {
    for (auto at = entries_.begin(); at != entries_.end();) {
        if (!touches(at->second, at->first, change)) {
            ++at;
        } else if (at->second.loading) {
            at->second.overtaken = true;
            ++at;
        } else {
            at = entries_.erase(at);
        }
    }
}

void StreamCache::expire(Timestamp now) {
    std::erase_if(entries_, [now](const auto& entry) { return !entry.second.loading && now - entry.second.loaded >= kept_for; });
}

void StreamCache::make_room() {
    if (entries_.size() < most_entries) return;
    std::erase_if(entries_, [](const auto& entry) { return !entry.second.stream; });
    if (entries_.size() >= most_entries) entries_.clear();
}

}  // namespace otabahn::streams
