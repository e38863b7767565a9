// SPDX-License-Identifier: Apache-2.0
// Turns a claim into a caller: looks the key up (which blocks: pool threads only) and judges the signature.
#pragma once

#include "awsapi/caller.hpp"
#include "http/front_door.hpp"
#include "http/http_server.hpp"
#include "sigv4/verify.hpp"

namespace otabahn::http {

struct Authenticated {
    awsapi::Caller caller;
    sigv4::Proof proof;
};

struct Denied {
    awsapi::ServiceError error;
    std::string reason;  // for the log

    Denied(awsapi::ServiceError answer, std::string why) : error(std::move(answer)), reason(std::move(why)) {}
};

// `payload_hash`: hex SHA-256 of the body, or S3's word for it.
Result<Authenticated, Denied> authenticate(const FindKey& find_key, const Recognised& recognised, const awsapi::Request& request,
                                           std::string_view payload_hash, std::string_view peer_address, Timestamp now);

}  // namespace otabahn::http
