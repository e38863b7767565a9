// SPDX-License-Identifier: Apache-2.0
// The manifest of a signed release (design 4): what the device believes about an image, once its signature holds. Read from
// the exact bytes that were signed, into views of them.
#pragma once

#include "base/result.hpp"
#include "encoding/json.hpp"
#include "otawire/job_document.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::otawire {

struct ManifestFile {
    encoding::JsonString name;
    std::uint64_t size = 0;
    Sha256 sha256{};
    std::optional<Sha256> index;  // of a block index, for deltas
};

struct ReleaseManifest {
    encoding::JsonString product;  // empty: fits all
    std::string_view hardware;     // a JSON array of strings; empty array: fits all
    encoding::JsonString version;
    encoding::JsonString min_version;  // empty: any
    std::uint32_t counter = 0;         // securityCounter: a device never goes back below one that it has confirmed
    std::string_view trust;            // an object's JSON text, or empty: signers to trust from now on, or no longer
    std::array<ManifestFile, most_update_files> file_slots{};
    std::size_t file_count = 0;
    std::span<const ManifestFile> files() const { return {file_slots.data(), file_count}; }

    bool fits_product(std::string_view name) const;
    bool fits_hardware(std::string_view name) const;
    // The manifest's file with this hash and size, if it speaks of one.
    const ManifestFile* find_file(const Sha256& sha256, std::uint64_t size) const;
};

// Nothing: the manifest is read.
std::optional<DocumentRefusal> read_release_manifest(std::string_view text, ReleaseManifest& manifest);
Result<ReleaseManifest, DocumentRefusal> parse_release_manifest(std::string_view text);

}  // namespace otabahn::otawire
