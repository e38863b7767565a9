// SPDX-License-Identifier: Apache-2.0
// Forms of IAM and STS, the action included.
#include "tests/fuzz/api_operations.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace otabahn::awsapi;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Request request;
    request.method = "POST";
    request.path = "/";
    request.body = text;
    for (const auto* const name : {"iam", "sts"}) {
        const auto route = find_route(*find_service(name), request);
        if (route && route->operation->in_scope) otabahn::fuzz::read_body(*route->operation, text, true);
    }
    return 0;
}
