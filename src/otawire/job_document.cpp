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

constexpr MemberRow file_rows[] = {
    {"fileId", Shape::number, true, 255, offsetof(UpdateFile, file_id)},
    {"name", Shape::text, true, 255, offsetof(UpdateFile, name)},
    {"size", Shape::count, true, 0, offsetof(UpdateFile, size)},
    {"sha256", Shape::maybe_hash, true, 0, offsetof(UpdateFile, sha256)},
    {"signature", Shape::signature, false, 0, offsetof(UpdateFile, signature)},
    {"url", Shape::maybe_text, false, 4096, offsetof(UpdateFile, url)},
    {"role", Shape::role, false, 0, offsetof(UpdateFile, role)},
};

bool read_file(MemberReader& reader, std::string_view text, void* slot) { return reader.read(text, file_rows, slot); }

struct ReleaseIn {
    JsonString manifest;
    std::optional<Signature> signature;
};
constexpr MemberRow release_rows[] = {
    {"manifest", Shape::text, true, UINT16_MAX, offsetof(ReleaseIn, manifest)},
    {"signature", Shape::signature, true, 0, offsetof(ReleaseIn, signature)},
};

// The operation and the schema come first: a newer document may lack or carry anything else.
constexpr MemberRow body_rows[] = {
    {"operation", Shape::operation, true, 64, 0},
    {"schema", Shape::schema, true, 0, 0},
    {"version", Shape::text, true, 128, offsetof(JobDocument, version)},
    {"stream", Shape::text, true, 128, offsetof(JobDocument, stream)},
    {"files", Shape::array, true, 0, 0},
    {"release", Shape::object, false, 0, 0},
    {"parameters", Shape::object, false, 0, 0},
    {"certificates", Shape::array, false, 0, 0},
    {"afr_ota", Shape::object, false, 0, 0},  // has rows of its own
};
enum { operation_row, files_row = 4, release_row, parameters_row, certificates_row, afr_ota_row };

bool read_body(MemberReader& reader, const std::string_view* values, JobDocument& document) {
    if (!reader.take_all(std::span(body_rows).first<afr_ota_row>(), values, &document)) return false;
    document.parameters = values[parameters_row];
    document.certificates = values[certificates_row];
    if (!holds_stream_id(document.stream)) return reader.refuse(DocumentFault::out_of_range, "stream");
    if (!reader.read_files("files[]", values[files_row], read_file, document.file_slots.data(), sizeof(UpdateFile), document.file_count) ||
        !refuse_doubles(reader, document, "files[]", "fileId"))
        return false;
    bool image = false;
    for (const UpdateFile& file : document.files()) image = image || file.role == FileRole::image;
    if (!image) return reader.refuse(DocumentFault::no_image, "files");
    if (values[release_row].empty()) return true;
    ReleaseIn release;
    reader.enter("release");
    if (!reader.read(values[release_row], release_rows, &release)) return false;
    document.release = SignedRelease{release.manifest, *release.signature};
    return true;
}

}  // namespace

bool holds_stream_id(const JsonString& string) {
    std::array<char, 128> room;
    const auto text = string.decode(room);
    return text && is_stream_id(*text);
}

std::string_view name_of(DocumentFault fault) { return faults[static_cast<std::size_t>(fault)].name; }

std::string_view describe(const DocumentRefusal& refusal, std::string_view what, std::span<char> out) {
    if constexpr (!texts) return {};
    Sentence sentence(out);
    sentence.add(what);
    if (refusal.fault == DocumentFault::not_json) return sentence.add(" is not a JSON object.").text();
    sentence.add("'s member ");
    for (const char c : refusal.where) {
        if (c == ']' && refusal.file >= 0) sentence.add(static_cast<std::uint64_t>(refusal.file));
        sentence.add(std::string_view(&c, 1));
    }
    bool first = refusal.where.empty();
    for (const std::string_view part : {refusal.member, refusal.part}) {
        if (part.empty()) continue;
        sentence.add(first ? "" : ".").add(part);
        first = false;
    }
    return sentence.add(" ").add(faults[static_cast<std::size_t>(refusal.fault)].sentence).text();
}

std::optional<DocumentRefusal> read_job_document(std::string_view text, JobDocument& document) {
    DocumentRefusal refusal;
    MemberReader reader(refusal);
    std::string_view values[most_member_rows];
    document = JobDocument();
    if (!reader.collect(text, body_rows, values)) return DocumentRefusal();
    const bool sound = values[operation_row].empty() && !values[afr_ota_row].empty() ? read_afr_ota(reader, values[afr_ota_row], document)
                                                                                     : read_body(reader, values, document);
    return sound ? std::nullopt : std::optional(refusal);
}

Result<JobDocument, DocumentRefusal> parse_job_document(std::string_view text) {
    JobDocument document;
    if (const auto refusal = read_job_document(text, document)) return Unexpected(*refusal);
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
