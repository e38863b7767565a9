// SPDX-License-Identifier: Apache-2.0
// S3's small grammars: Range, copy sources and their ranges, ETag lists, tagging, names, tokens, version ids, the list of a
// Complete request. What is accepted must keep its promise: ranges inside the object, texts that read back as they were.
#include "objects/checksums.hpp"
#include "objects/conditions.hpp"
#include "objects/copy_source.hpp"
#include "objects/listing.hpp"
#include "objects/object_request.hpp"
#include "objects/range.hpp"
#include "objects/uploads.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace otabahn;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void ranges(std::string_view text, std::uint64_t size) {
    const auto choice = objects::choose_range(text, size);
    if (choice.kind == objects::RangeChoice::Kind::part) {
        require(choice.range.length > 0 && choice.range.first < size && choice.range.length <= size - choice.range.first);
        require(objects::format_content_range(choice.range, size).starts_with("bytes "));
    }
    if (const auto range = objects::parse_copy_range(text, size)) require(range->first < size && range->length <= size - range->first);
}

void names(const std::string& text) {
    if (const auto source = objects::parse_copy_source(text)) require(!source->bucket.empty() && !source->key.empty());
    if (!objects::find_bucket_name_fault(text)) require(text.size() >= 3 && text.size() <= 63);
    if (const auto sequence = objects::parse_version_sequence(text)) require(*sequence >= 0);
    if (objects::is_storable_text(text))
        if (const auto end = objects::find_prefix_end(text))
            require(*end > text && objects::is_storable_text(*end) && !end->starts_with(text));
    if (const auto position = objects::parse_token(text)) require(objects::parse_token(objects::format_token(*position)) == position);
    if (const auto tags = objects::parse_tagging(text)) require(objects::parse_fields(objects::format_fields(*tags)) == *tags);
    require(objects::strip_aws_chunked(objects::strip_aws_chunked(text)) == objects::strip_aws_chunked(text));
    objects::parse_checksums(text);
    objects::matches_etag(text, "etag");
}

// Each 4 bytes are a part: number, ETag, size.
void completions(std::string_view bytes) {
    std::vector<objects::StoredPart> stored;
    for (std::int32_t number = 1; number <= 8; ++number) {
        objects::StoredPart part;
        part.number = number;
        part.md5 = std::string(1, static_cast<char>('a' + number % 3));
        part.size = number % 2 ? objects::min_part_bytes : 10;
        stored.push_back(part);
    }
    std::vector<objects::NamedPart> named;
    for (; bytes.size() >= 2; bytes.remove_prefix(2)) named.push_back({static_cast<signed char>(bytes[0]), std::string(1, bytes[1]), {}});
    const auto chosen = objects::choose_parts(named, stored);
    if (!chosen) return;
    require(!chosen->empty() && chosen->size() == named.size());
    for (std::size_t i = 0; i + 1 < chosen->size(); ++i)
        require((*chosen)[i].number < (*chosen)[i + 1].number && (*chosen)[i].size >= objects::min_part_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, UINT64_MAX}) ranges(text, length);
    names(text);
    completions(text);
    return 0;
}
