// SPDX-License-Identifier: Apache-2.0
#include "otawire/stream_error.hpp"

#include "encoding/word_list.hpp"

namespace otabahn::otawire {

namespace {

struct Row {
    StreamError error;
    std::string_view name, message;
};

// Wire names. The messages of invalid_cbor, block_size_out_of_bounds and invalid_request begin as the real service's do.
constexpr Row rows[] = {
    {StreamError::invalid_topic, "InvalidTopic", "Invalid stream topic"},
    {StreamError::invalid_json, "InvalidJson", "Invalid JSON message"},
    {StreamError::invalid_cbor, "InvalidCbor", "Invalid CBOR message"},
    {StreamError::invalid_request, "InvalidRequest", "Invalid request"},
    {StreamError::unauthorized, "Unauthorized", "The service may not read the file"},
    {StreamError::block_size_out_of_bounds, "BlockSizeOutOfBounds", "The block size is out of bounds"},
    {StreamError::offset_out_of_bounds, "OffsetOutOfBounds", "The block offset is out of bounds"},
    {StreamError::block_count_limit_exceeded, "BlockCountLimitExceeded", "The number of blocks is out of bounds"},
    {StreamError::block_bitmap_limit_exceeded, "BlockBitmapLimitExceeded", "The block bitmap is too long"},
    {StreamError::resource_not_found, "ResourceNotFound", "Not found"},
    {StreamError::version_mismatch, "VersionMismatch", "Version mismatch"},
    {StreamError::etag_mismatch, "ETagMismatch", "The file has changed since the stream was made"},
    {StreamError::internal_error, "InternalError", "Internal error"},
};

constexpr bool rows_stand_in_order() {
    std::size_t at = 0;
    for (const Row& row : rows)
        if (static_cast<std::size_t>(row.error) != at++) return false;
    return true;
}
static_assert(rows_stand_in_order());

// A device has no use for the messages.
constexpr auto names = encoding::pack_words<rows, &Row::error, &Row::name>();

}  // namespace

std::string_view name_of(StreamError error) { return encoding::find_word(names.data(), static_cast<std::uint8_t>(error)); }
std::string_view message_of(StreamError error) { return rows[static_cast<std::size_t>(error)].message; }

std::optional<StreamError> find_stream_error(std::string_view name) {
    const auto number = encoding::find_number(names.data(), name);
    return number ? std::optional(static_cast<StreamError>(*number)) : std::nullopt;
}

}  // namespace otabahn::otawire
