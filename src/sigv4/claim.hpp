// SPDX-License-Identifier: Apache-2.0
// What a request says about itself: which key signed it, for which service and region, when. Read before the secret is
// looked up; nothing in a Claim is trusted until verify() (verify.hpp) has agreed. Pure.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "sigv4/canonical.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otabahn::sigv4 {

enum class Refused {
    no_signature,           // nothing of a signature there
    two_signatures,         // header and query both
    unsupported_algorithm,  // AWS4-ECDSA…, SigV2 in the header, Basic …
    malformed_header,       // the Authorization header breaks its grammar
    malformed_query,        // the X-Amz-… parameters break theirs
    unsigned_header,        // a header that must be signed is not
    expired,                // header form, older than the skew allows
    not_yet_valid,          // either form, signed in the future
    link_expired,           // a presigned URL past its end
    mismatch,               // the signature is another
};

// Why it was refused, with all that an error answer and the log say about it.
struct Refusal {
    Refused reason;
    std::string message;
    std::string access_key_id;
    std::optional<Timestamp> request_time, server_time, expires_at;
    std::string canonical_request, string_to_sign, signature_provided;  // of a mismatch
    std::string header;                                                 // of unsigned_header

    Refusal(Refused why, std::string text) : reason(why), message(std::move(text)) {}
};

struct Claim {
    enum class Place { header, query, query_v2 };  // query_v2: SigV2, S3 only; its scope is empty
    Place place = Place::header;
    std::string access_key_id;
    CredentialScope scope;
    std::vector<std::string> signed_headers;
    std::string signature;
    std::string amz_date;
    Timestamp signed_at{};
    std::optional<std::chrono::seconds> lifetime;  // of a presigned URL
    std::optional<std::string> session_token;
};

Result<Claim, Refusal> read_claim(const RequestView& request);

}  // namespace otabahn::sigv4
