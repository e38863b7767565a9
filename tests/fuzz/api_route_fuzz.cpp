// SPDX-License-Identifier: Apache-2.0
// Request heads, of every service: the first line is method and target, each further line a header. Whatever is routed has
// its path, query and headers decoded.
#include "awsapi/dispatch.hpp"
#include "tests/fuzz/api_operations.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace otabahn::awsapi;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&rest](char end_mark) {
        const std::size_t end = std::min(rest.find(end_mark), rest.size());
        const std::string_view part = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        return part;
    };
    Request request;
    request.method = next(' ');
    set_target(request, next('\n'));
    while (!rest.empty()) {
        const auto line = next('\n');
        const auto colon = std::min(line.find(':'), line.size());
        request.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 1, line.size()))));
    }
    const Operations nothing;
    for (const ServiceRow* const service : services()) {
        if (!std::holds_alternative<Response>(prepare(nothing, *service, request, "id"))) std::abort();
        const auto route = find_route(*service, request);
        if (!route || !route->operation->input) continue;
        const auto input = otabahn::fuzz::make_value(*route->operation->input);
        const auto decoded = decode_input(*route, request, input.get());
        if (!decoded && decoded.error().status != 400) std::abort();
    }
    return 0;
}
