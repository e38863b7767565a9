// SPDX-License-Identifier: Apache-2.0
// Requests and answers to and from the generated structs, for all four protocol families, driven by the rows of rows.hpp.
// The server decodes inputs and encodes outputs and errors; the operator's client does the opposite.
//
// Who fills what: unknown members are ignored; timestamps have the form that the model or the family says; ETags are plain
// strings, so the handler gives them with their quotes; IAM's policy documents in answers are percent-encoded by the handler.
#pragma once

#include "awsapi/operations.hpp"
#include "awsapi/request.hpp"
#include "awsapi/route.hpp"
#include "awsapi/rows.hpp"
#include "awsapi/service_error.hpp"

#include <string>
#include <string_view>

namespace otabahn::awsapi {

// ---- the server's side

// Fills `input` (a struct of the operation's input type, freshly made) and judges it by the model: required, length, range,
// pattern, enum. The refusal carries AWS's text ("1 validation error detected: Value 'v' at 'member' failed to …") and the
// service's own code.
Outcome<void> decode_input(const Route& route, const Request& request, void* input);

Response encode_output(const OperationRow& operation, const void* output, std::string_view request_id);

// In the service's envelope. `head`: the request was a HEAD, which has no body.
Response encode_error(const ServiceRow& service, const ServiceError& error, std::string_view request_id, bool head = false);

// ---- the client's side

// Method, path, query, headers (Content-Type included, Host, date and signature not) and body. Bodies that stream are
// the caller's: the request's body is empty then.
Request encode_request(const OperationRow& operation, const void* input);

// `output` is a freshly made struct of the operation's output type. Enum words and lengths are not judged.
Outcome<void> decode_output(const OperationRow& operation, const Response& response, void* output);

// Any status that is not 2xx (S3 may also answer 200 with an <Error>: decode_output gives that).
ServiceError decode_error(const OperationRow& operation, const Response& response);

// Typed: encode<api::iot::CreateThing>(input), decode<api::iot::CreateThing>(response).
template <class Op>
Request encode(const typename Op::Input& input) {
    return encode_request(row<Op>(), &input);
}
template <class Op>
Outcome<typename Op::Output> decode(const Response& response) {
    if (response.status < 200 || response.status > 299) return Unexpected(decode_error(row<Op>(), response));
    typename Op::Output output{};
    if (Outcome<void> done = decode_output(row<Op>(), response, &output); !done) return Unexpected(std::move(done).error());
    return output;
}

}  // namespace otabahn::awsapi
