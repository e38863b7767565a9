// SPDX-License-Identifier: Apache-2.0
// XML bodies of S3 requests: decoded, judged, and written again.
#include "tests/fuzz/api_operations.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using otabahn::awsapi::Family;
    static const auto operations = [] {
        auto out = otabahn::fuzz::operations_of(Family::rest_xml);
        std::erase_if(out, [](const auto* operation) { return !operation->input || !operation->input->payload; });
        return out;
    }();
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto& operation = otabahn::fuzz::choose(operations, text);
    otabahn::fuzz::read_body(operation, text, false);
    return 0;
}
