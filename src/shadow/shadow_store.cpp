// SPDX-License-Identifier: Apache-2.0
#include "shadow/shadow_store.hpp"

#include "shadow/sql.hpp"

#include <utility>

namespace otabahn::shadow {
namespace {

std::int64_t to_column(const std::optional<Timestamp>& deleted) { return deleted ? to_millis(*deleted) : 0; }

}  // namespace

std::optional<Stored> find(runtime::SqlSession& session, const Scope& scope, const ShadowName& name) {
    const auto row = session.query_one(
        sql::find_document,
        {{"account", scope.account.text()}, {"region", scope.region.text()}, {"thing", name.thing.text()}, {"name", name.name}});
    if (!row) return std::nullopt;
    Stored out;
    out.document.version = row->integer(0);
    if (row->flag(1)) {
        out.deleted = row->time(1);
        return out;
    }
    auto sections = parse_stored(row->text(2), row->text(3));
    if (!sections)
        throw runtime::StoreFailure("The stored shadow '" + name.name + "' of thing " + name.thing.text() +
                                    " cannot be read: " + sections.error() + ".");
    out.document.sections = std::move(*sections);
    return out;
}

bool replace(runtime::SqlSession& session, const Scope& scope, const ShadowName& name, const std::optional<Stored>& found,
             const Stored& by) {
    const auto& sections = by.document.sections;
    if (!found)
        return session.execute(sql::insert_document, {{"account", scope.account.text()},
                                                      {"region", scope.region.text()},
                                                      {"thing", name.thing.text()},
                                                      {"name", name.name},
                                                      {"version", by.document.version},
                                                      {"state", format_state(sections)},
                                                      {"timestamps", format_timestamps(sections)}}) != 0;
    return session.execute(sql::update_document, {{"account", scope.account.text()},
                                                  {"region", scope.region.text()},
                                                  {"thing", name.thing.text()},
                                                  {"name", name.name},
                                                  {"version", by.document.version},
                                                  {"deleted", to_column(by.deleted)},
                                                  {"state", by.deleted ? "" : format_state(sections)},
                                                  {"timestamps", by.deleted ? "" : format_timestamps(sections)},
                                                  {"found_version", found->document.version},
                                                  {"found_deleted", to_column(found->deleted)}}) != 0;
}

std::vector<std::string> list_names(runtime::SqlSession& session, const Scope& scope, const ThingName& thing, const std::string& after,
                                    std::int64_t count) {
    std::vector<std::string> out;
    for (const auto& row : session.query(sql::list_names, {{"account", scope.account.text()},
                                                           {"region", scope.region.text()},
                                                           {"thing", thing.text()},
                                                           {"after", after},
                                                           {"count", count}}))
        out.push_back(row.text(0));
    return out;
}

std::int64_t forget_deleted(runtime::SqlSession& session, Timestamp before, std::int64_t count) {
    return session.execute(sql::forget_deleted, {{"before", before}, {"count", count}});
}

}  // namespace otabahn::shadow
