// SPDX-License-Identifier: Apache-2.0
// The answer to an HTTPS publish has a body that no model describes (spec gateway 1.13): {"message":"OK","traceId":"…"}. Pure.
#pragma once

#include "awsapi/request.hpp"

#include <string>
#include <string_view>

namespace otabahn::http {

// Of other operations, and of refusals, which name the trace themselves, nothing is changed.
inline void say_published(std::string_view operation, const std::string& request_id, awsapi::Response& response) {
    if (operation == "Publish" && response.status == 200) response.body = R"({"message":"OK","traceId":")" + request_id + "\"}";
}

}  // namespace otabahn::http
