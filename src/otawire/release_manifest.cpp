// SPDX-License-Identifier: Apache-2.0
#include "otawire/release_manifest.hpp"

#include "otawire/document_members.hpp"

namespace otabahn::otawire {

using encoding::JsonReader;
using encoding::JsonString;

namespace {

bool read_file(MemberReading& reading, std::string_view text, ManifestFile& file) {
    std::array<Member, 4> members{
        {{"name", "files[].name"}, {"size", "files[].size"}, {"sha256", "files[].sha256"}, {"index", "files[].index"}}};
    if (!reading.members_of({"", "files[]", text}, members) || !reading.text(members[0], 1, 255, file.name) ||
        !reading.number(members[1], 1, UINT64_MAX, file.size) || !reading.hash(members[2], file.sha256))
        return false;
    if (members[3].missing()) return true;
    Sha256 index{};
    if (!reading.hash(members[3], index)) return false;
    file.index = index;
    return true;
}

bool read_hardware(MemberReading& reading, const Member& member, std::string_view& hardware) {
    if (member.missing()) return reading.refuse(DocumentFault::missing_member, member.path);
    Elements elements(member.value);
    if (!elements.is_array()) return reading.refuse(DocumentFault::wrong_type, member.path);
    for (std::string_view element; elements.next(element);) {
        JsonString name;
        if (!JsonReader(element).read_string(name)) return reading.refuse(DocumentFault::wrong_type, member.path);
    }
    hardware = member.value;
    return true;
}

bool read_manifest(MemberReading& reading, std::span<const Member> members, ReleaseManifest& manifest) {
    enum { schema, product, hardware, version, min_version, files, counter };
    std::uint64_t number = 0;
    if (!reading.number(members[schema], 1, UINT64_MAX, number)) return false;
    if (number > job_document_schema) return reading.refuse(DocumentFault::schema_too_high, members[schema].path);
    if (!reading.text(members[product], 0, 255, manifest.product) || !read_hardware(reading, members[hardware], manifest.hardware) ||
        !reading.text(members[version], 1, 128, manifest.version) ||
        !reading.optional_text(members[min_version], 128, manifest.min_version))
        return false;
    if (!members[counter].missing()) {
        if (!reading.number(members[counter], 0, UINT32_MAX, number)) return false;
        manifest.counter = static_cast<std::uint32_t>(number);
    }
    if (members[files].missing()) return reading.refuse(DocumentFault::missing_member, members[files].path);
    Elements elements(members[files].value);
    if (!elements.is_array()) return reading.refuse(DocumentFault::wrong_type, members[files].path);
    for (std::string_view element; elements.next(element);) {
        if (manifest.file_count == most_update_files) return reading.refuse(DocumentFault::too_many_files, members[files].path);
        reading.enter_file(static_cast<int>(manifest.file_count));
        if (!read_file(reading, element, manifest.file_slots[manifest.file_count])) return false;
        ++manifest.file_count;
        reading.enter_file(-1);
    }
    return manifest.file_count > 0 || reading.refuse(DocumentFault::no_image, members[files].path);
}

}  // namespace

bool ReleaseManifest::fits_product(std::string_view name) const { return product.size() == 0 || product.equals(name); }

bool ReleaseManifest::fits_hardware(std::string_view name) const {
    Elements elements(hardware);
    bool any = true;
    for (std::string_view element; elements.next(element);) {
        JsonString wanted;
        if (JsonReader(element).read_string(wanted) && wanted.equals(name)) return true;
        any = false;
    }
    return any;
}

const ManifestFile* ReleaseManifest::find_file(const Sha256& sha256, std::uint64_t size) const {
    for (const ManifestFile& file : files())
        if (file.size == size && file.sha256 == sha256) return &file;
    return nullptr;
}

Result<ReleaseManifest, DocumentRefusal> parse_release_manifest(std::string_view text) {
    std::array<Member, 7> members{{{"schema", "schema"},
                                   {"product", "product"},
                                   {"hardware", "hardware"},
                                   {"version", "version"},
                                   {"minVersion", "minVersion"},
                                   {"files", "files"},
                                   {"securityCounter", "securityCounter"}}};
    if (!collect_members(text, members)) return Unexpected(DocumentRefusal{DocumentFault::not_json, {}, -1});
    ReleaseManifest manifest;
    MemberReading reading;
    if (!read_manifest(reading, members, manifest)) return Unexpected(reading.refusal());
    return manifest;
}

}  // namespace otabahn::otawire
