// SPDX-License-Identifier: Apache-2.0
#include "sigv4/sign.hpp"

#include "sigv4/amz_time.hpp"
#include "sigv4/url_text.hpp"

#include <algorithm>
#include <array>

namespace otabahn::sigv4 {
namespace {

CredentialScope scope_at(const std::string& amz_date, const std::string& region, const std::string& service) {
    return {amz_date.substr(0, 8), region, service};
}

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        if (!out.empty()) out += ';';
        out += name;
    }
    return out;
}

}  // namespace

std::vector<Header> sign_headers(const Credentials& credentials, const SignInput& input) {
    const std::string amz_date = format_amz_time(input.now);
    const CredentialScope scope = scope_at(amz_date, input.region, input.service);
    std::vector<Header> added{{"X-Amz-Date", amz_date}};
    if (!credentials.session_token.empty()) added.push_back({"X-Amz-Security-Token", credentials.session_token});
    if (input.service == "s3") added.push_back({"X-Amz-Content-Sha256", input.payload_hash});

    std::vector<HeaderView> views;
    std::vector<std::string> names;
    for (const std::vector<Header>* list : {&input.headers, static_cast<const std::vector<Header>*>(&added)}) {
        for (const Header& header : *list) {
            views.push_back({header.name, header.value});
            names.push_back(to_lower(header.name));
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());

    const RequestView request{input.method, input.target, views};
    const std::string canonical = canonical_request(request, path_form_of(input.service), names, input.payload_hash, {});
    const std::string signature = sign_string(signing_key(credentials.secret, scope), string_to_sign(amz_date, scope, canonical));
    added.push_back({"Authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id + "/" + scope.text() +
                                          ", SignedHeaders=" + joined(names) + ", Signature=" + signature});
    return added;
}

std::string presign_url(const Credentials& credentials, const PresignInput& input) {
    const std::string amz_date = format_amz_time(input.now);
    const CredentialScope scope = scope_at(amz_date, input.region, input.service);
    // AWS IoT's WebSocket wants the token outside of what is signed (spec 1.6).
    const bool token_outside = input.service == "iotdevicegateway";
    const std::string token = credentials.session_token.empty()
                                  ? std::string()
                                  : "&X-Amz-Security-Token=" + percent_encode(credentials.session_token, Slash::encode);

    std::string query = input.query;
    if (!query.empty()) query += '&';
    query.append("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=")
        .append(percent_encode(credentials.access_key_id + "/" + scope.text(), Slash::encode))
        .append("&X-Amz-Date=")
        .append(amz_date)
        .append("&X-Amz-Expires=")
        .append(std::to_string(input.lifetime.count()));
    if (!token_outside) query += token;
    query += "&X-Amz-SignedHeaders=host";

    const std::string path = input.path.empty() ? "/" : input.path;
    const std::string target = path + "?" + query;
    const std::array<HeaderView, 1> headers{HeaderView{"host", input.host}};
    const std::array<std::string, 1> names{"host"};
    const std::string canonical = canonical_request({input.method, target, headers}, path_form_of(input.service), names,
                                                    input.service == "s3" ? std::string_view("UNSIGNED-PAYLOAD") : empty_sha256, {});
    const std::string signature = sign_string(signing_key(credentials.secret, scope), string_to_sign(amz_date, scope, canonical));
    return input.scheme + "://" + input.host + target + "&X-Amz-Signature=" + signature + (token_outside ? token : std::string());
}

ChunkChain chunk_chain(const Credentials& credentials, const SignInput& input, std::string_view seed_signature) {
    const std::string amz_date = format_amz_time(input.now);
    const CredentialScope scope = scope_at(amz_date, input.region, input.service);
    return {signing_key(credentials.secret, scope), std::string(seed_signature), amz_date, scope.text()};
}

}  // namespace otabahn::sigv4
