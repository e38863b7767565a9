// SPDX-License-Identifier: Apache-2.0
// Who calls, where to: credentials, region and endpoint, found where and in the order in which AWS's own command line finds them.
#pragma once

#include "base/error.hpp"
#include "sigv4/sign.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace otabahn::client {

// What the command line says; empty: nothing.
struct Overrides {
    std::string profile, region, endpoint_url;
};

// The process's surroundings; tests bring their own.
struct Environment {
    std::function<std::optional<std::string>(const std::string& name)> variable;  // an empty variable counts as none
    std::function<std::optional<std::string>(const std::string& path)> read_file;

    static Environment of_process();
};

struct Settings {
    sigv4::Credentials credentials;
    std::string credentials_from;  // for messages: "the environment", "profile x in FILE"
    std::string region;
    std::string endpoint_url;                              // empty: AWS's own hosts
    std::map<std::string, std::string> service_endpoints;  // by the model's name: AWS_ENDPOINT_URL_S3 …
    std::string ca_bundle;                                 // AWS_CA_BUNDLE; empty: the system's roots
};

// The refusal says everywhere it looked.
Result<Settings> find_settings(const Overrides& overrides, const Environment& environment);

}  // namespace otabahn::client
