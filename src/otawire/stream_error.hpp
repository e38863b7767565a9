// SPDX-License-Identifier: Apache-2.0
// The errors of MQTT file streams (spec gateway 4.5): what stands in `code` and `o` of a rejection, exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace otabahn::otawire {

enum class StreamError : std::uint8_t {
    invalid_topic,
    invalid_json,
    invalid_cbor,
    invalid_request,
    unauthorized,
    block_size_out_of_bounds,
    offset_out_of_bounds,
    block_count_limit_exceeded,
    block_bitmap_limit_exceeded,
    resource_not_found,
    version_mismatch,
    etag_mismatch,
    internal_error,
};

std::string_view name_of(StreamError error);
std::optional<StreamError> find_stream_error(std::string_view name);

// The sentence that goes with it when there is nothing more to say.
std::string_view message_of(StreamError error);

}  // namespace otabahn::otawire
