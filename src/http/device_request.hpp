// SPDX-License-Identifier: Apache-2.0
// A device's request over HTTPS with its certificate (spec gateway 1.13): judged by the certificate's policies, run by the handlers
// that operators' requests have. Blocks: pool threads only.
#pragma once

#include "awsapi/request.hpp"
#include "http/door.hpp"

#include <string>
#include <string_view>

namespace otabahn::http {

struct DevicePeer {
    std::string certificate_id, server_name, address;
};

struct DeviceAnswer {
    awsapi::Response response;
    std::string_view service;
    std::string operation = "-";
    std::string refused_because;  // empty: it was not
};

DeviceAnswer answer_device(const Door& door, awsapi::Request request, const DevicePeer& peer, const std::string& request_id);

}  // namespace otabahn::http
