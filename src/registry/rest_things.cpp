// SPDX-License-Identifier: Apache-2.0
// Things: spec control-plane 6.2.
#include "api/iot.hpp"
#include "registry/paging.hpp"
#include "registry/rest.hpp"
#include "registry/sql.hpp"
#include "runtime/random.hpp"

namespace otabahn::registry {

using awsapi::Caller;
using runtime::SqlSession;
namespace iot = api::iot;

namespace {

std::string thing_arn(const Scope& scope, const std::string& name) { return scope.arn("iot", "thing/" + name); }

Unexpected<Error> thing_not_found(const Scope& scope, const std::string& name) {
    return fail(ErrorCode::not_found,
                "Thing " + name + " not found in " + scope.region.text() + " of account " + scope.account.text() + ".",
                thing_arn(scope, name));
}

Result<std::map<std::string, std::string>> checked_attributes(const std::optional<iot::AttributePayload>& payload) {
    std::map<std::string, std::string> out;
    if (payload && payload->attributes)
        for (const auto& [key, value] : *payload->attributes)
            if (!value.empty()) out.emplace(key, value);
    if (out.size() > 3)
        return fail(ErrorCode::invalid_request,
                    "A thing without a thing type has at most 3 attributes; " + std::to_string(out.size()) + " were given.");
    return out;
}

Result<iot::CreateThingResponse> create_thing(const RestParts& parts, const Caller& caller, const iot::CreateThingRequest& in) {
    const auto& scope = caller.scope;
    if (in.thing_type_name)
        return fail(ErrorCode::not_found, "Thing type " + *in.thing_type_name + " not found.",
                    scope.arn("iot", "thingtype/" + *in.thing_type_name));
    if (in.billing_group_name)
        return fail(ErrorCode::not_found, "Billing group " + *in.billing_group_name + " not found.",
                    scope.arn("iot", "billinggroup/" + *in.billing_group_name));
    auto attributes = checked_attributes(in.attribute_payload);
    if (!attributes) return Unexpected(attributes.error());
    const auto wanted = format_attributes(*attributes);
    const auto created = parts.clock.now();
    const auto new_id = runtime::random_uuid();
    return parts.store.write([&](SqlSession& session) -> Result<iot::CreateThingResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        auto id = new_id;
        if (!session.query_one(sql::insert_thing, {{"account", account},
                                                   {"region", region},
                                                   {"name", in.thing_name},
                                                   {"thing_id", new_id},
                                                   {"attributes", wanted},
                                                   {"created", created}})) {
            const auto there = session.query_one(sql::find_thing, {{"account", account}, {"region", region}, {"name", in.thing_name}});
            if (!there || there->text(1) != wanted)
                return fail(ErrorCode::already_exists, "Thing " + in.thing_name + " already exists in account with different attributes.",
                            thing_arn(scope, in.thing_name));
            id = there->text(0);
        }
        return iot::CreateThingResponse{.thing_name = in.thing_name, .thing_arn = thing_arn(scope, in.thing_name), .thing_id = id};
    });
}

Result<iot::DescribeThingResponse> describe_thing(const RestParts& parts, const Caller& caller, const iot::DescribeThingRequest& in) {
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::DescribeThingResponse> {
        const auto row = session.query_one(sql::find_thing,
                                           {{"account", scope.account.text()}, {"region", scope.region.text()}, {"name", in.thing_name}});
        if (!row) return thing_not_found(scope, in.thing_name);
        return iot::DescribeThingResponse{.default_client_id = in.thing_name,
                                          .thing_name = in.thing_name,
                                          .thing_id = row->text(0),
                                          .thing_arn = thing_arn(scope, in.thing_name),
                                          .attributes = parse_attributes(row->text(1)),
                                          .version = row->integer(2)};
    });
}

bool matches(const iot::ListThingsRequest& in, const std::map<std::string, std::string>& attributes) {
    if (in.thing_type_name) return false;  // no thing has a type here
    if (!in.attribute_name) return true;
    const auto found = attributes.find(*in.attribute_name);
    if (found == attributes.end()) return false;
    if (!in.attribute_value) return true;
    return in.use_prefix_attribute_value.value_or(false) ? found->second.starts_with(*in.attribute_value)
                                                         : found->second == *in.attribute_value;
}

