// SPDX-License-Identifier: Apache-2.0
// AWS's afr_ota document (spec jobs 7.1): what either of AWS's two parsers takes is taken here. There is no hash and no version
// in it, so the signature is all that speaks for the image.
#include "otawire/document_members.hpp"
#include "otawire/stream_topic.hpp"

namespace otabahn::otawire {

using encoding::JsonReader;
using encoding::JsonString;

namespace {

struct SignatureKey {
    std::string_view name, path;
    SignatureAlgorithm algorithm;
};
// In the order of preference, should a document have several.
constexpr SignatureKey signature_keys[] = {
    {"sig-sha256-ecdsa", "afr_ota.files[].sig-sha256-ecdsa", SignatureAlgorithm::sha256_ecdsa},
    {"sig-sha256-rsa", "afr_ota.files[].sig-sha256-rsa", SignatureAlgorithm::sha256_rsa},
    {"sig-sha1-ecdsa", "afr_ota.files[].sig-sha1-ecdsa", SignatureAlgorithm::sha1_ecdsa},
    {"sig-sha1-rsa", "afr_ota.files[].sig-sha1-rsa", SignatureAlgorithm::sha1_rsa},
};

// A number, or one written as a string of digits.
bool read_number(MemberReading& reading, const Member& member, std::uint64_t least, std::uint64_t most, std::uint64_t& out) {
    JsonString string;
    if (member.missing() || !JsonReader(member.value).read_string(string)) return reading.number(member, least, most, out);
    Member digits = member;
    digits.value = string.raw();
    return !digits.value.empty() && JsonReader(digits.value).finish() ? reading.number(digits, least, most, out)
                                                                      : reading.refuse(DocumentFault::wrong_type, member.path);
}

bool read_protocols(MemberReading& reading, const Member& member, bool& mqtt, bool& http) {
    if (member.missing()) return reading.refuse(DocumentFault::missing_member, member.path);
    Elements elements(member.value);
    if (!elements.is_array()) return reading.refuse(DocumentFault::wrong_type, member.path);
    for (std::string_view element; elements.next(element);) {
        JsonString name;
        if (!JsonReader(element).read_string(name)) return reading.refuse(DocumentFault::wrong_type, member.path);
        mqtt = mqtt || name.equals("MQTT");
        http = http || name.equals("HTTP");
    }
    return true;
}

bool read_file(MemberReading& reading, std::string_view text, UpdateFile& file) {
    enum { path, size, id, certificate, type, url, signatures };
    constexpr std::size_t kinds = std::size(signature_keys);
    std::array<Member, signatures + kinds> members{{{"filepath", "afr_ota.files[].filepath"},
                                                    {"filesize", "afr_ota.files[].filesize"},
                                                    {"fileid", "afr_ota.files[].fileid"},
                                                    {"certfile", "afr_ota.files[].certfile"},
                                                    {"fileType", "afr_ota.files[].fileType"},
                                                    {"update_data_url", "afr_ota.files[].update_data_url"}}};
    for (std::size_t i = 0; i < kinds; ++i) members[signatures + i] = {signature_keys[i].name, signature_keys[i].path};
    std::uint64_t file_id = 0, file_type = 0;
    Signature signature;
    if (!reading.members_of({"", "afr_ota.files[]", text}, members) || !read_number(reading, members[size], 1, UINT64_MAX, file.size) ||
        !read_number(reading, members[id], 0, 255, file_id) || !reading.optional_text(members[path], 255, file.name) ||
        !reading.optional_text(members[certificate], 255, signature.certificate) || !reading.optional_text(members[url], 4096, file.url))
        return false;
    if (!members[type].missing() && !read_number(reading, members[type], 0, 255, file_type)) return false;
    file.file_id = static_cast<std::uint32_t>(file_id);
    file.file_type = static_cast<std::uint32_t>(file_type);
    for (std::size_t i = 0; i < kinds && !file.signature; ++i) {
        const Member& member = members[signatures + i];
        if (member.missing()) continue;
        if (!reading.text(member, 1, 2048, signature.value)) return false;
        signature.algorithm = signature_keys[i].algorithm;
        file.signature = signature;
    }
    return true;
}

bool read_document(MemberReading& reading, std::string_view object, JobDocument& document) {
    enum { protocols, stream, files };
    std::array<Member, 3> members{{{"protocols", "afr_ota.protocols"}, {"streamname", "afr_ota.streamname"}, {"files", "afr_ota.files"}}};
    bool mqtt = false, http = false;
    if (!reading.members_of({"", "afr_ota", object}, members) || !read_protocols(reading, members[protocols], mqtt, http) ||
        !reading.optional_text(members[stream], 128, document.stream))
        return false;
    if (members[files].missing()) return reading.refuse(DocumentFault::missing_member, members[files].path);
    Elements elements(members[files].value);
    if (!elements.is_array()) return reading.refuse(DocumentFault::wrong_type, members[files].path);
    bool urls = true;
    for (std::string_view element; elements.next(element);) {
        if (document.file_count == most_update_files) return reading.refuse(DocumentFault::too_many_files, members[files].path);
        reading.enter_file(static_cast<int>(document.file_count));
        UpdateFile& file = document.file_slots[document.file_count];
        if (!read_file(reading, element, file)) return false;
        for (const UpdateFile& earlier : document.files())
            if (earlier.file_id == file.file_id) return reading.refuse(DocumentFault::duplicate_file, "afr_ota.files[].fileid");
        ++document.file_count;
        urls = urls && !file.url.raw().empty();
        reading.enter_file(-1);
    }
    if (document.file_count == 0) return reading.refuse(DocumentFault::no_image, members[files].path);
    std::array<char, 128> room;
    const auto stream_id = document.stream.decode(room);
    if (stream_id && !stream_id->empty() && !is_stream_id(*stream_id))
        return reading.refuse(DocumentFault::out_of_range, members[stream].path);
    document.over_mqtt = mqtt && !document.stream.raw().empty();
    document.over_http = http && urls;
    return document.over_mqtt || document.over_http || reading.refuse(DocumentFault::no_transport, members[protocols].path);
}

}  // namespace

Result<JobDocument, DocumentRefusal> parse_afr_ota(std::string_view object) {
    JobDocument document;
    document.kind = DocumentKind::afr_ota;
    MemberReading reading;
    if (!read_document(reading, object, document)) return Unexpected(reading.refusal());
    return document;
}

}  // namespace otabahn::otawire
