// SPDX-License-Identifier: Apache-2.0
#include "http/authenticate.hpp"

#include "awsapi/dispatch.hpp"
#include "http/auth_errors.hpp"

namespace otabahn::http {
namespace {

// SigV2 names no region; its URLs are of the region that all of S3 started in.
constexpr std::string_view region_without_scope = "us-east-1";

Unexpected<Denied> deny(awsapi::ServiceError error, std::string reason) { return Unexpected(Denied(std::move(error), std::move(reason))); }

}  // namespace

Result<Authenticated, Denied> authenticate(const FindKey& find_key, const Recognised& recognised, const awsapi::Request& request,
                                           std::string_view payload_hash, std::string_view peer_address, Timestamp now) {
    const awsapi::ServiceRow& service = *recognised.service;
    const sigv4::Claim& claim = *recognised.claim;
    auto key = find_key(claim.access_key_id);
    if (!key) return deny(awsapi::internal_failure(service), "The access key could not be looked up: " + key.error().message);
    if (!*key) return deny(auth_error(service, AuthFault::unknown_key), "No such access key: " + claim.access_key_id + ".");
    if (!(*key)->active)
        return deny(auth_error(service, AuthFault::unknown_key), "The access key is inactive: " + claim.access_key_id + ".");
    if (claim.session_token && !claim.session_token->empty())
        return deny(auth_error(service, AuthFault::bad_token),
                    "The request carries a session token, but " + claim.access_key_id + " is a long-lived key.");

    const auto views = header_views(request.headers);
    const std::string target = request.target();
    sigv4::VerifyRules rules;
    if (!recognised.bucket.empty()) rules.bucket_prefix = "/" + recognised.bucket;
    auto proof = sigv4::verify(claim, {request.method, target, views}, (*key)->secret, payload_hash, now, rules);
    if (!proof) return deny(refusal_error(service, proof.error()), proof.error().message);

    const bool has_region = claim.place != sigv4::Claim::Place::query_v2;
    auto region = Region::parse(has_region ? std::string_view(claim.scope.region) : region_without_scope);
    if (!region)
        return deny(auth_error(service, AuthFault::wrong_scope), "The credential scope's region is malformed: " + claim.scope.region + ".");
    awsapi::Caller caller{
        {(*key)->account, std::move(*region)},      (*key)->arn, (*key)->user_id, claim.access_key_id, std::string(peer_address),
        std::string(request.headers.value("Host")), (*key)->root};
    return Authenticated{std::move(caller), std::move(*proof)};
}

}  // namespace otabahn::http
