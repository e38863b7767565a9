// SPDX-License-Identifier: Apache-2.0
// What a device may ask over HTTPS, and what its policies must allow for it: one table (spec gateway 2.2). What is not in it is
// refused, whatever the policies say.
#pragma once

#include "awsapi/request.hpp"
#include "awsapi/route.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otabahn::http {

struct DeviceQuestion {
    std::vector<std::string> actions;  // one of them is enough
    std::string resource;              // thing/T, topic/a/b, client/C; or * as it is
};

// All of them must be allowed; nothing: not for devices.
std::optional<std::vector<DeviceQuestion>> device_questions(const awsapi::Route& route, const awsapi::Request& request);

// The service by the path alone: a device signs nothing that would name it.
const awsapi::ServiceRow& device_service(const awsapi::Request& request);

// A topic in a path may come with its slashes as they are (spec gateway 1.13): /topics/a/b becomes /topics/a%2Fb.
void escape_topic(awsapi::Request& request);

}  // namespace otabahn::http
