// SPDX-License-Identifier: Apache-2.0
// Shadows over HTTPS (spec gateway 5): the functions of the topics, and their messages go out on MQTT as well. Failures are
// answered to the caller alone.
#include "access/access.hpp"
#include "api/iot-data.hpp"
#include "registry/paging.hpp"
#include "shadow/shadow_store.hpp"
#include "shadow/shadows.hpp"

#include <array>
#include <utility>

namespace otabahn::shadow {
namespace {

using awsapi::Caller;
using awsapi::Outcome;
namespace data = api::iot_data;

struct ErrorRow {
    int code;
    const char* name;
};
constexpr std::array errors{
    ErrorRow{400, "InvalidRequestException"},
    ErrorRow{404, "ResourceNotFoundException"},
    ErrorRow{409, "ConflictException"},
    ErrorRow{413, "RequestEntityTooLargeException"},
    ErrorRow{415, "UnsupportedDocumentEncodingException"},
    ErrorRow{429, "ThrottlingException"},
};

Unexpected<awsapi::ServiceError> refuse(const Refusal& refusal) {
    for (const auto& row : errors)
        if (row.code == refusal.code) return awsapi::service_fail(row.name, row.code, refusal.message);
    return awsapi::service_fail("InternalFailureException", 500, refusal.message);
}

// thing/T, or thing/T/N for a named shadow (spec gateway 2.2).
const auto document_arn = [](const Scope& scope, const auto& in) {
    return scope.arn("iot", "thing/" + in.thing_name + (in.shadow_name ? "/" + *in.shadow_name : ""));
};

// The model has judged both names by their patterns.
template <class Input>
ShadowName name_of(const Input& in) {
    return {ThingName::trusted(in.thing_name), in.shadow_name.value_or("")};
}

// The actions are iot's, as over MQTT; the model's service is iot-data.
template <class Op, class Resource, class Handler>
void bind(awsapi::Operations& operations, access::Access& access, Resource resource, Handler handler) {
    operations.bind<Op>([&access, resource, handler](const Caller& caller, const typename Op::Input& in) -> Outcome<typename Op::Output> {
        if (auto allowed = access.check_caller(caller, "iot:" + std::string(Op::name), resource(caller.scope, in)); !allowed)
            return Unexpected(awsapi::to_service_error(Op::service, allowed.error()));
        return handler(caller.scope, in);
    });
}

}  // namespace

void Shadows::bind_rest(awsapi::Operations& operations) {
    const auto finish = [this](const Scope& scope, Result<Answer, Refusal> answer) -> Outcome<std::string> {
        if (!answer) return refuse(answer.error());
        for (auto& message : answer->messages) bus_.publish(scope, std::move(message));
        return std::move(answer->payload);
    };
    bind<data::GetThingShadow>(operations, access_, document_arn,
                               [this](const Scope& scope, const data::GetThingShadowRequest& in) -> Outcome<data::GetThingShadowResponse> {
                                   auto answer = get(scope, name_of(in), std::nullopt);
                                   if (!answer) return refuse(answer.error());
                                   return data::GetThingShadowResponse{.payload = std::move(answer->payload)};
                               });
    bind<data::UpdateThingShadow>(
        operations, access_, document_arn,
        [this, finish](const Scope& scope, const data::UpdateThingShadowRequest& in) -> Outcome<data::UpdateThingShadowResponse> {
            const auto request = parse_update(in.payload, limits_);
            if (!request) return refuse(request.error().refusal);
            auto payload = finish(scope, update(scope, name_of(in), *request));
            if (!payload) return Unexpected(std::move(payload).error());
            return data::UpdateThingShadowResponse{.payload = std::move(*payload)};
        });
    bind<data::DeleteThingShadow>(
        operations, access_, document_arn,
        [this, finish](const Scope& scope, const data::DeleteThingShadowRequest& in) -> Outcome<data::DeleteThingShadowResponse> {
            auto payload = finish(scope, remove(scope, name_of(in), std::nullopt));
            if (!payload) return Unexpected(std::move(payload).error());
            return data::DeleteThingShadowResponse{.payload = std::move(*payload)};
        });
    bind<data::ListNamedShadowsForThing>(
        operations, access_, [](const Scope&, const auto&) { return std::string("*"); },
        [this](const Scope& scope, const data::ListNamedShadowsForThingRequest& in) -> Outcome<data::ListNamedShadowsForThingResponse> {
            const auto page = registry::parse_page(in.next_token, in.page_size);
            if (!page) return Unexpected(awsapi::to_service_error("iot-data", page.error()));
            auto names = store_.read([&](runtime::SqlSession& session) {
                return list_names(session, scope, ThingName::trusted(in.thing_name), page->after, page->count + 1);
            });
            data::ListNamedShadowsForThingResponse out;
            out.next_token = registry::cut(names, *page, [](const std::string& name) { return name; });
            out.results = std::move(names);
            out.timestamp = to_seconds(clock_.now());
            return out;
        });
}

}  // namespace otabahn::shadow
