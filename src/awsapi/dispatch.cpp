// SPDX-License-Identifier: Apache-2.0
#include "awsapi/dispatch.hpp"

namespace otabahn::awsapi {

namespace {

// botocore and the other SDKs retry 500, 502, 503, 504 and words such as Throttling; this one is final.
ServiceError not_implemented(const OperationRow& operation) {
    const bool json = operation.service->family == Family::rest_json || operation.service->family == Family::json_1_1;
    return {json ? "NotImplementedException" : "NotImplemented",
            501,
            "otabahn does not implement " + std::string(operation.service->name) + " " + std::string(operation.name) +
                ": see docs/compatibility.md for what it does.",
            {},
            {}};
}

Call make_call(const Route& route, const BoundOperation& bound, const Request& request, std::string_view request_id) {
    return Call{route.operation, &bound, bound.make_input(), std::string(request_id), request.method == "HEAD"};
}

}  // namespace

bool streams_body(const Operations& operations, const ServiceRow& service, const Request& head) {
    // The body alone names a query operation, and none of those streams.
    if (service.family == Family::query || service.family == Family::json_1_1) return false;
    const auto route = find_route(service, head);
    if (!route) return false;
    const BoundOperation* const bound = operations.find(service.name, route->operation->name);
    return bound && bound->kind == BoundOperation::Kind::upload;
}

Prepared prepare(const Operations& operations, const ServiceRow& service, const Request& request, std::string_view request_id) {
    const bool head = request.method == "HEAD";
    const auto route = find_route(service, request);
    if (!route) return encode_error(service, route.error(), request_id, head);
    const BoundOperation* const bound = operations.find(service.name, route->operation->name);
    if (!bound) return encode_error(service, not_implemented(*route->operation), request_id, head);
    Call call = make_call(*route, *bound, request, request_id);
    if (auto decoded = decode_input(*route, request, call.input.get()); !decoded)
        return encode_error(service, decoded.error(), request_id, head);
    switch (bound->kind) {
        case BoundOperation::Kind::plain:
            return PlainCall{std::move(call)};
        case BoundOperation::Kind::upload:
            return UploadCall{std::move(call)};
        case BoundOperation::Kind::download:
            return DownloadCall{std::move(call)};
    }
    return encode_error(service, internal_failure(service), request_id, head);
}

Response run(const PlainCall& call, const Caller& caller) {
    const Outcome<Erased> output = call.bound->plain(caller, call.input.get());
    return output ? encode_output(*call.operation, output->get(), call.request_id) : refuse(call, output.error());
}

Response run(const DownloadCall& call, const Caller& caller) {
    Outcome<ErasedDownload> download = call.bound->download(caller, call.input.get());
    if (!download) return refuse(call, download.error());
    Response out = encode_output(*call.operation, download->head.get(), call.request_id);
    out.status = download->status;
    if (!call.head) out.source = std::move(download->body);
    return out;
}

Outcome<std::unique_ptr<ErasedUpload>> begin(const UploadCall& call, const Caller& caller) {
    return call.bound->upload(caller, call.input.get());
}

Response finish(const UploadCall& call, ErasedUpload& upload) {
    const Outcome<Erased> output = upload.finish();
    return output ? encode_output(*call.operation, output->get(), call.request_id) : refuse(call, output.error());
}

Response refuse(const Call& call, const ServiceError& error) {
    return encode_error(*call.operation->service, error, call.request_id, call.head);
}

ServiceError internal_failure(const ServiceRow& service) {
    std::string code;
    switch (service.family) {
        case Family::rest_json:
            code = service.name == "signer" ? "InternalServiceErrorException" : "InternalFailureException";
            break;
        case Family::rest_xml:
            code = "InternalError";
            break;
        case Family::query:
            code = service.name == "iam" ? "ServiceFailure" : "InternalFailure";
            break;
        case Family::json_1_1:
            code = "InternalFailure";
            break;
    }
    return {std::move(code), 500, "An internal error occurred; the server's log says more under this request's id.", {}, {}};
}

}  // namespace otabahn::awsapi
