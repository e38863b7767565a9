// SPDX-License-Identifier: Apache-2.0
// Blobs in a folder: FOLDER/new/ID while a blob is written, FOLDER/xx/ID (xx: the id's first two digits) once it is whole and
// durable. One process owns the folder; what a crash left in new/ is removed when it is opened. Any blocking thread.
#pragma once

#include "runtime/blob.hpp"

#include <filesystem>
#include <memory>

namespace otabahn::blob {

// Makes the folder when it is not there.
Result<std::unique_ptr<runtime::BlobStore>> open_folder(const std::filesystem::path& folder);

}  // namespace otabahn::blob
