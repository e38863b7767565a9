// SPDX-License-Identifier: Apache-2.0
// Which certificate is attached to which thing: spec control-plane 6.4.
#include "api/iot.hpp"
#include "registry/paging.hpp"
#include "registry/rest.hpp"
#include "registry/sql.hpp"

namespace otabahn::registry {

using awsapi::Caller;
using runtime::SqlSession;
namespace iot = api::iot;

namespace {

Result<iot::AttachThingPrincipalResponse> attach(const RestParts& parts, const Caller& caller, const iot::AttachThingPrincipalRequest& in) {
    const auto& scope = caller.scope;
    if (in.thing_principal_type && *in.thing_principal_type == "EXCLUSIVE_THING")
        return fail(ErrorCode::invalid_request,
                    "Attaching a principal as EXCLUSIVE_THING is not supported here; leave thingPrincipalType out (NON_EXCLUSIVE_THING).");
    auto certificate = name_of_arn(scope, in.principal, "cert");
    if (!certificate) return Unexpected(certificate.error());
    auto done = parts.store.write([&](SqlSession& session) -> Result<iot::AttachThingPrincipalResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (!session.query_one(sql::find_thing, {{"account", account}, {"region", region}, {"name", in.thing_name}}))
            return fail(ErrorCode::not_found, "Thing " + in.thing_name + " not found; create it first (CreateThing).",
                        scope.arn("iot", "thing/" + in.thing_name));
        if (!session.query_one(sql::find_certificate, {{"certificate_id", *certificate}, {"account", account}, {"region", region}}))
            return fail(ErrorCode::not_found, "Certificate " + *certificate + " not found in " + scope.region.text() + ".", in.principal);
        session.execute(sql::insert_principal,
                        {{"account", account}, {"region", region}, {"thing", in.thing_name}, {"principal", in.principal}});
        return iot::AttachThingPrincipalResponse{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::attachment, scope, *certificate});
    return done;
}

Result<iot::DetachThingPrincipalResponse> detach(const RestParts& parts, const Caller& caller, const iot::DetachThingPrincipalRequest& in) {
    const auto& scope = caller.scope;
    auto certificate = name_of_arn(scope, in.principal, "cert");
    if (!certificate) return Unexpected(certificate.error());
    auto done = parts.store.write([&](SqlSession& session) -> Result<iot::DetachThingPrincipalResponse> {
        if (session.execute(sql::delete_principal, {{"account", scope.account.text()},
                                                    {"region", scope.region.text()},
                                                    {"thing", in.thing_name},
                                                    {"principal", in.principal}}) == 0)
            return fail(ErrorCode::not_found, "Principal " + in.principal + " is not attached to thing " + in.thing_name + ".",
                        scope.arn("iot", "thing/" + in.thing_name));
        return iot::DetachThingPrincipalResponse{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::attachment, scope, *certificate});
    return done;
}

Result<iot::ListThingPrincipalsResponse> list_principals(const RestParts& parts, const Caller& caller,
                                                         const iot::ListThingPrincipalsRequest& in) {
    auto page = parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListThingPrincipalsResponse> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        if (!session.query_one(sql::find_thing, {{"account", account}, {"region", region}, {"name", in.thing_name}}))
            return fail(ErrorCode::not_found, "Thing " + in.thing_name + " not found.", scope.arn("iot", "thing/" + in.thing_name));
        std::vector<std::string> names;
        for (const auto& row : session.query(
                 sql::list_principals,
                 {{"account", account}, {"region", region}, {"thing", in.thing_name}, {"after", page->after}, {"count", page->count + 1}}))
            names.push_back(row.text(0));
        auto token = cut(names, *page, [](const std::string& name) { return name; });
        return iot::ListThingPrincipalsResponse{.principals = std::move(names), .next_token = std::move(token)};
    });
}

Result<iot::ListPrincipalThingsResponse> list_things(const RestParts& parts, const Caller& caller,
                                                     const iot::ListPrincipalThingsRequest& in) {
    auto page = parse_page(in.next_token, in.max_results);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListPrincipalThingsResponse> {
        std::vector<std::string> names;
        for (const auto& row : session.query(sql::list_things_of_principal, {{"account", scope.account.text()},
                                                                             {"region", scope.region.text()},
                                                                             {"principal", in.principal},
                                                                             {"after", page->after},
                                                                             {"count", page->count + 1}}))
            names.push_back(row.text(0));
        auto token = cut(names, *page, [](const std::string& name) { return name; });
        return iot::ListPrincipalThingsResponse{.things = std::move(names), .next_token = std::move(token)};
    });
}

}  // namespace

void bind_principals(awsapi::Operations& operations, const RestParts& parts) {
    const auto thing = [](const Scope& scope, const auto& in) { return scope.arn("iot", "thing/" + in.thing_name); };
    const auto principal = [](const Scope&, const auto& in) { return in.principal; };
    const auto with = [parts](auto function) {
        return [parts, function](const Caller& caller, const auto& in) { return function(parts, caller, in); };
    };
    access::bind_authorised<iot::AttachThingPrincipal>(operations, parts.access, thing, with(attach));
    access::bind_authorised<iot::DetachThingPrincipal>(operations, parts.access, thing, with(detach));
    access::bind_authorised<iot::ListThingPrincipals>(operations, parts.access, thing, with(list_principals));
    access::bind_authorised<iot::ListPrincipalThings>(operations, parts.access, principal, with(list_things));
}

}  // namespace otabahn::registry
