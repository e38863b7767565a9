// SPDX-License-Identifier: Apache-2.0
#include "http/device_request.hpp"

#include "awsapi/dispatch.hpp"
#include "http/device_rules.hpp"
#include "http/publish_body.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace otabahn::http {

DeviceAnswer answer_device(const Door& door, awsapi::Request request, const DevicePeer& peer, const std::string& request_id) {
    const bool head = request.method == "HEAD";
    escape_topic(request);
    const awsapi::ServiceRow& service = device_service(request);
    DeviceAnswer out{{}, service.name};
    const auto refuse = [&](const Error& why) -> DeviceAnswer {
        out.refused_because = why.message;
        out.response = awsapi::encode_error(service, awsapi::to_service_error(service.name, why), request_id, head);
        return std::move(out);
    };
    if (!door.options.admit_device)
        return refuse({ErrorCode::not_implemented, "This server judges no device certificates; connect by MQTT over TLS instead."});
    const auto admitted = door.options.admit_device(peer.certificate_id, peer.server_name, peer.address);
    if (!admitted) {
        Error why = admitted.error();
        // The model's answers to a certificate that is unknown, or not ACTIVE; AWS gives 403 to both.
        if (why.code == ErrorCode::not_found || why.code == ErrorCode::unauthenticated || why.code == ErrorCode::conflict)
            why.code = ErrorCode::access_denied;
        return refuse(why);
    }
    awsapi::Prepared prepared = awsapi::prepare(door.operations, service, request, request_id);
    const auto route = awsapi::find_route(service, request);
    if (route) out.operation = route->operation->name;
    const auto* call = std::get_if<awsapi::PlainCall>(&prepared);
    if (call == nullptr) {  // refused already, for what it is: 404, 400, 501
        auto* response = std::get_if<awsapi::Response>(&prepared);
        if (response == nullptr) return refuse({ErrorCode::not_implemented, out.operation + " is not for devices."});
        out.response = std::move(*response);
        out.refused_because = "status " + std::to_string(out.response.status);
        return out;
    }
    const auto questions = device_questions(*route, request);
    if (!questions) return refuse({ErrorCode::access_denied, out.operation + " is not for devices: sign it as an operator (SigV4)."});
    for (const auto& question : *questions) {
        std::string why;
        const bool allowed = std::any_of(question.actions.begin(), question.actions.end(), [&](const std::string& action) {
            auto verdict = admitted->may(action, question.resource);
            if (!verdict && why.empty()) why = verdict.error().message;
            return verdict.has_value();
        });
        if (!allowed) return refuse({ErrorCode::access_denied, why, question.resource});
    }
    // Judged above; the handler's own judgement, which is IAM's, has nothing to add.
    awsapi::Caller caller{admitted->scope,
                          admitted->scope.arn("iot", "cert/" + peer.certificate_id),
                          peer.certificate_id,
                          "",
                          peer.address,
                          std::string(request.headers.value("Host")),
                          true};
    out.response = awsapi::run(*call, caller);
    out.response.headers.set("x-amzn-RequestId", request_id);
    say_published(out.operation, request_id, out.response);
    return out;
}

}  // namespace otabahn::http
