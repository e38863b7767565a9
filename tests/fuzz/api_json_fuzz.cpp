// SPDX-License-Identifier: Apache-2.0
// JSON bodies of rest-json and json-1.1 requests: decoded, judged, and written again.
#include "tests/fuzz/api_operations.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using otabahn::awsapi::Family;
    static const auto operations = otabahn::fuzz::operations_of(Family::rest_json, Family::json_1_1);
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto& operation = otabahn::fuzz::choose(operations, text);
    otabahn::fuzz::read_body(operation, text, true);
    return 0;
}
