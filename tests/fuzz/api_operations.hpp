// SPDX-License-Identifier: Apache-2.0
// What the api_*_fuzz targets share: the operations of some families, and values of their shapes.
#pragma once

#include "awsapi/codec.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::fuzz {

using Value = std::unique_ptr<void, void (*)(void*)>;

inline Value make_value(const awsapi::ShapeRow& shape) { return {shape.structure->create(), shape.structure->destroy}; }

template <class... Families>
std::vector<const awsapi::OperationRow*> operations_of(Families... families) {
    std::vector<const awsapi::OperationRow*> out;
    for (const awsapi::ServiceRow* const service : awsapi::services())
        for (const awsapi::OperationRow& operation : service->operations)
            if (operation.in_scope && ((service->family == families) || ...)) out.push_back(&operation);
    return out;
}

// The first two bytes choose the operation, the rest is the text.
inline const awsapi::OperationRow& choose(const std::vector<const awsapi::OperationRow*>& operations, std::string_view& text) {
    std::size_t number = 0;
    for (int i = 0; i < 2 && !text.empty(); ++i) {
        number = number * 256 + static_cast<std::uint8_t>(text.front());
        text.remove_prefix(1);
    }
    return *operations[number % operations.size()];
}

// Reads a body as the operation's input. What the server takes, a client may send again: it must be taken again, and where
// `same` holds the second text is the first one's.
inline void read_body(const awsapi::OperationRow& operation, std::string_view body, bool same) {
    if (!operation.input) return;
    awsapi::Route route{&operation, {}};
    for (const auto& member : operation.input->members)
        if (member.location == awsapi::Location::uri) route.labels.emplace_back(member.wire_name, "a1b2c3d4e5");
    awsapi::Request request;
    request.method = "POST";
    request.body = body;
    const Value first = make_value(*operation.input), second = make_value(*operation.input);
    if (!awsapi::decode_input(route, request, first.get())) return;
    awsapi::Request sent = awsapi::encode_request(operation, first.get());
    const auto again = awsapi::find_route(*operation.service, sent);
    if (!again || again->operation != &operation || !awsapi::decode_input(*again, sent, second.get())) std::abort();
    if (same && awsapi::encode_request(operation, second.get()).body != sent.body) std::abort();
}

}  // namespace otabahn::fuzz
