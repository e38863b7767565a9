// SPDX-License-Identifier: Apache-2.0
// AWS's host names, and how each service's requests are scoped (spec control-plane 1.1). Pure.
#pragma once

#include "base/error.hpp"
#include "client/settings.hpp"

#include <span>
#include <string>
#include <string_view>

namespace otabahn::client {

struct EndpointRow {
    std::string_view service;   // the model's name
    std::string_view scope;     // the signing name
    std::string_view host;      // {region} stands for the region
    std::string_view variable;  // AWS_ENDPOINT_URL_…
    bool global = false;        // AWS itself signs it for us-east-1
};
std::span<const EndpointRow> endpoint_rows();

struct Endpoint {
    std::string url;                // scheme://authority/prefix, without a slash at its end
    std::string authority, prefix;  // what Host says, and what stands before every path
    std::string scope, region;
    bool is_aws = false;
};

Result<Endpoint> find_endpoint(const Settings& settings, std::string_view service);

}  // namespace otabahn::client
