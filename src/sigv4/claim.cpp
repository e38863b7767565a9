// SPDX-License-Identifier: Apache-2.0
#include "sigv4/claim.hpp"

#include "sigv4/amz_time.hpp"
#include "sigv4/url_text.hpp"

#include <algorithm>
#include <charconv>

namespace otabahn::sigv4 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::int64_t longest_lifetime = 604800;

Unexpected<Refusal> refuse(Refused reason, std::string message) { return Unexpected(Refusal(reason, std::move(message))); }

std::string shown(std::string_view text) { return "'" + std::string(text.substr(0, 200)) + "'"; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// KEY/yyyymmdd/region/service/aws4_request
bool read_credential(std::string_view text, Claim& claim) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t slash = text.find('/');
        parts.push_back(text.substr(0, slash));
        if (slash == std::string_view::npos) break;
        text.remove_prefix(slash + 1);
    }
    if (parts.size() != 5 || parts[4] != "aws4_request") return false;
    for (const std::string_view part : parts)
        if (part.empty() || part.size() > 128) return false;
    claim.access_key_id = parts[0];
    claim.scope = {std::string(parts[1]), std::string(parts[2]), std::string(parts[3])};
    return true;
}

// host;x-amz-date: lower case, none twice, `host` among them.
bool read_signed_headers(std::string_view text, Claim& claim) {
    while (true) {
        const std::size_t end = text.find(';');
        const std::string_view name = text.substr(0, end);
        if (name.empty() || to_lower(name) != name || claim.signed_headers.size() == 256) return false;
        claim.signed_headers.emplace_back(name);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    std::vector<std::string> sorted = claim.signed_headers;
    std::sort(sorted.begin(), sorted.end());
    return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end() && std::binary_search(sorted.begin(), sorted.end(), "host");
}

Result<Claim, Refusal> read_header_claim(const RequestView& request, std::string_view authorization) {
    if (!authorization.starts_with(algorithm) || (authorization.size() > algorithm.size() && authorization[algorithm.size()] != ' ')) {
        const std::string_view word = authorization.substr(0, authorization.find(' '));
        return refuse(Refused::unsupported_algorithm,
                      "The Authorization header uses " + shown(word) + "; use AWS4-HMAC-SHA256 (Signature Version 4).");
    }
    Claim claim;
    std::string_view rest = authorization.substr(algorithm.size());
    bool credential = false, headers = false, signature = false;
    while (!trimmed(rest).empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view part = trimmed(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const std::size_t equals = part.find('=');
        const std::string_view name = part.substr(0, equals),
                               value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
        bool fits = false;
        if (name == "Credential" && !credential)
            fits = credential = read_credential(value, claim);
        else if (name == "SignedHeaders" && !headers)
            fits = headers = read_signed_headers(value, claim);
        else if (name == "Signature" && !signature && is_lower_hex(value, 64)) {
            claim.signature = value;
            fits = signature = true;
        }
        if (!fits)
            return refuse(Refused::malformed_header,
                          "The Authorization header has a part that is malformed, unknown or there twice: " + shown(part) +
                              ". Expected once each: Credential=KEY/yyyymmdd/region/service/aws4_request, SignedHeaders=host;…, "
                              "Signature=64 hex digits.");
    }
    if (!credential) return refuse(Refused::malformed_header, "Authorization header requires 'Credential' parameter.");
    if (!headers) return refuse(Refused::malformed_header, "Authorization header requires 'SignedHeaders' parameter.");
    if (!signature) return refuse(Refused::malformed_header, "Authorization header requires 'Signature' parameter.");

    std::optional<Timestamp> time;
    if (const auto date = request.find_header("x-amz-date")) {
        time = parse_amz_time(*date);
        if (!time) return refuse(Refused::malformed_header, "The X-Amz-Date header " + shown(*date) + " is no time like 20250628T120000Z.");
    } else if (const auto http_date = request.find_header("date")) {
        if (std::find(claim.signed_headers.begin(), claim.signed_headers.end(), "date") == claim.signed_headers.end())
            return refuse(Refused::malformed_header,
                          "The Date header dates the signature, as there is no X-Amz-Date, but it is not signed.");
        time = parse_amz_time(*http_date);
        if (!time) time = parse_http_date(*http_date);
        if (!time)
            return refuse(Refused::malformed_header,
                          "The Date header " + shown(*http_date) + " is no time like Sat, 28 Jun 2025 12:00:00 GMT.");
    } else {
        return refuse(Refused::malformed_header, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
    }
    claim.signed_at = *time;
    claim.amz_date = format_amz_time(*time);
    if (claim.amz_date.substr(0, 8) != claim.scope.date)
        return refuse(Refused::malformed_header,
                      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" + claim.scope.date +
                          "' != '" + claim.amz_date.substr(0, 8) + "', from '" + claim.amz_date + "'.");
    claim.session_token = request.find_header("x-amz-security-token");
    return claim;
}

// The value of the only parameter of that name; twice is as bad as none.
std::optional<std::string> only(const std::vector<QueryPair>& pairs, std::string_view name) {
    std::optional<std::string> found;
    for (const QueryPair& pair : pairs) {
        if (pair.name != name) continue;
        if (found) return std::nullopt;
        found = pair.value;
    }
    return found;
}

bool has(const std::vector<QueryPair>& pairs, std::string_view name) {
    return std::any_of(pairs.begin(), pairs.end(), [&](const QueryPair& pair) { return pair.name == name; });
}

Result<Claim, Refusal> read_query_claim(const std::vector<QueryPair>& pairs) {
    Claim claim;
    claim.place = Claim::Place::query;
    const auto method = only(pairs, "X-Amz-Algorithm");
    if (!method || *method != algorithm)
        return refuse(Refused::malformed_query,
                      "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"; the URL has " + shown(method.value_or("")) + ".");
    const auto credential = only(pairs, "X-Amz-Credential"), date = only(pairs, "X-Amz-Date"), headers = only(pairs, "X-Amz-SignedHeaders"),
               signature = only(pairs, "X-Amz-Signature");
    if (!credential || !date || !headers || !signature)
        return refuse(Refused::malformed_query,
                      "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date "
                      "and X-Amz-SignedHeaders "
                      "parameters, once each.");
    if (!read_credential(*credential, claim))
        return refuse(Refused::malformed_query,
                      "X-Amz-Credential " + shown(*credential) + " is not KEY/yyyymmdd/region/service/aws4_request.");
    if (!read_signed_headers(*headers, claim))
        return refuse(Refused::malformed_query,
                      "X-Amz-SignedHeaders " + shown(*headers) + " must name lower-case headers, 'host' among them, none twice.");
    if (!is_lower_hex(*signature, 64))
        return refuse(Refused::malformed_query, "X-Amz-Signature " + shown(*signature) + " is not 64 hex digits.");
    const auto time = parse_amz_time(*date);
    if (!time)
        return refuse(Refused::malformed_query,
                      "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"; it is " + shown(*date) + ".");
    if (date->substr(0, 8) != claim.scope.date)
        return refuse(Refused::malformed_query, "Invalid credential date \"" + claim.scope.date +
                                                    "\". This date is not the same as X-Amz-Date: \"" + date->substr(0, 8) + "\".");
    if (has(pairs, "X-Amz-Expires")) {
        const auto seconds = parse_number(only(pairs, "X-Amz-Expires").value_or(""));
        if (!seconds || *seconds < 1 || *seconds > longest_lifetime)
            return refuse(Refused::malformed_query, "X-Amz-Expires must be a number of seconds from 1 to 604800 (a week).");
        claim.lifetime = std::chrono::seconds(*seconds);
    }
    claim.signature = *signature;
    claim.amz_date = *date;
    claim.signed_at = *time;
    claim.session_token = only(pairs, "X-Amz-Security-Token");
    return claim;
}

Result<Claim, Refusal> read_v2_claim(const std::vector<QueryPair>& pairs) {
    const auto key = only(pairs, "AWSAccessKeyId"), signature = only(pairs, "Signature"), expires = only(pairs, "Expires");
    if (!key || key->empty() || !signature || !expires)
        return refuse(Refused::malformed_query,
                      "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters, once each.");
    const auto end = parse_number(*expires);
    if (!end || *end < 0 || *end > 253402300799)
        return refuse(Refused::malformed_query, "Expires " + shown(*expires) + " is no number of seconds since 1970.");
    Claim claim;
    claim.place = Claim::Place::query_v2;
    claim.access_key_id = *key;
    claim.scope.service = "s3";
    claim.signature = *signature;
    claim.lifetime = std::chrono::seconds(*end);  // counted from 1970, where signed_at stands
    claim.session_token = only(pairs, "x-amz-security-token");
    return claim;
}

}  // namespace

Result<Claim, Refusal> read_claim(const RequestView& request) {
    const std::vector<QueryPair> pairs = parse_query(split_target(request.target).query);
    const auto authorization = request.find_header("authorization");
    const bool v4 = has(pairs, "X-Amz-Algorithm") || has(pairs, "X-Amz-Credential") || has(pairs, "X-Amz-Signature");
    const bool v2 = has(pairs, "AWSAccessKeyId") && has(pairs, "Signature");
    if ((authorization ? 1 : 0) + (v4 ? 1 : 0) + (v2 ? 1 : 0) > 1)
        return refuse(Refused::two_signatures,
                      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the "
                      "Authorization header should be "
                      "specified.");
    if (authorization) return read_header_claim(request, *authorization);
    if (v4) return read_query_claim(pairs);
    if (v2) return read_v2_claim(pairs);
    return refuse(Refused::no_signature, "The request carries no signature: neither an Authorization header nor a presigned query.");
}

}  // namespace otabahn::sigv4
