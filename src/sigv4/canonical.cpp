// SPDX-License-Identifier: Apache-2.0
#include "sigv4/canonical.hpp"

#include "encoding/base64_string.hpp"
#include "sigv4/url_text.hpp"

#include <algorithm>
#include <tuple>

namespace otabahn::sigv4 {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_names(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

// Blanks at both ends go, runs of blanks become one.
void append_trimmed(std::string& out, std::string_view value) {
    bool gap = false;
    const std::size_t start = out.size();
    for (const char c : value) {
        if (is_blank(c)) {
            gap = true;
            continue;
        }
        if (gap && out.size() > start) out += ' ';
        gap = false;
        out += c;
    }
}

// RFC 3986 section 5.2.4 and empty segments removed, as AWS's SDKs do before they sign.
std::string remove_dot_segments(std::string_view path) {
    std::vector<std::string_view> kept;
    bool directory = path.empty() || path.back() == '/';
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (path.empty() && (segment == "." || segment == "..")) directory = true;
        if (segment.empty() || segment == ".") continue;
        if (segment == "..") {
            if (!kept.empty()) kept.pop_back();
            continue;
        }
        kept.push_back(segment);
    }
    std::string out;
    for (const std::string_view segment : kept) out.append("/").append(segment);
    if (directory) out += '/';
    return out.empty() ? "/" : out;
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::optional<std::string> RequestView::find_header(std::string_view name) const {
    std::optional<std::string> out;
    for (const HeaderView& header : headers) {
        if (!equal_names(header.name, name)) continue;
        if (out)
            *out += ',';
        else
            out.emplace();
        append_trimmed(*out, header.value);
    }
    return out;
}

std::string CredentialScope::text() const { return date + "/" + region + "/" + service + "/aws4_request"; }

PathForm path_form_of(std::string_view service) { return service == "s3" ? PathForm::as_sent : PathForm::encoded_again; }

std::string canonical_path(std::string_view raw_path, PathForm form) {
    if (raw_path.empty()) return "/";
    if (form == PathForm::as_sent) return std::string(raw_path);
    return percent_encode(remove_dot_segments(raw_path), Slash::keep);
}

std::string canonical_query(std::string_view raw_query, std::span<const std::string_view> left_out) {
    std::vector<QueryPair> pairs = parse_query(raw_query);
    std::erase_if(pairs, [&](const QueryPair& pair) { return std::find(left_out.begin(), left_out.end(), pair.name) != left_out.end(); });
    for (QueryPair& pair : pairs) {
        pair.name = percent_encode(pair.name, Slash::encode);
        pair.value = percent_encode(pair.value, Slash::encode);
    }
    std::sort(pairs.begin(), pairs.end(),
              [](const QueryPair& a, const QueryPair& b) { return std::tie(a.name, a.value) < std::tie(b.name, b.value); });
    std::string out;
    for (const QueryPair& pair : pairs) {
        if (!out.empty()) out += '&';
        out.append(pair.name).append("=").append(pair.value);
    }
    return out;
}

std::string canonical_request(const RequestView& request, PathForm form, std::span<const std::string> signed_headers,
                              std::string_view payload_hash, std::span<const std::string_view> query_left_out) {
    const Target target = split_target(request.target);
    std::string out(request.method);
    out.append("\n").append(canonical_path(target.path, form));
    out.append("\n").append(canonical_query(target.query, query_left_out)).append("\n");
    std::string names;
    for (const std::string& name : signed_headers) {
        out.append(name).append(":").append(request.find_header(name).value_or("")).append("\n");
        if (!names.empty()) names += ';';
        names += name;
    }
    return out.append("\n").append(names).append("\n").append(payload_hash);
}

std::string string_to_sign(std::string_view amz_date, const CredentialScope& scope, std::string_view canonical) {
    std::string out = "AWS4-HMAC-SHA256\n";
    return out.append(amz_date).append("\n").append(scope.text()).append("\n").append(sha256_hex(canonical));
}

SigningKey signing_key(std::string_view secret, const CredentialScope& scope) {
    const std::string first = "AWS4" + std::string(secret);
    return hmac_sha256(hmac_sha256(hmac_sha256(hmac_sha256(as_bytes(first), scope.date), scope.region), scope.service), "aws4_request");
}

std::string sign_string(const SigningKey& key, std::string_view text) { return encoding::to_hex(hmac_sha256(key, text)); }

}  // namespace otabahn::sigv4
