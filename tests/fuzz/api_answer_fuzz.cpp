// SPDX-License-Identifier: Apache-2.0
// What the operator's client reads: answers and refusals of every operation, as bodies.
#include "tests/fuzz/api_operations.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace otabahn::awsapi;
    static const auto operations = otabahn::fuzz::operations_of(Family::rest_json, Family::json_1_1, Family::query, Family::rest_xml);
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto& operation = otabahn::fuzz::choose(operations, text);
    Response response;
    response.body = text;
    if (decode_error(operation, response).code.empty()) std::abort();
    if (!operation.output) return 0;
    const auto output = otabahn::fuzz::make_value(*operation.output), again = otabahn::fuzz::make_value(*operation.output);
    if (!decode_output(operation, response, output.get())) return 0;
    const Response written = encode_output(operation, output.get(), "id");
    if (!decode_output(operation, written, again.get())) std::abort();
    return 0;
}
