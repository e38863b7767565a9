// SPDX-License-Identifier: Apache-2.0
// Thing groups: spec control-plane 6.3.
#include "api/iot.hpp"
#include "registry/paging.hpp"
#include "registry/rest.hpp"
#include "registry/sql.hpp"
#include "runtime/random.hpp"

#include <set>

namespace otabahn::registry {

using awsapi::Caller;
using runtime::SqlSession;
namespace iot = api::iot;

namespace {

constexpr int deepest_group = 7;  // spec control-plane 6.3

std::string group_arn(const Scope& scope, const std::string& name) { return scope.arn("iot", "thinggroup/" + name); }

Unexpected<Error> group_not_found(const Scope& scope, const std::string& name) {
    return fail(ErrorCode::not_found,
                "Thing group " + name + " not found in " + scope.region.text() + " of account " + scope.account.text() + ".",
                group_arn(scope, name));
}

// From the group's parent up to the root.
std::vector<std::string> ancestors(SqlSession& session, const Scope& scope, std::string parent) {
    std::vector<std::string> out;
    while (!parent.empty() && out.size() < deepest_group) {
        out.push_back(parent);
        const auto row =
            session.query_one(sql::find_group, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"name", parent}});
        parent = row ? row->text(1) : "";
    }
    return out;
}

Result<iot::CreateThingGroupResponse> create_group(const RestParts& parts, const Caller& caller, const iot::CreateThingGroupRequest& in) {
    const auto& scope = caller.scope;
    if (in.tags && !in.tags->empty())
        return fail(ErrorCode::invalid_request, "Tags on thing groups are not supported here yet; create the group without tags.",
                    group_arn(scope, in.thing_group_name));
    const auto properties = in.thing_group_properties.value_or(iot::ThingGroupProperties{});
    const auto description = properties.thing_group_description.value_or("");
    std::map<std::string, std::string> attributes;
    if (properties.attribute_payload && properties.attribute_payload->attributes) attributes = *properties.attribute_payload->attributes;
    if (attributes.size() > 50)
        return fail(ErrorCode::invalid_request,
                    "A thing group has at most 50 attributes; " + std::to_string(attributes.size()) + " were given.");
    const auto parent = in.parent_group_name.value_or(""), wanted = format_attributes(attributes), new_id = runtime::random_uuid();
    const auto created = parts.clock.now();
    return parts.store.write([&](SqlSession& session) -> Result<iot::CreateThingGroupResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (!parent.empty()) {
            if (!session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", parent}}))
                return fail(ErrorCode::invalid_request, "Parent thing group " + parent + " does not exist.", group_arn(scope, parent));
            if (ancestors(session, scope, parent).size() >= deepest_group)
                return fail(ErrorCode::invalid_request,
                            "Thing groups nest at most " + std::to_string(deepest_group) + " deep; " + parent + " is at that depth.",
                            group_arn(scope, parent));
        }
        auto id = new_id;
        if (!session.query_one(sql::insert_group, {{"account", account},
                                                   {"region", region},
                                                   {"name", in.thing_group_name},
                                                   {"group_id", new_id},
                                                   {"parent", parent},
                                                   {"description", description},
                                                   {"attributes", wanted},
                                                   {"created", created}})) {
            const auto there =
                session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", in.thing_group_name}});
            if (!there || there->text(1) != parent || there->text(2) != description || there->text(3) != wanted)
                return fail(ErrorCode::already_exists,
                            "Thing group " + in.thing_group_name + " already exists with a different configuration.",
                            group_arn(scope, in.thing_group_name));
            id = there->text(0);
        }
        return iot::CreateThingGroupResponse{
            .thing_group_name = in.thing_group_name, .thing_group_arn = group_arn(scope, in.thing_group_name), .thing_group_id = id};
    });
}

