// SPDX-License-Identifier: Apache-2.0
// DescribeStream and GetStream requests (spec gateway 4.3), read by the gateway and written by the device, in JSON and CBOR.
// Reading judges in the order: decode, token, field types, l, o, n, b. No heap; a bitmap lies in the payload or in the
// caller's scratch memory.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "otawire/stream_error.hpp"
#include "otawire/stream_limits.hpp"
#include "otawire/stream_topic.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::otawire {

// `c`: echoed as it came. Held by value, because in JSON it may have been written with escapes.
class ClientToken {
  public:
    ClientToken() = default;
    // False: longer than 64 bytes; then there is none.
    bool assign(std::string_view text);
    bool given() const { return given_; }
    std::string_view text() const { return {text_.data(), size_}; }

  private:
    std::array<char, longest_token> text_{};
    std::uint8_t size_ = 0;
    bool given_ = false;
};

// Why a request gets no data, ready to be written: the sentence names what was asked and what decided it.
struct StreamRefusal {
    StreamError error = StreamError::internal_error;
    ClientToken token;
    std::array<char, 200> message_text{};
    std::uint8_t message_size = 0;
    std::string_view message() const { return {message_text.data(), message_size}; }
};

StreamRefusal refuse(StreamError error, const ClientToken& token);                            // with message_of(error)
StreamRefusal refuse(StreamError error, const ClientToken& token, std::string_view message);  // cut at 200 bytes

struct DescribeStreamRequest {
    ClientToken token;
};

struct GetStreamRequest {
    ClientToken token;
    std::optional<std::uint64_t> version;  // s
    std::uint64_t file = 0;                // f
    std::uint32_t block_size = 0;          // l
    std::uint32_t offset = 0;              // o, in blocks
    std::optional<std::uint32_t> count;    // n
    std::optional<ByteView> bitmap;        // b, least significant bit first, relative to o
};

Result<DescribeStreamRequest, StreamRefusal> decode_describe(ByteView payload, Format format);

// What `scratch` must hold to read any bitmap within the limits.
constexpr std::size_t bitmap_scratch(const StreamLimits& limits) { return (limits.bitmap_below + 2) / 3 * 4 + 4; }
Result<GetStreamRequest, StreamRefusal> decode_get(ByteView payload, Format format, std::span<std::uint8_t> scratch,
                                                   const StreamLimits& limits = aws_limits);

// Nothing when `out` is too small. CBOR in definite form, as both of AWS's C libraries write it.
std::optional<ByteView> encode_describe(const DescribeStreamRequest& request, Format format, std::span<std::uint8_t> out);
std::optional<ByteView> encode_get(const GetStreamRequest& request, Format format, std::span<std::uint8_t> out);
// For devices, whose flash is short: without what the other format needs.
std::optional<ByteView> encode_get_cbor(const GetStreamRequest& request, std::span<std::uint8_t> out);

}  // namespace otabahn::otawire
