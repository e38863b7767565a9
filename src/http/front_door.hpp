// SPDX-License-Identifier: Apache-2.0
// Which service a request is for, and what its signature claims (spec control-plane 1.1). Nothing is believed yet. Pure.
#pragma once

#include "awsapi/request.hpp"
#include "awsapi/rows.hpp"
#include "awsapi/service_error.hpp"
#include "sigv4/claim.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::http {

struct Recognised {
    const awsapi::ServiceRow* service = nullptr;  // in whose words the answer is given
    std::optional<sigv4::Claim> claim;            // absent: refused
    std::optional<awsapi::ServiceError> refused;
    std::string reason;  // of the refusal, for the log: it may say more than the answer
    std::string bucket;  // of S3's virtual-host addressing
};

// `hostname`: BUCKET.hostname addresses a bucket. `body`: of unsigned forms alone, whose Version tells IAM from STS.
Recognised recognise(const awsapi::Request& request, std::string_view hostname, std::string_view body = {});

// An unsigned form: its service is in its body.
bool is_form(const awsapi::Request& request);

// Virtual-host addressing undone: /key becomes /bucket/key. What is signed is still the path as it was sent.
void address_bucket(awsapi::Request& request, std::string_view bucket);

std::vector<sigv4::HeaderView> header_views(const awsapi::Headers& headers);

}  // namespace otabahn::http
