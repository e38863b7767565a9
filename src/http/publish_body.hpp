// SPDX-License-Identifier: Apache-2.0
// The answer to an HTTPS publish has a body that no model describes (spec gateway 1.13): {"message":"OK","traceId":"…"}. Pure.
#pragma once

#include "awsapi/request.hpp"

#include <string>
#include <string_view>

namespace otabahn::http {

// Of other operations nothing is changed.
inline void name_trace(std::string_view operation, const std::string& request_id, awsapi::Response& response) {
    if (operation != "Publish") return;
    const std::string trace = "\"traceId\":\"" + request_id + "\"}";
    if (response.status == 200) {
        response.body = R"({"message":"OK",)" + trace;
    } else if (const std::size_t end = response.body.rfind('}'); end != std::string::npos) {
        response.body.replace(end, std::string::npos, "," + trace);
    }
}

}  // namespace otabahn::http
