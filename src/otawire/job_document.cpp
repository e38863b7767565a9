// SPDX-License-Identifier: Apache-2.0
#include "otawire/job_document.hpp"

#include "otawire/document_members.hpp"
#include "otawire/sentence.hpp"
#include "otawire/stream_topic.hpp"

namespace otabahn::otawire {

using encoding::JsonKind;
using encoding::JsonReader;
using encoding::JsonString;

namespace {

struct FaultRow {
    DocumentFault fault;
    std::string_view name;
    std::string_view sentence;  // after "WHAT's member NAME "
};

constexpr FaultRow faults[] = {
    {DocumentFault::not_json, "not-json", ""},
    {DocumentFault::missing_member, "missing-member", "is missing."},
    {DocumentFault::wrong_type, "wrong-type", "is of another type than it must be."},
    {DocumentFault::out_of_range, "out-of-range", "has a value that it does not take."},
    {DocumentFault::unknown_operation, "unknown-operation", "names an operation that this agent does not know."},
    {DocumentFault::schema_too_high, "schema-too-high", "is higher than this agent knows; it needs a newer agent."},
    {DocumentFault::unknown_role, "unknown-role", "is none of image, index, data."},
    {DocumentFault::unknown_algorithm, "unknown-algorithm", "names an algorithm that this agent does not know."},
    {DocumentFault::too_many_files, "too-many-files", "has more files than this agent takes (8)."},
    {DocumentFault::no_image, "no-image", "has no file with the role image."},
    {DocumentFault::duplicate_file, "duplicate-file", "stands in two files."},
    {DocumentFault::no_transport, "no-transport", "offers neither MQTT with a streamname nor HTTP with a URL for each file."},
};
static_assert(most_update_files == 8, "the sentence of too_many_files says 8");

constexpr bool rows_stand_in_order() {
    std::size_t at = 0;
    for (const FaultRow& row : faults)
        if (static_cast<std::size_t>(row.fault) != at++) return false;
    return true;
}
static_assert(rows_stand_in_order());

bool read_role(MemberReading& reading, const Member& member, FileRole& role) {
    if (member.missing()) return true;
    JsonString text;
    if (!reading.text(member, 0, SIZE_MAX, text)) return false;
    if (text.equals("image"))
        role = FileRole::image;
    else if (text.equals("index"))
        role = FileRole::index;
    else if (text.equals("data"))
        role = FileRole::data;
    else
        return reading.refuse(DocumentFault::unknown_role, member.path);
    return true;
}

bool read_file(MemberReading& reading, std::string_view text, UpdateFile& file) {
    enum { id, name, size, sha256, signature, url, role };
    std::array<Member, 7> members{{{"fileId", "files[].fileId"},
                                   {"name", "files[].name"},
                                   {"size", "files[].size"},
                                   {"sha256", "files[].sha256"},
                                   {"signature", "files[].signature"},
                                   {"url", "files[].url"},
                                   {"role", "files[].role"}}};
    std::uint64_t file_id = 0;
    Sha256 hash{};
    if (!reading.members_of({"", "files[]", text}, members) || !reading.number(members[id], 0, 255, file_id) ||
        !reading.text(members[name], 1, 255, file.name) || !reading.number(members[size], 1, UINT64_MAX, file.size) ||
        !reading.hash(members[sha256], hash))
        return false;
    file.file_id = static_cast<std::uint32_t>(file_id);
    file.sha256 = hash;
    if (!members[signature].missing()) {
        Signature found;
        if (!reading.signature(members[signature], "files[].signature.algorithm", "files[].signature.value",
                               "files[].signature.certificate", found))
            return false;
        file.signature = found;
    }
    return reading.optional_text(members[url], 4096, file.url) && read_role(reading, members[role], file.role);
}

bool read_files(MemberReading& reading, const Member& member, JobDocument& document) {
    if (member.missing()) return reading.refuse(DocumentFault::missing_member, member.path);
    Elements elements(member.value);
    if (!elements.is_array()) return reading.refuse(DocumentFault::wrong_type, member.path);
    bool image = false;
    for (std::string_view element; elements.next(element);) {
        if (document.file_count == most_update_files) return reading.refuse(DocumentFault::too_many_files, member.path);
        reading.enter_file(static_cast<int>(document.file_count));
        UpdateFile& file = document.file_slots[document.file_count];
        if (!read_file(reading, element, file)) return false;
        for (const UpdateFile& earlier : document.files())
            if (earlier.file_id == file.file_id) return reading.refuse(DocumentFault::duplicate_file, "files[].fileId");
        ++document.file_count;
        image = image || file.role == FileRole::image;
        reading.enter_file(-1);
    }
    return image || reading.refuse(DocumentFault::no_image, member.path);
}

bool read_release(MemberReading& reading, const Member& member, JobDocument& document) {
    if (member.missing()) return true;
    std::array<Member, 2> members{{{"manifest", "release.manifest"}, {"signature", "release.signature"}}};
    SignedRelease release;
    if (!reading.members_of(member, members) || !reading.text(members[0], 1, 65536, release.manifest) ||
        !reading.signature(members[1], "release.signature.algorithm", "release.signature.value", "release.signature.certificate",
                           release.signature))
        return false;
    document.release = release;
    return true;
}

bool read_document(MemberReading& reading, std::span<const Member> members, JobDocument& document) {
    enum { operation, schema, version, stream, files, release, parameters };
    JsonString name;
    if (!reading.text(members[operation], 0, SIZE_MAX, name)) return false;
    if (!name.equals("otabahn.update")) return reading.refuse(DocumentFault::unknown_operation, "operation");
    std::uint64_t number = 0;
    if (!reading.number(members[schema], 1, UINT64_MAX, number)) return false;
    if (number > job_document_schema) return reading.refuse(DocumentFault::schema_too_high, "schema");
    if (!reading.text(members[version], 1, 128, document.version) || !reading.text(members[stream], 1, 128, document.stream)) return false;
    std::array<char, 128> room;
    const auto stream_id = document.stream.decode(room);
    if (!stream_id || !is_stream_id(*stream_id)) return reading.refuse(DocumentFault::out_of_range, "stream");
    if (!read_files(reading, members[files], document) || !read_release(reading, members[release], document)) return false;
    if (members[parameters].missing()) return true;
    document.parameters = members[parameters].value;
    return reading.object(members[parameters]);
}

}  // namespace

std::string_view name_of(DocumentFault fault) { return faults[static_cast<std::size_t>(fault)].name; }

std::string_view describe(const DocumentRefusal& refusal, std::string_view what, std::span<char> out) {
    Sentence sentence(out);
    sentence.add(what);
    if (refusal.fault == DocumentFault::not_json) return sentence.add(" is not a JSON object.").text();
    sentence.add("'s member ");
    for (const char c : refusal.member) {
        if (c == ']' && refusal.file >= 0) sentence.add(static_cast<std::uint64_t>(refusal.file));
        sentence.add(std::string_view(&c, 1));
    }
    return sentence.add(" ").add(faults[static_cast<std::size_t>(refusal.fault)].sentence).text();
}

Result<JobDocument, DocumentRefusal> parse_job_document(std::string_view text) {
    constexpr std::size_t own = 7;
    std::array<Member, own + 1> members{{{"operation", "operation"},
                                         {"schema", "schema"},
                                         {"version", "version"},
                                         {"stream", "stream"},
                                         {"files", "files"},
                                         {"release", "release"},
                                         {"parameters", "parameters"},
                                         {"afr_ota", "afr_ota"}}};
    if (!collect_members(text, members)) return Unexpected(DocumentRefusal{DocumentFault::not_json, {}, -1});
    const Member& afr_ota = members[own];
    if (members[0].missing() && !afr_ota.missing()) return parse_afr_ota(afr_ota.value);
    JobDocument document;
    MemberReading reading;
    if (!read_document(reading, std::span(members).first(own), document)) return Unexpected(reading.refusal());
    return document;
}

Parameters::Parameters(std::string_view object) : reader_(object), open_(reader_.enter_object()) {}

bool Parameters::next(Parameter& parameter) {
    if (!open_ || !reader_.next_member(parameter.name)) return false;
    parameter.kind = reader_.kind();
    parameter.text = {};
    if (!reader_.read_raw(parameter.raw)) return false;
    if (parameter.kind == JsonKind::string) return JsonReader(parameter.raw).read_string(parameter.text);
    return true;
}

}  // namespace otabahn::otawire