Result<iot::DescribeThingGroupResponse> describe_group(const RestParts& parts, const Caller& caller,
                                                       const iot::DescribeThingGroupRequest& in) {
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::DescribeThingGroupResponse> {
        const auto row = session.query_one(
            sql::find_group, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"name", in.thing_group_name}});
        if (!row) return group_not_found(scope, in.thing_group_name);
        iot::ThingGroupMetadata metadata{.creation_date = row->time(5)};
        if (!row->text(1).empty()) {
            metadata.parent_group_name = row->text(1);
            metadata.root_to_parent_thing_groups.emplace();
            const auto above = ancestors(session, scope, row->text(1));
            for (auto name = above.rbegin(); name != above.rend(); ++name)
                metadata.root_to_parent_thing_groups->push_back({.group_name = *name, .group_arn = group_arn(scope, *name)});
        }
        iot::ThingGroupProperties properties;
        if (!row->text(2).empty()) properties.thing_group_description = row->text(2);
        if (auto attributes = parse_attributes(row->text(3)); !attributes.empty())
            properties.attribute_payload = iot::AttributePayload{.attributes = std::move(attributes)};
        return iot::DescribeThingGroupResponse{.thing_group_name = in.thing_group_name,
                                               .thing_group_id = row->text(0),
                                               .thing_group_arn = group_arn(scope, in.thing_group_name),
                                               .version = row->integer(4),
                                               .thing_group_properties = std::move(properties),
                                               .thing_group_metadata = std::move(metadata)};
    });
}

Result<iot::ListThingGroupsResponse> list_groups(const RestParts& parts, const Caller& caller, const iot::ListThingGroupsRequest& in) {
    auto page = parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    if (in.name_prefix_filter || in.recursive)
        return fail(ErrorCode::invalid_request,
                    "ListThingGroups filters by parentGroup only here: namePrefixFilter and recursive are not supported yet.");
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListThingGroupsResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (in.parent_group && !session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", *in.parent_group}}))
            return group_not_found(scope, *in.parent_group);
        std::vector<iot::GroupNameAndArn> groups;
        const auto rows =
            in.parent_group ? session.query(sql::list_child_groups, {{"account", account},
                                                                     {"region", region},
                                                                     {"parent", *in.parent_group},
                                                                     {"after", page->after},
                                                                     {"count", page->count + 1}})
                            : session.query(sql::list_groups,
                                            {{"account", account}, {"region", region}, {"after", page->after}, {"count", page->count + 1}});
        for (const auto& row : rows) groups.push_back({.group_name = row.text(0), .group_arn = group_arn(scope, row.text(0))});
        auto token = cut(groups, *page, [](const auto& group) { return *group.group_name; });
        return iot::ListThingGroupsResponse{.thing_groups = std::move(groups), .next_token = std::move(token)};
    });
}

Result<iot::DeleteThingGroupResponse> delete_group(const RestParts& parts, const Caller& caller, const iot::DeleteThingGroupRequest& in) {
    const auto& scope = caller.scope;
    auto done = parts.store.write([&](SqlSession& session) -> Result<iot::DeleteThingGroupResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text(), name = in.thing_group_name;
        const auto row = session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", name}});
        if (!row) return iot::DeleteThingGroupResponse{};  // the model has no NotFound here
        if (in.expected_version && *in.expected_version != row->integer(4))
            return fail(ErrorCode::version_conflict, "Thing group " + in.thing_group_name + " is at version " +
                                                         std::to_string(row->integer(4)) + ", not " + std::to_string(*in.expected_version) +
                                                         ".");
        if (const auto child = session.query_one(sql::list_child_groups,
                                                 {{"account", account}, {"region", region}, {"parent", name}, {"after", ""}, {"count", 1}}))
            return fail(ErrorCode::invalid_request,
                        "Thing group " + in.thing_group_name + " still has the child group " + child->text(0) + "; delete that first.",
                        group_arn(scope, in.thing_group_name));
        session.execute(sql::delete_group_memberships, {{"account", account}, {"region", region}, {"name", name}});
        session.execute(sql::delete_targets_of,
                        {{"account", account}, {"region", region}, {"target", group_arn(scope, in.thing_group_name)}});
        session.execute(sql::delete_group, {{"account", account}, {"region", region}, {"name", name}});
        return iot::DeleteThingGroupResponse{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::attachment, scope, in.thing_group_name});
    return done;
}

