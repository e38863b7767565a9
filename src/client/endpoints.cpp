// SPDX-License-Identifier: Apache-2.0
#include "client/endpoints.hpp"

#include "sigv4/canonical.hpp"

#include <array>

namespace otabahn::client {
namespace {

constexpr std::array<EndpointRow, 8> rows{{
    {"iot", "iot", "iot.{region}", "IOT"},
    {"iot-data", "iotdata", "data-ats.iot.{region}", "IOT_DATA_PLANE"},
    {"iot-jobs-data", "iot-jobs-data", "data.jobs.iot.{region}", "IOT_JOBS_DATA_PLANE"},
    {"signer", "signer", "signer.{region}", "SIGNER"},
    {"s3", "s3", "s3.{region}", "S3"},
    {"acm", "acm", "acm.{region}", "ACM"},
    {"iam", "iam", "iam", "IAM", true},
    {"sts", "sts", "sts.{region}", "STS"},
}};

std::string aws_host(const EndpointRow& row, const std::string& region) {
    std::string host(row.host);
    if (const std::size_t place = host.find("{region}"); place != std::string::npos) host.replace(place, 8, region);
    return host + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

Result<Endpoint> take_apart(const std::string& url, std::string_view service) {
    const std::size_t scheme = url.find("://");
    const std::string word = sigv4::to_lower(std::string_view(url).substr(0, scheme == std::string::npos ? 0 : scheme));
    std::string rest = scheme == std::string::npos ? std::string() : url.substr(scheme + 3);
    while (rest.ends_with('/')) rest.pop_back();
    if ((word != "http" && word != "https") || rest.empty() || rest.find_first_of("?#@ \t\r\n") != std::string::npos)
        return fail(ErrorCode::invalid_request,
                    "The endpoint '" + url + "' of " + std::string(service) +
                        " is no URL like http://127.0.0.1:4566. It comes from --endpoint-url, AWS_ENDPOINT_URL or the profile.");
    Endpoint endpoint;
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    endpoint.authority = rest.substr(0, slash);
    endpoint.prefix = rest.substr(slash);
    // A default port is no part of what Host says, nor of what is signed.
    const std::string_view usual = word == "http" ? ":80" : ":443";
    if (endpoint.authority.ends_with(usual)) endpoint.authority.resize(endpoint.authority.size() - usual.size());
    endpoint.url = word + "://" + endpoint.authority + endpoint.prefix;
    return endpoint;
}

}  // namespace

std::span<const EndpointRow> endpoint_rows() { return rows; }

Result<Endpoint> find_endpoint(const Settings& settings, std::string_view service) {
    for (const EndpointRow& row : rows) {
        if (row.service != service) continue;
        const auto own = settings.service_endpoints.find(std::string(service));
        const std::string& given = own == settings.service_endpoints.end() ? settings.endpoint_url : own->second;
        auto endpoint = take_apart(given.empty() ? "https://" + aws_host(row, settings.region) : given, service);
        if (!endpoint) return endpoint;
        const std::string host = endpoint->authority.substr(0, endpoint->authority.find(':'));
        endpoint->is_aws = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
        endpoint->scope = row.scope;
        endpoint->region = row.global && endpoint->is_aws ? "us-east-1" : settings.region;
        return endpoint;
    }
    return fail(ErrorCode::not_implemented, "There is no endpoint known for the service '" + std::string(service) + "'.");
}

}  // namespace otabahn::client
