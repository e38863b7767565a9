// SPDX-License-Identifier: Apache-2.0
#include "otawire/release_manifest.hpp"

#include "otawire/document_members.hpp"

namespace otabahn::otawire {

using encoding::JsonString;

namespace {

constexpr MemberRow file_rows[] = {
    {"name", Shape::text, true, 255, offsetof(ManifestFile, name)},
    {"size", Shape::count, true, 0, offsetof(ManifestFile, size)},
    {"sha256", Shape::hash, true, 0, offsetof(ManifestFile, sha256)},
    {"index", Shape::maybe_hash, false, 0, offsetof(ManifestFile, index)},
};

bool read_file(MemberReader& reader, std::string_view text, void* slot) { return reader.read(text, file_rows, slot); }

constexpr MemberRow manifest_rows[] = {
    {"schema", Shape::schema, true, 0, 0},
    {"product", Shape::maybe_text, true, 255, offsetof(ReleaseManifest, product)},
    {"hardware", Shape::array, true, 0, 0},
    {"version", Shape::text, true, 128, offsetof(ReleaseManifest, version)},
    {"minVersion", Shape::maybe_text, false, 128, offsetof(ReleaseManifest, min_version)},
    {"securityCounter", Shape::number, false, 0, offsetof(ReleaseManifest, counter)},
    {"files", Shape::array, true, 0, 0},
    {"trust", Shape::object, false, 0, 0},
};
enum { hardware_row = 2, files_row = 6, trust_row };

bool read(MemberReader& reader, const std::string_view* values, ReleaseManifest& manifest) {
    if (!reader.take_all(manifest_rows, values, &manifest)) return false;
    manifest.hardware = values[hardware_row];
    manifest.trust = values[trust_row];
    Elements names(manifest.hardware);
    for (JsonString name; names.next_string(name);) continue;
    if (names.broken()) return reader.refuse(DocumentFault::wrong_type, "hardware");
    return reader.read_files("files[]", values[files_row], read_file, manifest.file_slots.data(), sizeof(ManifestFile),
                             manifest.file_count);
}

}  // namespace

bool ReleaseManifest::fits_product(std::string_view name) const { return product.size() == 0 || product.equals(name); }

bool ReleaseManifest::fits_hardware(std::string_view name) const {
    Elements names(hardware);
    bool any = true;
    for (JsonString wanted; names.next_string(wanted); any = false)
        if (wanted.equals(name)) return true;
    return any;
}

const ManifestFile* ReleaseManifest::find_file(const Sha256& sha256, std::uint64_t size) const {
    for (const ManifestFile& file : files())
        if (file.size == size && file.sha256 == sha256) return &file;
    return nullptr;
}

std::optional<DocumentRefusal> read_release_manifest(std::string_view text, ReleaseManifest& manifest) {
    DocumentRefusal refusal;
    MemberReader reader(refusal);
    std::string_view values[std::size(manifest_rows)];
    manifest = ReleaseManifest();
    if (!reader.collect(text, manifest_rows, values)) return DocumentRefusal();
    return read(reader, values, manifest) ? std::nullopt : std::optional(refusal);
}

Result<ReleaseManifest, DocumentRefusal> parse_release_manifest(std::string_view text) {
    ReleaseManifest manifest;
    if (const auto refusal = read_release_manifest(text, manifest)) return Unexpected(*refusal);
    return manifest;
}

}  // namespace otabahn::otawire
