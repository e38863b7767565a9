// SPDX-License-Identifier: Apache-2.0
// The WebSocket receiver: any bytes, whole and cut in pieces of a size that the first byte says, must give the same data, control
// frames and refusal; data lies in what was given.
#include "websocket/frame.hpp"

#include <cstdlib>
#include <vector>

namespace {

using namespace otabahn;
using Kind = websocket::Input::Kind;

void require(bool fact) {
    if (!fact) std::abort();
}

struct Heard {
    std::vector<std::uint8_t> data, control;
    std::string_view problem;
    bool closed = false;
    bool operator==(const Heard&) const = default;
};

Heard hear(ByteView bytes, std::size_t piece) {
    websocket::Receiver receiver;
    Heard out;
    std::vector<std::uint8_t> part;
    for (std::size_t from = 0; from < bytes.size(); from += piece) {
        const ByteView given = bytes.subspan(from, std::min(piece, bytes.size() - from));
        part.assign(given.begin(), given.end());
        std::span<std::uint8_t> rest(part);
        while (!rest.empty()) {
            const auto in = receiver.next(rest);
            require(in.used <= rest.size() && (in.used > 0 || in.kind == Kind::nothing));
            require(in.kind == Kind::nothing || !out.closed);
            if (in.kind == Kind::data) {
                require(!in.bytes.empty() && in.bytes.data() >= rest.data() && in.bytes.data() + in.bytes.size() == rest.data() + in.used);
                out.data.insert(out.data.end(), in.bytes.begin(), in.bytes.end());
            } else if (in.kind == Kind::failed) {
                require(!in.problem.empty());
                out.problem = in.problem;
                out.closed = true;
            } else if (in.kind != Kind::nothing) {
                require(in.bytes.size() <= 125);
                out.control.push_back(static_cast<std::uint8_t>(in.kind));
                out.control.insert(out.control.end(), in.bytes.begin(), in.bytes.end());
                out.closed = in.kind == Kind::close;
            }
            rest = rest.subspan(in.used);
            if (in.kind == Kind::nothing) require(rest.empty());
        }
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView bytes(data + 1, size - 1);
    const Heard whole = hear(bytes, std::max<std::size_t>(bytes.size(), 1));
    require(whole == hear(bytes, 1 + data[0] % 17));
    return 0;
}
