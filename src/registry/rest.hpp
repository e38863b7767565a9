// SPDX-License-Identifier: Apache-2.0
// What the registry's REST rows share. Internal to the folder: registry.cpp binds all four files' rows.
#pragma once

#include "access/authorised.hpp"
#include "registry/registry.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::registry {

struct RestParts {
    runtime::Store& store;
    runtime::Bus& bus;
    const runtime::Clock& clock;
    DeviceAuthority& authority;
    access::Access& access;
    std::string endpoint_host;
};

void bind_things(awsapi::Operations& operations, const RestParts& parts);
void bind_principals(awsapi::Operations& operations, const RestParts& parts);
void bind_groups(awsapi::Operations& operations, const RestParts& parts);
void bind_certificates(awsapi::Operations& operations, const RestParts& parts);
void bind_policies(awsapi::Operations& operations, const RestParts& parts);

// The name behind an ARN of ours: arn:aws:iot:R:A:KIND/NAME of this very scope, else invalid_request.
Result<std::string> name_of_arn(const Scope& scope, std::string_view arn, std::string_view kind);

// Attributes are stored as a JSON object of strings.
std::string format_attributes(const std::map<std::string, std::string>& attributes);
std::map<std::string, std::string> parse_attributes(std::string_view json);

}  // namespace otabahn::registry
