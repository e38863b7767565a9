// SPDX-License-Identifier: Apache-2.0
// The id of a request to S3; everybody else's is a UUID (runtime/random.hpp).
#pragma once

#include <string>

namespace otabahn::http {

std::string make_s3_request_id();  // 16 upper-case hex digits

}  // namespace otabahn::http
