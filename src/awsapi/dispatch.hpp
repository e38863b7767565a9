// SPDX-License-Identifier: Apache-2.0
// From an authenticated request to a handler and back, for the HTTP adapter:
//
//   head read, signature's shape known:
//     if (streams_body(operations, service, head))  body stays on the connection
//     else                                          read it whole (at most max_body_bytes, else 413 by encode_error), set head.body
//   Prepared prepared = prepare(operations, service, request, request_id);      pure, any thread
//   on the blocking pool, by variant:
//     Response      send it (unknown operation, 501, validation)
//     PlainCall     send(run(call, caller))
//     DownloadCall  send(run(call, caller)); response.source, when set, is read chunk by chunk (HEAD and 304: no body)
//     UploadCall    begin(call, caller) gives the ErasedUpload or the error; write() each verified chunk; after length, signature and
//                   checksums hold: send(finish(call, upload)); else drop the upload and send(refuse(call, error))
//
// A handler that throws is a bug: run() and finish() let it pass, the adapter's edge answers InternalFailure (internal_failure()).
#pragma once

#include "awsapi/codec.hpp"
#include "awsapi/operations.hpp"
#include "awsapi/request.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace otabahn::awsapi {

// Bodies that are read whole: the largest that AWS takes (a certificate chain of 2 MiB, base64; 10,000 parts of a Complete) fit.
inline constexpr std::size_t max_body_bytes = 8 * 1024 * 1024;

struct Call {
    const OperationRow* operation = nullptr;
    const BoundOperation* bound = nullptr;
    Erased input;  // lives as long as the call: handlers and uploads may refer to it
    std::string request_id;
    bool head = false;
};
struct PlainCall : Call {};
struct UploadCall : Call {};
struct DownloadCall : Call {};

using Prepared = std::variant<Response, PlainCall, UploadCall, DownloadCall>;

// Decided by the head alone: is this an operation bound with bind_upload?
bool streams_body(const Operations& operations, const ServiceRow& service, const Request& head);

// Routes, decodes and validates. Unbound operations, those outside the model's scope included, answer 501 with their name.
Prepared prepare(const Operations& operations, const ServiceRow& service, const Request& request, std::string_view request_id);

Response run(const PlainCall& call, const Caller& caller);
Response run(const DownloadCall& call, const Caller& caller);
Outcome<std::unique_ptr<ErasedUpload>> begin(const UploadCall& call, const Caller& caller);
Response finish(const UploadCall& call, ErasedUpload& upload);
Response refuse(const Call& call, const ServiceError& error);

// The service's word for "our fault", 500; never for permanent faults, clients retry it.
ServiceError internal_failure(const ServiceRow& service);

}  // namespace otabahn::awsapi
