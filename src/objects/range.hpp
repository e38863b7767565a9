// SPDX-License-Identifier: Apache-2.0
// The Range header of GET and HEAD (spec control-plane 2.4). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::objects {

struct ByteRange {
    std::uint64_t first = 0, length = 0;
    bool operator==(const ByteRange&) const = default;
};

struct RangeChoice {
    enum class Kind {
        whole,          // no range, several, or no grammar: the whole object, 200
        part,           // 206
        unsatisfiable,  // 416
    } kind = Kind::whole;
    ByteRange range;
    bool operator==(const RangeChoice&) const = default;
};

RangeChoice choose_range(std::string_view header, std::uint64_t size);

// x-amz-copy-source-range: "bytes=a-b" alone, both given and inside the source; anything else is nothing.
std::optional<ByteRange> parse_copy_range(std::string_view header, std::uint64_t size);

// "bytes 0-9/100"
std::string format_content_range(const ByteRange& range, std::uint64_t size);

}  // namespace otabahn::objects