Result<iot::ListThingsResponse> list_things(const RestParts& parts, const Caller& caller, const iot::ListThingsRequest& in) {
    auto page = parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListThingsResponse> {
        // A filter may let few things pass: a call looks at ten pages of them at the most and then gives a token.
        iot::ListThingsResponse out{.things = std::vector<iot::ThingAttribute>()};
        const auto looked_at_most = page->count * 10;
        const auto rows = session.query(
            sql::list_things,
            {{"account", scope.account.text()}, {"region", scope.region.text()}, {"after", page->after}, {"count", looked_at_most + 1}});
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (static_cast<std::int64_t>(out.things->size()) == page->count || static_cast<std::int64_t>(i) == looked_at_most) {
                out.next_token = format_token(rows[i - 1].text(0));
                break;
            }
            auto attributes = parse_attributes(rows[i].text(1));
            if (!matches(in, attributes)) continue;
            out.things->push_back({.thing_name = rows[i].text(0),
                                   .thing_arn = thing_arn(scope, rows[i].text(0)),
                                   .attributes = std::move(attributes),
                                   .version = rows[i].integer(2)});
        }
        return out;
    });
}

Result<iot::UpdateThingResponse> update_thing(const RestParts& parts, const Caller& caller, const iot::UpdateThingRequest& in) {
    const auto& scope = caller.scope;
    if (in.thing_type_name)
        return fail(ErrorCode::not_found, "Thing type " + *in.thing_type_name + " not found.",
                    scope.arn("iot", "thingtype/" + *in.thing_type_name));
    auto done = parts.store.write([&](SqlSession& session) -> Result<iot::UpdateThingResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        const auto row = session.query_one(sql::find_thing, {{"account", account}, {"region", region}, {"name", in.thing_name}});
        if (!row) return thing_not_found(scope, in.thing_name);
        if (in.expected_version && *in.expected_version != row->integer(2))
            return fail(ErrorCode::version_conflict, "Thing " + in.thing_name + " is at version " + std::to_string(row->integer(2)) +
                                                         ", not " + std::to_string(*in.expected_version) + ".");
        auto attributes = parse_attributes(row->text(1));
        if (in.attribute_payload && in.attribute_payload->attributes) {
            if (!in.attribute_payload->merge.value_or(false)) attributes.clear();
            for (const auto& [key, value] : *in.attribute_payload->attributes) attributes[key] = value;
        }
        iot::AttributePayload whole{.attributes = attributes};
        auto checked = checked_attributes(whole);
        if (!checked) return Unexpected(checked.error());
        session.execute(sql::update_thing, {{"attributes", format_attributes(*checked)},
                                            {"account", account},
                                            {"region", region},
                                            {"name", in.thing_name},
                                            {"version", row->integer(2)}});
        return iot::UpdateThingResponse{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::thing, scope, in.thing_name});
    return done;
}

Result<iot::DeleteThingResponse> delete_thing(const RestParts& parts, const Caller& caller, const iot::DeleteThingRequest& in) {
    const auto& scope = caller.scope;
    auto done = parts.store.write([&](SqlSession& session) -> Result<iot::DeleteThingResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        const auto row = session.query_one(sql::find_thing, {{"account", account}, {"region", region}, {"name", in.thing_name}});
        if (!row) return iot::DeleteThingResponse{};  // documented: succeeds for a missing thing
        if (in.expected_version && *in.expected_version != row->integer(2))
            return fail(ErrorCode::version_conflict, "Thing " + in.thing_name + " is at version " + std::to_string(row->integer(2)) +
                                                         ", not " + std::to_string(*in.expected_version) + ".");
        if (const auto held = session.query_one(
                sql::list_principals, {{"account", account}, {"region", region}, {"thing", in.thing_name}, {"after", ""}, {"count", 1}}))
            return fail(ErrorCode::invalid_request, "Thing " + in.thing_name + " still has the principal " + held->text(0) +
                                                        " attached; detach it first (DetachThingPrincipal).");
        session.execute(sql::delete_thing_memberships, {{"account", account}, {"region", region}, {"name", in.thing_name}});
        session.execute(sql::delete_thing, {{"account", account}, {"region", region}, {"name", in.thing_name}});
        return iot::DeleteThingResponse{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::thing, scope, in.thing_name});
    return done;
}

}  // namespace

void bind_things(awsapi::Operations& operations, const RestParts& parts) {
    const auto arn = [](const Scope& scope, const auto& in) { return thing_arn(scope, in.thing_name); };
    const auto all = [](const Scope&, const auto&) { return std::string("*"); };
    const auto with = [parts](auto function) {
        return [parts, function](const Caller& caller, const auto& in) { return function(parts, caller, in); };
    };
    access::bind_authorised<iot::CreateThing>(operations, parts.access, arn, with(create_thing));
    access::bind_authorised<iot::DescribeThing>(operations, parts.access, arn, with(describe_thing));
    access::bind_authorised<iot::ListThings>(operations, parts.access, all, with(list_things));
    access::bind_authorised<iot::UpdateThing>(operations, parts.access, arn, with(update_thing));
    access::bind_authorised<iot::DeleteThing>(operations, parts.access, arn, with(delete_thing));
}

}  // namespace otabahn::registry