// Both calls take a name or an ARN for group and thing.
struct Membership {
    std::string group, thing;
};
template <class Request>
Result<Membership> parse_membership(const Scope& scope, const Request& in) {
    Membership out;
    const auto one = [&](const auto& name, const auto& arn, std::string_view kind, std::string& into) -> Result<void> {
        if (!name && !arn) return fail(ErrorCode::invalid_request, "Neither a name nor an ARN of the " + std::string(kind) + " is given.");
        if (name) into = *name;
        if (arn) {
            auto found = name_of_arn(scope, *arn, kind);
            if (!found) return Unexpected(found.error());
            if (name && *name != *found)
                return fail(ErrorCode::invalid_request, "The name '" + *name + "' and the ARN '" + *arn + "' name two different things.");
            into = *found;
        }
        return {};
    };
    if (auto done = one(in.thing_group_name, in.thing_group_arn, "thinggroup", out.group); !done) return Unexpected(done.error());
    if (auto done = one(in.thing_name, in.thing_arn, "thing", out.thing); !done) return Unexpected(done.error());
    return out;
}

Result<iot::AddThingToThingGroupResponse> add_thing(const RestParts& parts, const Caller& caller,
                                                    const iot::AddThingToThingGroupRequest& in) {
    const auto& scope = caller.scope;
    auto membership = parse_membership(scope, in);
    if (!membership) return Unexpected(membership.error());
    auto done = parts.store.write([&](SqlSession& session) -> Result<iot::AddThingToThingGroupResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        const auto group = session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", membership->group}});
        if (!group) return group_not_found(scope, membership->group);
        if (!session.query_one(sql::find_thing, {{"account", account}, {"region", region}, {"name", membership->thing}}))
            return fail(ErrorCode::not_found, "Thing " + membership->thing + " not found.", scope.arn("iot", "thing/" + membership->thing));
        // A thing is in at most ten groups and in one group of a hierarchy.
        const auto root_of = [&](const std::string& name, const std::string& parent) {
            const auto above = ancestors(session, scope, parent);
            return above.empty() ? name : above.back();
        };
        const auto root = root_of(membership->group, group->text(1));
        const auto present =
            session.query(sql::list_groups_of_thing,
                          {{"account", account}, {"region", region}, {"thing", membership->thing}, {"after", ""}, {"count", 11}});
        for (const auto& row : present) {
            if (row.text(0) == membership->group) return iot::AddThingToThingGroupResponse{};
            const auto other = session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", row.text(0)}});
            if (other && root_of(row.text(0), other->text(1)) == root)
                return fail(
                    ErrorCode::invalid_request,
                    "Thing " + membership->thing + " is in group " + row.text(0) + " of the same hierarchy (root " + root + ") already.",
                    group_arn(scope, row.text(0)));
        }
        if (present.size() >= 10)
            return fail(ErrorCode::invalid_request, "Thing " + membership->thing + " is in 10 groups already, which is the limit.");
        session.execute(sql::insert_membership,
                        {{"account", account}, {"region", region}, {"group_name", membership->group}, {"thing", membership->thing}});
        return iot::AddThingToThingGroupResponse{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::thing, scope, membership->thing});
    return done;
}

