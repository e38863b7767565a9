// SPDX-License-Identifier: Apache-2.0
// The id of one request, in AWS's two forms. It identifies, it protects nothing.
#pragma once

#include <string>

namespace otabahn::http {

std::string make_uuid();           // everyone else: 8-4-4-4-12
std::string make_s3_request_id();  // S3: 16 upper-case characters

}  // namespace otabahn::http
