// SPDX-License-Identifier: Apache-2.0
// Which operation of a service a request asks for. The service is chosen before (SigV4 scope, host, listener: the HTTP
// adapter's business), and S3's virtual-host addressing is undone before: here a bucket is the first segment of the path.
//
// rest-json, rest-xml: method and path (segments are split at raw slashes, then decoded; `{Key+}` is greedy, a literal
// segment beats a label), then literal query markers (`?uploads`), then: most required query and header members present wins.
// query: the form field Action. json-1.1: X-Amz-Target.
#pragma once

#include "awsapi/request.hpp"
#include "awsapi/rows.hpp"
#include "awsapi/service_error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otabahn::awsapi {

struct Route {
    const OperationRow* operation = nullptr;
    std::vector<std::pair<std::string_view, std::string>> labels;  // member's wire name, decoded value
};

// The refusal is the service's own: UnknownOperationException 404 (rest-json) or 400 (json-1.1), InvalidAction 400, MethodNotAllowed 405
// (S3).
Outcome<Route> find_route(const ServiceRow& service, const Request& request);

}  // namespace otabahn::awsapi
