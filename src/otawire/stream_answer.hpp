// SPDX-License-Identifier: Apache-2.0
// What the gateway answers on streams' topics (spec gateway 4.3, 4.5): blocks, descriptions, rejections; written by the
// gateway, read by the device, in JSON and CBOR. No heap. The real service writes indefinite CBOR maps, so that is the default.
#pragma once

#include "base/bytes.hpp"
#include "base/texts.hpp"
#include "encoding/cbor.hpp"
#include "encoding/json.hpp"
#include "otawire/stream_request.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::otawire {

enum class CborForm : std::uint8_t { indefinite, definite };

struct DataHead {
    ClientToken token;
    std::uint64_t file = 0;
    std::uint64_t block = 0;
    std::uint32_t size = 0;  // bytes of this block
};

// A block's message is head, bytes, tail: the bytes go straight from the file to the packet.
inline constexpr std::size_t longest_data_head = 128;
inline constexpr std::size_t data_tail_room = 1;
std::optional<ByteView> encode_data_head(const DataHead& head, std::span<std::uint8_t> out, CborForm form = CborForm::indefinite);
constexpr std::string_view data_tail(CborForm form = CborForm::indefinite) { return form == CborForm::indefinite ? "\xff" : ""; }

// In JSON the bytes must be encoded anyway; `/` is not escaped (the C library does not unescape).
constexpr std::size_t json_data_room(std::uint32_t size) { return 512 + (std::size_t{size} + 2) / 3 * 4; }
std::optional<ByteView> encode_data_json(const DataHead& head, ByteView bytes, std::span<std::uint8_t> out);

struct DescribedFile {
    std::uint32_t file = 0;
    std::uint64_t size = 0;
};
struct Description {
    ClientToken token;
    std::uint64_t version = 0;
    std::string_view description;
    std::span<const DescribedFile> files;
};
std::optional<ByteView> encode_description(const Description& description, Format format, std::span<std::uint8_t> out,
                                           CborForm form = CborForm::indefinite);

inline constexpr std::size_t longest_rejection = 4096;  // with every character escaped
std::optional<ByteView> encode_rejection(const StreamRefusal& refusal, Format format, std::span<std::uint8_t> out,
                                         CborForm form = CborForm::indefinite);

// The device's side. Nothing: not such a message; then the device drops it and asks again.
struct DataBlock {
    std::uint64_t file = 0;
    std::uint64_t block = 0;
    std::uint64_t size = 0;  // what `l` says; a message with more or fewer bytes is none
    ByteView bytes;          // in the payload, or in `scratch`
};
// `scratch` takes the bytes of JSON (base64) and of chunked CBOR strings: at least the block's size.
std::optional<DataBlock> decode_data(ByteView payload, Format format, std::span<std::uint8_t> scratch);
std::optional<DataBlock> decode_data_cbor(ByteView payload, std::span<std::uint8_t> scratch);

inline constexpr std::size_t most_described_files = 50;
struct DescribedStream {
    std::uint64_t version = 0;
    std::array<DescribedFile, most_described_files> files{};
    std::size_t file_count = 0;  // further ones are left out
    std::optional<std::uint64_t> size_of(std::uint64_t file) const;
};
std::optional<DescribedStream> decode_description(ByteView payload, Format format);

struct Rejection {
    std::optional<StreamError> error;  // nothing: a code that is not known here
    std::array<char, 40> code_text{};
    std::uint8_t code_size = 0;
    std::array<char, texts ? 200 : 0> message_text{};
    std::uint8_t message_size = 0;
    std::string_view code() const { return {code_text.data(), code_size}; }
    std::string_view message() const { return {message_text.data(), message_size}; }  // cut at 200 bytes; a build without texts has none
};
std::optional<Rejection> decode_rejection(ByteView payload, Format format);
std::optional<Rejection> decode_rejection_cbor(ByteView payload);

}  // namespace otabahn::otawire
