// SPDX-License-Identifier: Apache-2.0
// aws-chunked bodies: the first byte chooses the mode, the second the size of the pieces. However the bytes are cut, the
// outcome must be the same, and no more may come out than goes in.
#include "sigv4/payload.hpp"

#include <array>
#include <cstdlib>

namespace {

using namespace otabahn;

struct Outcome {
    std::string bytes;
    bool accepted = false;
};

Outcome run(const sigv4::RequestView& request, std::string_view mode, ByteView body, std::size_t piece) {
    Outcome out;
    auto payload = sigv4::Payload::plan(request, mode, {});
    if (!payload) return out;
    for (std::size_t from = 0; from < body.size(); from += piece) {
        const auto bytes = payload->take(body.subspan(from, std::min(piece, body.size() - from)));
        if (!bytes) return out;
        out.bytes.append(as_text(*bytes));
    }
    out.accepted = payload->finish().has_value();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    static constexpr std::array<std::string_view, 3> modes{"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                                           "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"};
    const std::string_view mode = modes[data[0] % modes.size()];
    const std::size_t piece = data[1] % 32 + 1u;
    const ByteView body(data + 2, size - 2);
    static constexpr std::array<sigv4::HeaderView, 2> headers{
        {{"x-amz-trailer", "x-amz-checksum-crc32"}, {"x-amz-decoded-content-length", "6"}}};
    const sigv4::RequestView request{"PUT", "/b/k", headers};
    const Outcome whole = run(request, mode, body, std::max<std::size_t>(body.size(), 1)), pieces = run(request, mode, body, piece);
    if (whole.accepted != pieces.accepted) std::abort();
    if (whole.accepted && (whole.bytes != pieces.bytes || whole.bytes.size() != 6)) std::abort();
    if (pieces.bytes.size() > body.size()) std::abort();
    return 0;
}
