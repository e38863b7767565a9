// SPDX-License-Identifier: Apache-2.0
#include "access/roles.hpp"

#include "access/managed_policies.hpp"
#include "access/names.hpp"
#include "access/sql.hpp"

namespace otabahn::access {
namespace {

// Far beyond the quotas (10240 characters inline, 10 attached), so one page holds all.
constexpr int all_of_a_role = 10'000;

Result<void> add(std::vector<policy::NamedDocument>& out, std::string name, std::string_view text) {
    auto document = policy::parse(text, policy::Dialect::iam_identity);
    if (!document) return fail(ErrorCode::internal, "The stored policy '" + name + "' cannot be read: " + document.error().message, name);
    out.push_back({std::move(name), std::move(document).value()});
    return {};
}

}  // namespace

std::string StoredRole::arn(const AccountId& account) const { return iam_arn(account, "role", path, name); }

StoredRole to_role(const runtime::SqlRow& row) {
    return {row.text(0), row.text(1), row.text(2), row.text(3), row.optional_text(4), row.integer(5), row.text(6), row.time(7)};
}

std::optional<StoredRole> find_role(runtime::SqlSession& session, const AccountId& account, std::string_view name) {
    const auto row =
        session.query_one(sql::find_role, {{"account", runtime::sql(account.text())}, {"name_key", runtime::sql(to_key(name))}});
    if (!row) return std::nullopt;
    return to_role(*row);
}

Result<std::vector<policy::NamedDocument>> load_permissions(runtime::SqlSession& session, const AccountId& account,
                                                            std::string_view role_name) {
    const std::string role_key = to_key(role_name);
    std::vector<policy::NamedDocument> out;
    for (const auto& row : session.query(sql::list_role_policies, {{"account", runtime::sql(account.text())},
                                                                   {"role_key", runtime::sql(role_key)},
                                                                   {"after", runtime::sql("")},
                                                                   {"count", runtime::sql(all_of_a_role)}}))
        if (auto added = add(out, row.text(0), row.text(1)); !added) return Unexpected(std::move(added).error());
    for (const auto& row : session.query(sql::list_attachments, {{"account", runtime::sql(account.text())},
                                                                 {"role_key", runtime::sql(role_key)},
                                                                 {"after", runtime::sql("")},
                                                                 {"count", runtime::sql(all_of_a_role)}})) {
        const std::string arn = row.text(0);
        std::string text;
        if (const ManagedPolicy* managed = find_managed_policy(arn)) {
            text = managed->document;
        } else if (const auto name = parse_iam_arn(arn, "policy")) {
            const auto found = session.query_one(
                sql::find_policy, {{"account", runtime::sql(account.text())}, {"name_key", runtime::sql(to_key(name->name))}});
            if (found) text = found->text(3);
        }
        if (text.empty())
            return fail(ErrorCode::internal, "The policy " + arn + " is attached to role " + std::string(role_name) + " but is not there.",
                        arn);
        if (auto added = add(out, arn, text); !added) return Unexpected(std::move(added).error());
    }
    return out;
}

}  // namespace otabahn::access
