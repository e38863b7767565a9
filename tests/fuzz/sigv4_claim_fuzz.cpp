// SPDX-License-Identifier: Apache-2.0
// Authorization header and presigned query: the first line is the target, each further line a header. What is read must
// also survive being judged, and nobody signs by chance.
#include "sigv4/verify.hpp"

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
    const std::string_view target = next_line();
    std::vector<sigv4::HeaderView> headers;
    while (!rest.empty()) {
        const std::string_view line = next_line();
        const std::size_t colon = std::min(line.find(':'), line.size());
        headers.push_back({line.substr(0, colon), colon < line.size() ? line.substr(colon + 1) : std::string_view()});
    }
    const sigv4::RequestView request{"GET", target, headers};
    const auto claim = sigv4::read_claim(request);
    if (!claim) return 0;
    if (sigv4::verify(*claim, request, "a secret that no input knows", sigv4::empty_sha256, claim->signed_at, {"/bucket"})) std::abort();
    return 0;
}
