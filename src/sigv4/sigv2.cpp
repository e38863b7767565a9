// SPDX-License-Identifier: Apache-2.0
#include "sigv4/sigv2.hpp"

#include "encoding/base64_string.hpp"
#include "sigv4/url_text.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace otabahn::sigv4 {
namespace {

constexpr std::array<std::string_view, 11> subresources{"acl",      "delete",  "location",  "partNumber", "policy",  "tagging",
                                                        "uploadId", "uploads", "versionId", "versioning", "versions"};

bool is_response_override(std::string_view name) { return name.starts_with("response-"); }

}  // namespace

std::string v2_string_to_sign(const RequestView& request, std::string_view bucket_prefix) {
    const Target target = split_target(request.target);
    std::map<std::string, std::string> amz;  // sorted by name, as signed
    std::string expires;
    std::vector<std::pair<std::string, std::optional<std::string>>> kept;
    for (std::string_view rest = target.query; !rest.empty();) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view part = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const std::size_t equals = part.find('=');
        const std::string name = percent_decode(part.substr(0, equals));
        const bool bare = equals == std::string_view::npos;
        const std::string value = bare ? std::string() : percent_decode(part.substr(equals + 1));
        if (name == "Expires") expires = value;
        // Headers that were signed travel as parameters of the same name (x-amz-security-token).
        if (name.starts_with("x-amz-")) amz.emplace(name, value);
        if (std::find(subresources.begin(), subresources.end(), name) != subresources.end() || is_response_override(name))
            kept.emplace_back(name, bare ? std::nullopt : std::optional(value));
    }
    for (const HeaderView& header : request.headers)
        if (const std::string name = to_lower(header.name); name.starts_with("x-amz-")) amz[name] = request.find_header(name).value_or("");
    std::sort(kept.begin(), kept.end());

    std::string out(request.method);
    out.append("\n").append(request.find_header("content-md5").value_or(""));
    out.append("\n").append(request.find_header("content-type").value_or(""));
    out.append("\n").append(expires).append("\n");
    for (const auto& [name, value] : amz) out.append(name).append(":").append(value).append("\n");
    out.append(bucket_prefix).append(target.path.empty() ? "/" : target.path);
    char separator = '?';
    for (const auto& [name, value] : kept) {
        out += separator;
        out += name;
        if (value) out.append("=").append(*value);
        separator = '&';
    }
    return out;
}

std::string v2_signature(std::string_view secret, std::string_view text) { return encoding::to_base64(as_bytes(hmac_sha1(secret, text))); }

}  // namespace otabahn::sigv4
