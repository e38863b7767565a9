// SPDX-License-Identifier: Apache-2.0
// AWS's afr_ota document (spec jobs 7.1): what either of AWS's two parsers takes is taken here. There is no hash and no version
// in it, so the signature is all that speaks for the image.
#include "otawire/document_members.hpp"

namespace otabahn::otawire {

using encoding::JsonString;

namespace {

struct FileIn {
    UpdateFile file;
    JsonString certificate;
    JsonString signatures[4];
};
constexpr MemberRow file_rows[] = {
    {"filesize", Shape::count, true, 0, offsetof(FileIn, file.size)},
    {"fileid", Shape::number, true, 255, offsetof(FileIn, file.file_id)},
    {"filepath", Shape::maybe_text, false, 255, offsetof(FileIn, file.name)},
    {"certfile", Shape::maybe_text, false, 255, offsetof(FileIn, certificate)},
    {"update_data_url", Shape::maybe_text, false, 4096, offsetof(FileIn, file.url)},
    {"fileType", Shape::number, false, 255, offsetof(FileIn, file.file_type)},
    // In the order of SignatureAlgorithm, which is that of preference, should a document have several.
    {"sig-sha256-ecdsa", Shape::text, false, 2048, offsetof(FileIn, signatures[0])},
    {"sig-sha256-rsa", Shape::text, false, 2048, offsetof(FileIn, signatures[1])},
    {"sig-sha1-ecdsa", Shape::text, false, 2048, offsetof(FileIn, signatures[2])},
    {"sig-sha1-rsa", Shape::text, false, 2048, offsetof(FileIn, signatures[3])},
};
static_assert(std::size(file_rows) <= most_member_rows);
static_assert(static_cast<int>(SignatureAlgorithm::sha256_ecdsa) == 0 && static_cast<int>(SignatureAlgorithm::sha1_rsa) == 3);

bool read_file(MemberReader& reader, std::string_view text, void* slot) {
    FileIn in;
    if (!reader.read(text, file_rows, &in)) return false;
    for (std::size_t i = std::size(in.signatures); i-- > 0;)
        if (!in.signatures[i].raw().empty()) in.file.signature = {static_cast<SignatureAlgorithm>(i), in.signatures[i], in.certificate};
    *static_cast<UpdateFile*>(slot) = in.file;
    return true;
}

constexpr MemberRow body_rows[] = {
    {"protocols", Shape::array, true, 0, 0},
    {"streamname", Shape::maybe_text, false, 128, offsetof(JobDocument, stream)},
    {"files", Shape::array, true, 0, 0},
};

}  // namespace

bool read_afr_ota(MemberReader& reader, std::string_view object, JobDocument& document) {
    std::string_view values[std::size(body_rows)];
    reader.take_quoted_numbers();
    reader.enter("afr_ota");
    if (!reader.collect(object, body_rows, values) || !reader.take_all(body_rows, values, &document)) return false;
    document.kind = DocumentKind::afr_ota;
    document.over_mqtt = false;
    Elements names(values[0]);
    for (JsonString name; names.next_string(name);) {
        document.over_mqtt = document.over_mqtt || name.equals("MQTT");
        document.over_http = document.over_http || name.equals("HTTP");
    }
    if (names.broken()) return reader.refuse(DocumentFault::wrong_type, "protocols");
    if (!reader.read_files("afr_ota.files[]", values[2], read_file, document.file_slots.data(), sizeof(UpdateFile), document.file_count) ||
        !refuse_doubles(reader, document, "afr_ota.files[]", "fileid"))
        return false;
    const bool has_stream = !document.stream.raw().empty();
    if (has_stream && !holds_stream_id(document.stream)) return reader.refuse(DocumentFault::out_of_range, "streamname");
    document.over_mqtt = document.over_mqtt && has_stream;
    for (const UpdateFile& file : document.files()) document.over_http = document.over_http && !file.url.raw().empty();
    return document.over_mqtt || document.over_http || reader.refuse(DocumentFault::no_transport, "protocols");
}

}  // namespace otabahn::otawire
