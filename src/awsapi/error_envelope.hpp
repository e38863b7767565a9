// SPDX-License-Identifier: Apache-2.0
// A failure in the form of each protocol family (spec control-plane 1.8), written by the server and read by the client.
#pragma once

#include "awsapi/request.hpp"
#include "awsapi/rows.hpp"
#include "awsapi/service_error.hpp"

#include <string_view>

namespace otabahn::awsapi {

Response write_error(const ServiceRow& service, const ServiceError& error, std::string_view request_id, bool head);
ServiceError read_error(const ServiceRow& service, const Response& response);

// The headers that every answer of the service has: the request's id under the service's name for it.
void add_request_id(const ServiceRow& service, std::string_view request_id, Headers& to);

}  // namespace otabahn::awsapi
