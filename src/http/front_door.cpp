// SPDX-License-Identifier: Apache-2.0
#include "http/front_door.hpp"

#include "awsapi/route.hpp"
#include "http/auth_errors.hpp"
#include "http/websocket_upgrade.hpp"

#include <algorithm>
#include <array>

namespace otabahn::http {
namespace {

struct ScopeRow {
    std::string_view scope, service;
};
// The name in the credential scope, and the model that serves it. execute-api: how CLI 2.9 signs for IoT.
constexpr std::array<ScopeRow, 10> scopes{{
    {"iot", "iot"},
    {"execute-api", "iot"},
    {"iotdata", "iot-data"},
    {"iotdevicegateway", "iot-data"},
    {"iot-jobs-data", "iot-jobs-data"},
    {"signer", "signer"},
    {"s3", "s3"},
    {"acm", "acm"},
    {"iam", "iam"},
    {"sts", "sts"},
}};

const awsapi::ServiceRow& service(std::string_view name) { return *awsapi::find_service(name); }

const awsapi::ServiceRow* find_by_scope(std::string_view scope) {
    for (const ScopeRow& row : scopes)
        if (row.scope == scope) return &service(row.service);
    return nullptr;
}

// In whose words to refuse a request that names no service we know.
const awsapi::ServiceRow& guess_service(const awsapi::Request& request, std::string_view body) {
    if (request.headers.contains("X-Amz-Target")) return service("acm");
    if (is_form(request)) return service(body.find("Version=2010-05-08") != std::string_view::npos ? "iam" : "sts");
    if (request.headers.contains("x-amz-content-sha256")) return service("s3");
    if (asks_for_websocket(request)) return service("iot-data");
    for (const std::string_view name : {"iot", "signer", "iot-jobs-data", "iot-data"})
        if (awsapi::find_route(service(name), request)) return service(name);
    return service("s3");
}

// BUCKET.HOST or BUCKET.s3.HOST, with any port.
std::string bucket_in_host(std::string_view host, std::string_view hostname) {
    if (!host.starts_with('[')) host = host.substr(0, host.find(':'));
    for (const std::string& base : {"s3." + std::string(hostname), std::string(hostname)}) {
        if (sigv4::to_lower(host) == base) return {};
        if (host.size() > base.size() + 1 && sigv4::to_lower(host).ends_with("." + base))
            return std::string(host.substr(0, host.size() - base.size() - 1));
    }
    return {};
}

}  // namespace

std::vector<sigv4::HeaderView> header_views(const awsapi::Headers& headers) {
    std::vector<sigv4::HeaderView> views;
    views.reserve(headers.size());
    for (const auto& [name, value] : headers) views.push_back({name, value});
    return views;
}

bool is_form(const awsapi::Request& request) {
    return request.method == "POST" && request.path == "/" &&
           request.headers.value("Content-Type").starts_with("application/x-www-form-urlencoded");
}

Recognised recognise(const awsapi::Request& request, std::string_view hostname, std::string_view body) {
    const auto views = header_views(request.headers);
    const std::string target = request.target();
    auto claim = sigv4::read_claim({request.method, target, views});
    Recognised out;
    if (!claim) {
        const sigv4::Refusal& refusal = claim.error();
        out.service = refusal.reason == sigv4::Refused::unsupported_algorithm && request.headers.value("Authorization").starts_with("AWS ")
                          ? &service("s3")
                          : &guess_service(request, body);
        out.refused = refusal_error(*out.service, refusal);
        out.reason = refusal.message;
        return out;
    }
    out.service = find_by_scope(claim->scope.service);
    if (out.service == nullptr) {
        out.service = &guess_service(request, body);
        out.reason = "The signature is for the service '" + claim->scope.service +
                     "', which is not served here: iot, iotdata, iot-jobs-data, signer, s3, acm, iam and sts are.";
        out.refused = awsapi::ServiceError{
            out.service->family == awsapi::Family::rest_json ? "NotImplementedException" : "NotImplemented", 501, out.reason, {}, {}};
        return out;
    }
    if (out.service->name == "s3") out.bucket = bucket_in_host(request.headers.value("Host"), hostname);
    out.claim = std::move(*claim);
    return out;
}

void address_bucket(awsapi::Request& request, std::string_view bucket) {
    if (!bucket.empty()) request.path.insert(0, "/" + std::string(bucket));
}

}  // namespace otabahn::http
