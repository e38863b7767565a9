// SPDX-License-Identifier: Apache-2.0
// One reader over the blobs of an object that was uploaded in parts: nothing is copied together. Any thread.
#pragma once

#include "runtime/blob.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace otabahn::objects {

struct PartBlob {
    std::string blob_id;
    std::uint64_t size = 0;
};

// A few parts are opened at once, so that reading takes no lock; of many, a small number is held open.
Result<std::shared_ptr<const runtime::BlobReader>> open_parts(const runtime::BlobStore& blobs, std::vector<PartBlob> parts);
inline constexpr std::size_t parts_opened_at_once = 16;

}  // namespace otabahn::objects
