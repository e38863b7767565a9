// SPDX-License-Identifier: Apache-2.0
// Signature Version 2 of S3's presigned URLs, which `aws s3 presign` of CLI v1 still makes (spec control-plane 1.5). Pure.
#pragma once

#include "sigv4/canonical.hpp"

namespace otabahn::sigv4 {

// Of a request whose query carries AWSAccessKeyId, Signature and Expires. `bucket_prefix`: see VerifyRules.
std::string v2_string_to_sign(const RequestView& request, std::string_view bucket_prefix);
std::string v2_signature(std::string_view secret, std::string_view string_to_sign);  // base64

}  // namespace otabahn::sigv4
