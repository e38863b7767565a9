// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.hpp"

#include "api/iot.hpp"
#include "registry/rest.hpp"
#include "registry/sql.hpp"

#include <boost/json.hpp>

#include <set>
#include <utility>

namespace otabahn::registry {

using runtime::SqlSession;

Result<std::string> name_of_arn(const Scope& scope, std::string_view arn, std::string_view kind) {
    const auto prefix = scope.arn("iot", std::string(kind) + "/");
    if (!arn.starts_with(prefix) || arn.size() == prefix.size())
        return fail(ErrorCode::invalid_request,
                    "'" + std::string(arn) + "' is no ARN of a " + std::string(kind) + " in this account and region: those begin with " +
                        prefix + ".",
                    std::string(arn));
    return std::string(arn.substr(prefix.size()));
}

std::string format_attributes(const std::map<std::string, std::string>& attributes) {
    boost::json::object object;
    for (const auto& [key, value] : attributes) object[key] = value;
    return boost::json::serialize(object);
}

std::map<std::string, std::string> parse_attributes(std::string_view json) {
    std::map<std::string, std::string> out;
    const auto parsed = boost::json::parse({json.data(), json.size()});
    for (const auto& [key, value] : parsed.as_object()) out.emplace(key, value.as_string());
    return out;
}

Registry::Registry(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, DeviceAuthority& authority,
                   access::Access& access, std::string endpoint_host)
    : store_(store), bus_(bus), clock_(clock), authority_(authority), access_(access), endpoint_host_(std::move(endpoint_host)) {}

Result<DeviceIdentity> Registry::load_identity(const CertificateId& certificate, const std::optional<Region>& region) {
    return store_.read([&](SqlSession& session) -> Result<DeviceIdentity> {
        std::vector<DeviceIdentity> found;
        for (const auto& row : session.query(sql::find_registrations, {{"certificate_id", certificate.text()}})) {
            const Scope scope{AccountId::trusted(row.text(0)), Region::trusted(row.text(1))};
            if (!region || *region == scope.region) found.push_back({scope, certificate, row.text(2), row.text(3), {}, {}});
        }
        const std::string where = region ? "in region " + region->text() : "in any account and region";
        if (found.empty())
            return fail(ErrorCode::not_found, "Certificate " + certificate.text() + " is not registered " + where + ".",
                        certificate.text());
        if (found.size() > 1)
            return fail(ErrorCode::conflict,
                        "Certificate " + certificate.text() + " is registered " + std::to_string(found.size()) + " times " + where +
                            ", and the connection does not say which is meant: name the region in SNI (ANY-NAME.iot.REGION.amazonaws.com).",
                        certificate.text());
        auto& identity = found.front();
        const auto arn = identity.scope.arn("iot", "cert/" + certificate.text());
        const auto &account = identity.scope.account.text(), &place = identity.scope.region.text();
        for (const auto& row : session.query(sql::list_attached_documents, {{"account", account}, {"region", place}, {"target", arn}}))
            identity.policies.push_back({row.text(0), row.text(1)});
        for (const auto& row : session.query(sql::list_things_of_principal,
                                             {{"account", account}, {"region", place}, {"principal", arn}, {"after", ""}, {"count", 1000}}))
            identity.things.push_back(row.text(0));
        return std::move(identity);
    });
}

Result<std::optional<ThingFacts>> Registry::load_thing(const Scope& scope, const ThingName& thing) {
    return store_.read([&](SqlSession& session) -> Result<std::optional<ThingFacts>> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        const auto row = session.query_one(sql::find_thing, {{"account", account}, {"region", region}, {"name", thing.text()}});
        if (!row) return std::optional<ThingFacts>();
        ThingFacts facts{thing.text(), "", parse_attributes(row->text(1)), {}};
        std::vector<std::string> open;
        for (const auto& group :
             session.query(sql::list_groups_of_thing,
                           {{"account", account}, {"region", region}, {"thing", thing.text()}, {"after", ""}, {"count", 100}}))
            open.push_back(group.text(0));
        std::set<std::string> seen;
        while (!open.empty()) {  // a group's policies hold for the things of its descendants
            auto group = std::move(open.back());
            open.pop_back();
            if (!seen.insert(group).second) continue;
            for (const auto& policy :
                 session.query(sql::list_attached_documents,
                               {{"account", account}, {"region", region}, {"target", scope.arn("iot", "thinggroup/" + group)}}))
                facts.group_policies.push_back({policy.text(0), policy.text(1)});
            if (const auto found = session.query_one(sql::find_group, {{"account", account}, {"region", region}, {"name", group}});
                found && !found->text(1).empty())
                open.push_back(found->text(1));
        }
        return std::optional(std::move(facts));
    });
}

bool Registry::thing_exists(SqlSession& session, const Scope& scope, const ThingName& thing) {
    return session.query_one(sql::find_thing, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"name", thing.text()}})
        .has_value();
}

bool Registry::group_exists(SqlSession& session, const Scope& scope, const ThingGroupName& group) {
    return session.query_one(sql::find_group, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"name", group.text()}})
        .has_value();
}

std::vector<ThingName> Registry::members(SqlSession& session, const Scope& scope, const ThingGroupName& group) {
    constexpr std::int64_t everything = 1'000'000'000;
    const auto &account = scope.account.text(), &region = scope.region.text();
    std::vector<std::string> open{group.text()};
    std::set<std::string> seen, names;
    while (!open.empty()) {
        auto name = std::move(open.back());
        open.pop_back();
        if (!seen.insert(name).second) continue;
        for (const auto& row : session.query(
                 sql::list_members, {{"account", account}, {"region", region}, {"group_name", name}, {"after", ""}, {"count", everything}}))
            names.insert(row.text(0));
        for (const auto& row :
             session.query(sql::list_child_groups,
                           {{"account", account}, {"region", region}, {"parent", name}, {"after", ""}, {"count", everything}}))
            open.push_back(row.text(0));
    }
    std::vector<ThingName> out;
    for (const auto& name : names) out.push_back(ThingName::trusted(name));
    return out;
}

void Registry::bind_rest(awsapi::Operations& operations) {
    const RestParts parts{store_, bus_, clock_, authority_, access_, endpoint_host_};
    bind_things(operations, parts);
    bind_principals(operations, parts);
    bind_groups(operations, parts);
    bind_certificates(operations, parts);
    bind_policies(operations, parts);

    access::bind_authorised<api::iot::DescribeEndpoint>(
        operations, access_, [](const Scope&, const auto&) { return std::string("*"); },
        [host = endpoint_host_](const awsapi::Caller&,
                                const api::iot::DescribeEndpointRequest& in) -> Result<api::iot::DescribeEndpointResponse> {
            const auto type = in.endpoint_type.value_or("iot:Data");
            if (type != "iot:Data" && type != "iot:Data-ATS" && type != "iot:Jobs")
                return fail(ErrorCode::invalid_request,
                            "Endpoint type '" + type + "' is not served here; iot:Data-ATS is the one that devices use.");
            return api::iot::DescribeEndpointResponse{.endpoint_address = host};
        });
}

}  // namespace otabahn::registry
