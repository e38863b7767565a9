// SPDX-License-Identifier: Apache-2.0
#include "shadow/shadows.hpp"

#include "shadow/messages.hpp"
#include "shadow/shadow_store.hpp"

#include <utility>

namespace otabahn::shadow {
namespace {

constexpr int attempts = 10;
constexpr std::int64_t forgotten_a_run = 1000;

Refusal not_found(const ShadowName& name) {
    return {404, "No shadow exists with name: '" + (name.name.empty() ? name.thing.text() : name.name) + "'"};
}

struct Removal {
    Stored row;
    std::int64_t version;
};

struct Change {
    Stored row;
    Updated updated;
};

// Computes a row from the one that is there and puts it in its place. First beside all others; when somebody was faster, in
// the writer's own turn, where only another node can come between.
template <class F>
auto replace_row(runtime::Store& store, const Scope& scope, const ShadowName& name, F compute)
    -> std::invoke_result_t<F&, const std::optional<Stored>&> {
    auto found = store.read([&](runtime::SqlSession& session) { return find(session, scope, name); });
    auto computed = compute(found);
    if (!computed) return computed;
    auto done =
        store.write([&](runtime::SqlSession& session) -> Result<bool> { return replace(session, scope, name, found, computed->row); });
    for (int attempt = 0; done && !*done && attempt < attempts; ++attempt)
        done = store.write([&](runtime::SqlSession& session) -> Result<bool> {
            found = find(session, scope, name);
            computed = compute(found);
            return !computed || replace(session, scope, name, found, computed->row);
        });
    if (!done) throw runtime::StoreFailure(done.error().message);
    if (!*done) return Unexpected(Refusal{429, "Too Many Requests"});
    return computed;
}

}  // namespace

Shadows::Shadows(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, access::Access& access, Limits limits)
    : store_(store), bus_(bus), clock_(clock), access_(access), limits_(limits) {}

Result<Shadows::Answer, Refusal> Shadows::get(const Scope& scope, const ShadowName& name, const Token& token) {
    const auto found = store_.read([&](runtime::SqlSession& session) { return find(session, scope, name); });
    if (!found || !found->lives()) return Unexpected(not_found(name));
    Answer out{format_get_accepted(found->document, token, clock_.now()), {}};
    out.messages.push_back({topic_prefix(name) + "/get/accepted", out.payload, 1});
    return out;
}

Result<Shadows::Answer, Refusal> Shadows::update(const Scope& scope, const ShadowName& name, const Update& update) {
    const auto now = clock_.now();
    auto changed = replace_row(store_, scope, name, [&](const std::optional<Stored>& found) -> Result<Change, Refusal> {
        auto updated = apply(found, update, now, limits_);
        if (!updated) return Unexpected(std::move(updated).error());
        return Change{{updated->after, std::nullopt}, *updated};
    });
    if (!changed) return Unexpected(std::move(changed).error());
    const auto& [before, after] = changed->updated;
    const auto& token = update.client_token;
    const auto topic = topic_prefix(name) + "/update/";
    Answer out{format_update_accepted(update, after.version, now), {}};
    out.messages.push_back({topic + "accepted", out.payload, 1});
    if (const auto delta = delta_of(after.sections))
        out.messages.push_back({topic + "delta", format_delta(*delta, after.version, token, now), 1});
    out.messages.push_back({topic + "documents", format_documents(changed->updated, token, now), 1});
    return out;
}

Result<Shadows::Answer, Refusal> Shadows::remove(const Scope& scope, const ShadowName& name, const Token& token) {
    const auto now = clock_.now();
    auto removed = replace_row(store_, scope, name, [&](const std::optional<Stored>& found) -> Result<Removal, Refusal> {
        if (!found || !found->lives()) return Unexpected(not_found(name));
        const auto version = found->document.version;
        return Removal{{{{}, version}, now}, version};
    });
    if (!removed) return Unexpected(std::move(removed).error());
    Answer out{format_delete_accepted(removed->version, token, now), {}};
    out.messages.push_back({topic_prefix(name) + "/delete/accepted", out.payload, 1});
    return out;
}

Result<void> Shadows::run_due(Timestamp now) {
    try {
        // A remainder waits for the next run, which comes in seconds.
        const auto forgotten = store_.write([&](runtime::SqlSession& session) -> Result<std::int64_t> {
            return forget_deleted(session, now - remembered_version, forgotten_a_run);
        });
        if (!forgotten) return Unexpected(forgotten.error());
        return {};
    } catch (const runtime::StoreFailure& failure) {
        return fail(ErrorCode::unavailable, "The versions of shadows deleted long ago could not be forgotten; the next run tries again: " +
                                                std::string(failure.what()));
    }
}

}  // namespace otabahn::shadow
