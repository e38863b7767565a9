// SPDX-License-Identifier: Apache-2.0
// Members that travel in the path, the query, the headers and the status line: the REST families.
#pragma once

#include "awsapi/judge.hpp"
#include "awsapi/request.hpp"
#include "awsapi/route.hpp"
#include "awsapi/rows.hpp"

#include <string>

namespace otabahn::awsapi {

// Fills every member that is not the body's. Gives back nothing: the judge knows what was wrong.
void decode_bindings(const ShapeRow& structure, const Route& route, const Request& request, void* to, Judge& judge);

// An answer's headers, as a server writes them and a client reads them.
void encode_response_headers(const ShapeRow& structure, const void* from, Headers& to);
void decode_response_headers(const ShapeRow& structure, const Response& response, void* to, Judge& judge);

// A request's path, query and headers.
void encode_bindings(const OperationRow& operation, const void* from, Request& to);

}  // namespace otabahn::awsapi
