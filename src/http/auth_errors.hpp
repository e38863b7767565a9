// SPDX-License-Identifier: Apache-2.0
// Refusals of the front door in each service family's words: code, status, sentence (spec control-plane 1.3, 1.8). Pure;
// this is the one place where they are translated.
#pragma once

#include "awsapi/rows.hpp"
#include "awsapi/service_error.hpp"
#include "sigv4/claim.hpp"
#include "sigv4/payload_error.hpp"

namespace otabahn::http {

enum class AuthFault {
    no_signature,
    malformed_header,
    malformed_query,
    unsupported,
    unsigned_header,
    too_old,  // also from the future
    link_expired,
    mismatch,
    unknown_key,
    bad_token,
    wrong_scope,  // region that is none
};

AuthFault to_fault(sigv4::Refused reason);

awsapi::ServiceError auth_error(const awsapi::ServiceRow& service, AuthFault fault, std::string message = {});
awsapi::ServiceError refusal_error(const awsapi::ServiceRow& service, const sigv4::Refusal& refusal);
awsapi::ServiceError payload_error(const sigv4::PayloadError& error);  // S3 alone streams
awsapi::ServiceError body_too_large(const awsapi::ServiceRow& service, std::size_t limit);
awsapi::ServiceError slow_down(const awsapi::ServiceRow& service);

}  // namespace otabahn::http
