// SPDX-License-Identifier: Apache-2.0
// The status line and headers of an answer. Pure.
#pragma once

#include "awsapi/request.hpp"
#include "base/time.hpp"

#include <string>

namespace otabahn::http {

struct ResponseFrame {
    bool head_request = false;  // no body follows, whatever the headers say
    bool keep_alive = true;
    Timestamp now{};
};

// Content-Length is what will really follow (of a HEAD: what the handler says would). A header whose value holds a line
// break is left out: it would become a header of its own.
std::string format_head(const awsapi::Response& response, const ResponseFrame& frame);

}  // namespace otabahn::http
