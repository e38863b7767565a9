// SPDX-License-Identifier: Apache-2.0
// x-amz-copy-source: [/]bucket/key[?versionId=v], the key percent-encoded. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::objects {

struct CopySource {
    std::string bucket, key;
    std::optional<std::string> version_id;
    bool operator==(const CopySource&) const = default;
};

std::optional<CopySource> parse_copy_source(std::string_view header);

}  // namespace otabahn::objects