Result<iot::RemoveThingFromThingGroupResponse> remove_thing(const RestParts& parts, const Caller& caller,
                                                            const iot::RemoveThingFromThingGroupRequest& in) {
    const auto& scope = caller.scope;
    auto membership = parse_membership(scope, in);
    if (!membership) return Unexpected(membership.error());
    auto done = parts.store.write([&](SqlSession& session) -> Result<iot::RemoveThingFromThingGroupResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (!session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", membership->group}}))
            return group_not_found(scope, membership->group);
        session.execute(sql::delete_membership,
                        {{"account", account}, {"region", region}, {"group_name", membership->group}, {"thing", membership->thing}});
        return iot::RemoveThingFromThingGroupResponse{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::thing, scope, membership->thing});
    return done;
}

Result<iot::ListThingsInThingGroupResponse> list_members(const RestParts& parts, const Caller& caller,
                                                         const iot::ListThingsInThingGroupRequest& in) {
    auto page = parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListThingsInThingGroupResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (!session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", in.thing_group_name}}))
            return group_not_found(scope, in.thing_group_name);
        // With recursive the groups below count too; each gives a page's worth, and the first names of all of them are the page.
        std::vector<std::string> open{in.thing_group_name};
        std::set<std::string> first;
        while (!open.empty()) {
            const auto group = std::move(open.back());
            open.pop_back();
            for (const auto& row : session.query(
                     sql::list_members,
                     {{"account", account}, {"region", region}, {"group_name", group}, {"after", page->after}, {"count", page->count + 1}}))
                first.insert(row.text(0));
            if (!in.recursive.value_or(false)) break;
            for (const auto& row : session.query(
                     sql::list_child_groups, {{"account", account}, {"region", region}, {"parent", group}, {"after", ""}, {"count", 1000}}))
                open.push_back(row.text(0));
        }
        std::vector<std::string> names(first.begin(), first.end());
        if (static_cast<std::int64_t>(names.size()) > page->count + 1) names.resize(static_cast<std::size_t>(page->count) + 1);
        auto token = cut(names, *page, [](const std::string& name) { return name; });
        return iot::ListThingsInThingGroupResponse{.things = std::move(names), .next_token = std::move(token)};
    });
}

Result<iot::ListThingGroupsForThingResponse> list_groups_of(const RestParts& parts, const Caller& caller,
                                                            const iot::ListThingGroupsForThingRequest& in) {
    auto page = parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListThingGroupsForThingResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (!session.query_one(sql::find_thing, {{"account", account}, {"region", region}, {"name", in.thing_name}}))
            return fail(ErrorCode::not_found, "Thing " + in.thing_name + " not found.", scope.arn("iot", "thing/" + in.thing_name));
        std::vector<iot::GroupNameAndArn> groups;
        for (const auto& row : session.query(
                 sql::list_groups_of_thing,
                 {{"account", account}, {"region", region}, {"thing", in.thing_name}, {"after", page->after}, {"count", page->count + 1}}))
            groups.push_back({.group_name = row.text(0), .group_arn = group_arn(scope, row.text(0))});
        auto token = cut(groups, *page, [](const auto& group) { return *group.group_name; });
        return iot::ListThingGroupsForThingResponse{.thing_groups = std::move(groups), .next_token = std::move(token)};
    });
}

}  // namespace

void bind_groups(awsapi::Operations& operations, const RestParts& parts) {
    const auto arn = [](const Scope& scope, const auto& in) { return group_arn(scope, in.thing_group_name); };
    const auto thing = [](const Scope& scope, const auto& in) { return scope.arn("iot", "thing/" + in.thing_name); };
    const auto all = [](const Scope&, const auto&) { return std::string("*"); };
    const auto member = [](const Scope& scope, const auto& in) {
        return in.thing_group_arn ? *in.thing_group_arn : group_arn(scope, in.thing_group_name.value_or(""));
    };
    const auto with = [parts](auto function) {
        return [parts, function](const Caller& caller, const auto& in) { return function(parts, caller, in); };
    };
    access::bind_authorised<iot::CreateThingGroup>(operations, parts.access, arn, with(create_group));
    access::bind_authorised<iot::DescribeThingGroup>(operations, parts.access, arn, with(describe_group));
    access::bind_authorised<iot::ListThingGroups>(operations, parts.access, all, with(list_groups));
    access::bind_authorised<iot::DeleteThingGroup>(operations, parts.access, arn, with(delete_group));
    access::bind_authorised<iot::AddThingToThingGroup>(operations, parts.access, member, with(add_thing));
    access::bind_authorised<iot::RemoveThingFromThingGroup>(operations, parts.access, member, with(remove_thing));
    access::bind_authorised<iot::ListThingsInThingGroup>(operations, parts.access, arn, with(list_members));
    access::bind_authorised<iot::ListThingGroupsForThing>(operations, parts.access, thing, with(list_groups_of));
}

}  // namespace otabahn::registry
