// SPDX-License-Identifier: Apache-2.0
#include "sigv4/verify.hpp"

#include "sigv4/amz_time.hpp"
#include "sigv4/sigv2.hpp"
#include "sigv4/url_text.hpp"

#include <algorithm>
#include <array>

namespace otabahn::sigv4 {
namespace {

constexpr std::string_view mismatch_sentence =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. "
    "Consult the service "
    "documentation for details.";

Unexpected<Refusal> refuse_time(Refused reason, std::string message, const Claim& claim, Timestamp now, std::optional<Timestamp> expires) {
    Refusal refusal(reason, std::move(message));
    refusal.access_key_id = claim.access_key_id;
    if (claim.place != Claim::Place::query_v2) refusal.request_time = claim.signed_at;
    refusal.server_time = now;
    refusal.expires_at = expires;
    return Unexpected(std::move(refusal));
}

Result<void, Refusal> check_time(const Claim& claim, Timestamp now) {
    const std::string then = format_amz_time(claim.signed_at), server = format_amz_time(now);
    if (claim.place != Claim::Place::query_v2 && claim.signed_at > now + allowed_skew)
        return refuse_time(Refused::not_yet_valid,
                           "Signature not yet current: " + then + " is still later than " + format_amz_time(now + allowed_skew) + " (" +
                               server + " + 15 min.)",
                           claim, now, std::nullopt);
    if (claim.lifetime) {
        const Timestamp end = claim.signed_at + *claim.lifetime;
        if (now >= end) return refuse_time(Refused::link_expired, "Request has expired", claim, now, end);
    } else if (claim.signed_at < now - allowed_skew) {
        // A presigned URL without X-Amz-Expires (WebSocket, spec 1.6) lives as long as a signed header.
        return refuse_time(
            Refused::expired,
            "Signature expired: " + then + " is now earlier than " + format_amz_time(now - allowed_skew) + " (" + server + " - 15 min.)",
            claim, now, std::nullopt);
    }
    return {};
}

// The x-amz-* headers steer an operation (copy source, target, checksum), so a signature must cover each.
Result<void, Refusal> check_headers_signed(const Claim& claim, const RequestView& request) {
    for (const HeaderView& header : request.headers) {
        const std::string name = to_lower(header.name);
        if (!name.starts_with("x-amz-")) continue;
        if (claim.place == Claim::Place::query && name == "x-amz-content-sha256") continue;
        if (std::find(claim.signed_headers.begin(), claim.signed_headers.end(), name) != claim.signed_headers.end()) continue;
        Refusal refusal(Refused::unsigned_header, "There were headers present in the request which were not signed: " + name);
        refusal.access_key_id = claim.access_key_id;
        refusal.header = name;
        return Unexpected(std::move(refusal));
    }
    return {};
}

Unexpected<Refusal> refuse_mismatch(const Claim& claim, std::string canonical, std::string to_sign) {
    Refusal refusal(Refused::mismatch, std::string(mismatch_sentence));
    refusal.access_key_id = claim.access_key_id;
    refusal.canonical_request = std::move(canonical);
    refusal.string_to_sign = std::move(to_sign);
    refusal.signature_provided = claim.signature;
    return Unexpected(std::move(refusal));
}

}  // namespace

std::optional<std::string> s3_payload_hash(const Claim& claim, const RequestView& request) {
    const auto header = request.find_header("x-amz-content-sha256");
    if (claim.place == Claim::Place::header) return header;
    const bool is_signed =
        std::find(claim.signed_headers.begin(), claim.signed_headers.end(), "x-amz-content-sha256") != claim.signed_headers.end();
    return header && is_signed ? *header : "UNSIGNED-PAYLOAD";
}

Result<Proof, Refusal> verify(const Claim& claim, const RequestView& request, std::string_view secret, std::string_view payload_hash,
                              Timestamp now, const VerifyRules& rules) {
    if (auto fresh = check_time(claim, now); !fresh) return Unexpected(std::move(fresh).error());
    if (claim.place == Claim::Place::query_v2) {
        const std::string to_sign = v2_string_to_sign(request, rules.bucket_prefix);
        if (!equal_in_constant_time(v2_signature(secret, to_sign), claim.signature)) return refuse_mismatch(claim, {}, to_sign);
        return Proof{};
    }
    if (auto covered = check_headers_signed(claim, request); !covered) return Unexpected(std::move(covered).error());

    const PathForm form = path_form_of(claim.scope.service);
    const SigningKey key = signing_key(secret, claim.scope);
    // AWS IoT's device SDKs add the token of temporary keys after they have signed (spec 1.6), other clients before.
    static constexpr std::array<std::string_view, 2> outside{"X-Amz-Signature", "X-Amz-Security-Token"};
    std::vector<std::span<const std::string_view>> ways;
    const bool device_gateway = claim.scope.service == "iotdevicegateway" || claim.scope.service == "iotdata";
    if (claim.place == Claim::Place::query && claim.session_token && device_gateway) ways.emplace_back(outside);
    ways.push_back(std::span(outside).first(claim.place == Claim::Place::query ? 1 : 0));

    std::string canonical, to_sign;
    for (const auto left_out : ways) {
        canonical = canonical_request(request, form, claim.signed_headers, payload_hash, left_out);
        to_sign = string_to_sign(claim.amz_date, claim.scope, canonical);
        if (equal_in_constant_time(sign_string(key, to_sign), claim.signature))
            return Proof{{key, claim.signature, claim.amz_date, claim.scope.text()}};
    }
    return refuse_mismatch(claim, std::move(canonical), std::move(to_sign));
}

}  // namespace otabahn::sigv4
