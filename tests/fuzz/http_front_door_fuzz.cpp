// SPDX-License-Identifier: Apache-2.0
// Which service a request is for: the first line is method and target, each further line a header. Every request ends in a
// service whose words the answer uses, and in either a claim or a refusal.
#include "http/front_door.hpp"
#include "http/response_head.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace otabahn;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next_line = [&rest] {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        return line;
    };
    awsapi::Request request;
    const std::string_view first = next_line();
    const std::size_t blank = std::min(first.find(' '), first.size());
    request.method = first.substr(0, blank);
    awsapi::set_target(request, first.substr(std::min(blank + 1, first.size())));
    while (!rest.empty()) {
        const std::string_view line = next_line();
        const std::size_t colon = std::min(line.find(':'), line.size());
        request.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 1, line.size()))));
    }
    const http::Recognised recognised = http::recognise(request, "localhost", request.headers.value("X-Body"));
    if (recognised.service == nullptr || recognised.claim.has_value() == recognised.refused.has_value()) std::abort();
    awsapi::Response response;
    response.headers = request.headers;
    const std::string head = http::format_head(response, {});
    if (head.find("\r\n\r\n") != head.size() - 4) std::abort();
    return 0;
}
