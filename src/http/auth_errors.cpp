// SPDX-License-Identifier: Apache-2.0
#include "http/auth_errors.hpp"

#include "sigv4/amz_time.hpp"

#include <array>

namespace otabahn::http {
namespace {

using awsapi::Family;
using awsapi::ServiceError;

struct Words {
    std::string_view code;
    int status;
    std::string_view message;  // where the caller has none of its own
};
struct Row {
    AuthFault fault;
    Words json, query, s3;
};

constexpr std::string_view invalid_token = "The security token included in the request is invalid.";

constexpr std::array<Row, 11> rows{{
    {AuthFault::no_signature,
     {"MissingAuthenticationTokenException", 403, "Missing Authentication Token"},
     {"MissingAuthenticationToken", 403, "Request is missing Authentication Token"},
     {"AccessDenied", 403, "Access Denied"}},
    {AuthFault::malformed_header,
     {"IncompleteSignatureException", 403, {}},
     {"IncompleteSignature", 403, {}},
     {"AuthorizationHeaderMalformed", 400, {}}},
    {AuthFault::malformed_query,
     {"IncompleteSignatureException", 403, {}},
     {"IncompleteSignature", 403, {}},
     {"AuthorizationQueryParametersError", 400, {}}},
    {AuthFault::unsupported, {"IncompleteSignatureException", 403, {}}, {"IncompleteSignature", 403, {}}, {"InvalidRequest", 400, {}}},
    {AuthFault::unsigned_header, {"InvalidSignatureException", 403, {}}, {"SignatureDoesNotMatch", 403, {}}, {"AccessDenied", 403, {}}},
    {AuthFault::too_old,
     {"InvalidSignatureException", 403, {}},
     {"SignatureDoesNotMatch", 403, {}},
     {"RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."}},
    {AuthFault::link_expired, {"InvalidSignatureException", 403, {}}, {"SignatureDoesNotMatch", 403, {}}, {"AccessDenied", 403, {}}},
    {AuthFault::mismatch, {"InvalidSignatureException", 403, {}}, {"SignatureDoesNotMatch", 403, {}}, {"SignatureDoesNotMatch", 403, {}}},
    {AuthFault::unknown_key,
     {"UnrecognizedClientException", 403, invalid_token},
     {"InvalidClientTokenId", 403, invalid_token},
     {"InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."}},
    {AuthFault::bad_token,
     {"UnrecognizedClientException", 403, invalid_token},
     {"InvalidClientTokenId", 403, invalid_token},
     {"InvalidToken", 400, "The provided token is malformed or otherwise invalid."}},
    {AuthFault::wrong_scope,
     {"InvalidSignatureException", 403, "Credential should be scoped to a valid region."},
     {"SignatureDoesNotMatch", 403, "Credential should be scoped to a valid region."},
     {"AuthorizationHeaderMalformed", 400, "The authorization header is malformed; the region of the credential scope is wrong."}},
}};

const Words& words_of(const awsapi::ServiceRow& service, AuthFault fault) {
    const Row& row = rows[static_cast<std::size_t>(fault)];
    switch (service.family) {
        case Family::rest_xml:
            return row.s3;
        case Family::query:
            return row.query;
        case Family::rest_json:
        case Family::json_1_1:
            return row.json;
    }
    return row.json;
}

// S3 shows signed texts byte by byte, so that a difference in blanks can be seen.
std::string spaced_hex(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        if (!out.empty()) out += ' ';
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

void add_s3_details(ServiceError& error, const sigv4::Refusal& refusal) {
    auto& fields = error.fields;
    switch (refusal.reason) {
        case sigv4::Refused::expired:
        case sigv4::Refused::not_yet_valid:
            if (refusal.request_time) fields.emplace_back("RequestTime", sigv4::format_amz_time(*refusal.request_time));
            if (refusal.server_time) fields.emplace_back("ServerTime", sigv4::format_iso_time(*refusal.server_time));
            fields.emplace_back("MaxAllowedSkewMilliseconds", "900000");
            break;
        case sigv4::Refused::link_expired:
            if (refusal.expires_at) fields.emplace_back("Expires", sigv4::format_iso_time(*refusal.expires_at));
            if (refusal.server_time) fields.emplace_back("ServerTime", sigv4::format_iso_time(*refusal.server_time));
            break;
        case sigv4::Refused::unsigned_header:
            fields.emplace_back("HeadersNotSigned", refusal.header);
            break;
        case sigv4::Refused::mismatch:
            fields.emplace_back("AWSAccessKeyId", refusal.access_key_id);
            fields.emplace_back("StringToSign", refusal.string_to_sign);
            fields.emplace_back("SignatureProvided", refusal.signature_provided);
            fields.emplace_back("StringToSignBytes", spaced_hex(refusal.string_to_sign));
            if (!refusal.canonical_request.empty()) {
                fields.emplace_back("CanonicalRequest", refusal.canonical_request);
                fields.emplace_back("CanonicalRequestBytes", spaced_hex(refusal.canonical_request));
            }
            break;
        case sigv4::Refused::no_signature:
        case sigv4::Refused::two_signatures:
        case sigv4::Refused::unsupported_algorithm:
        case sigv4::Refused::malformed_header:
        case sigv4::Refused::malformed_query:
            break;
    }
}

}  // namespace

AuthFault to_fault(sigv4::Refused reason) {
    switch (reason) {
        case sigv4::Refused::no_signature:
            return AuthFault::no_signature;
        case sigv4::Refused::two_signatures:
            return AuthFault::unsupported;
        case sigv4::Refused::unsupported_algorithm:
            return AuthFault::unsupported;
        case sigv4::Refused::malformed_header:
            return AuthFault::malformed_header;
        case sigv4::Refused::malformed_query:
            return AuthFault::malformed_query;
        case sigv4::Refused::unsigned_header:
            return AuthFault::unsigned_header;
        case sigv4::Refused::expired:
            return AuthFault::too_old;
        case sigv4::Refused::not_yet_valid:
            return AuthFault::too_old;
        case sigv4::Refused::link_expired:
            return AuthFault::link_expired;
        case sigv4::Refused::mismatch:
            return AuthFault::mismatch;
    }
    return AuthFault::mismatch;
}

ServiceError auth_error(const awsapi::ServiceRow& service, AuthFault fault, std::string message) {
    const Words& words = words_of(service, fault);
    // The older JSON protocol answers every client's error with 400; clients look at __type alone.
    const int status = service.family == Family::json_1_1 ? 400 : words.status;
    return {std::string(words.code), status, words.message.empty() ? std::move(message) : std::string(words.message), {}, {}};
}

ServiceError refusal_error(const awsapi::ServiceRow& service, const sigv4::Refusal& refusal) {
    ServiceError error = auth_error(service, to_fault(refusal.reason), refusal.message);
    if (service.family == Family::rest_xml) add_s3_details(error, refusal);
    return error;
}

ServiceError payload_error(const sigv4::PayloadError& error) {
    const auto as = [&](const char* code, int status) { return ServiceError{code, status, error.message, {}, {}}; };
    switch (error.fault) {
        case sigv4::PayloadFault::missing_hash:
            return as("InvalidRequest", 400);
        case sigv4::PayloadFault::malformed_hash:
            return as("InvalidArgument", 400);
        case sigv4::PayloadFault::unsupported_mode:
            return as("NotImplemented", 501);
        case sigv4::PayloadFault::malformed_digest:
            return as("InvalidDigest", 400);
        case sigv4::PayloadFault::malformed_checksum:
            return as("InvalidRequest", 400);
        case sigv4::PayloadFault::missing_length:
            return as("MissingContentLength", 411);
        case sigv4::PayloadFault::malformed_chunk:
            return as("InvalidRequest", 400);
        case sigv4::PayloadFault::chunk_size:
            return as("InvalidChunkSizeError", 403);
        case sigv4::PayloadFault::chunk_signature:
            return as("SignatureDoesNotMatch", 403);
        case sigv4::PayloadFault::malformed_trailer:
            return as("MalformedTrailerError", 400);
        case sigv4::PayloadFault::length:
            return as("IncompleteBody", 400);
        case sigv4::PayloadFault::hash:
            return as("XAmzContentSHA256Mismatch", 400);
        case sigv4::PayloadFault::checksum:
            return as("BadDigest", 400);
    }
    return as("InvalidRequest", 400);
}

ServiceError body_too_large(const awsapi::ServiceRow& service, std::size_t limit) {
    const std::string message = "The request's body is larger than the " + std::to_string(limit) + " bytes that this operation takes.";
    if (service.family == Family::rest_xml) return {"EntityTooLarge", 400, message, {{"MaxSizeAllowed", std::to_string(limit)}}, {}};
    return {"RequestEntityTooLargeException", 413, message, {}, {}};
}

ServiceError slow_down(const awsapi::ServiceRow& service) {
    if (service.family == Family::rest_xml) return {"SlowDown", 503, "Please reduce your request rate.", {}, {}};
    return {service.family == Family::query ? "ServiceUnavailable" : "ServiceUnavailableException",
            503,
            "The server has as much work queued as it takes; try again in a moment.",
            {},
            {}};
}

}  // namespace otabahn::http
