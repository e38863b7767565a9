// SPDX-License-Identifier: Apache-2.0
// The canonical form of a request and what is signed of it (spec control-plane 1.2). Signing and verifying both come
// through here, so they cannot disagree. Pure.
#pragma once

#include "base/bytes.hpp"
#include "sigv4/digest.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::sigv4 {

struct Header {
    std::string name, value;
};
struct HeaderView {
    std::string_view name, value;
};

// A request as it is on the wire; the views live as long as the caller says.
struct RequestView {
    std::string_view method;
    std::string_view target;  // raw: path and query, never decoded
    std::span<const HeaderView> headers;

    // All values of the header, joined by ','; nothing when it is absent.
    std::optional<std::string> find_header(std::string_view name) const;
};

struct CredentialScope {
    std::string date, region, service;
    std::string text() const;  // date/region/service/aws4_request
};

// S3 signs the path as it is on the wire; every other service signs it normalised and encoded once more.
enum class PathForm { as_sent, encoded_again };
PathForm path_form_of(std::string_view service);

// `left_out`: the query parameters that are no part of what is signed (X-Amz-Signature).
std::string canonical_path(std::string_view raw_path, PathForm form);
std::string canonical_query(std::string_view raw_query, std::span<const std::string_view> left_out);
std::string canonical_request(const RequestView& request, PathForm form, std::span<const std::string> signed_headers,
                              std::string_view payload_hash, std::span<const std::string_view> query_left_out);
std::string string_to_sign(std::string_view amz_date, const CredentialScope& scope, std::string_view canonical_request);

using SigningKey = Sha256Value;
SigningKey signing_key(std::string_view secret, const CredentialScope& scope);
std::string sign_string(const SigningKey& key, std::string_view string_to_sign);  // hex

std::string to_lower(std::string_view text);

}  // namespace otabahn::sigv4
