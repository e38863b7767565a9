// SPDX-License-Identifier: Apache-2.0
// What a job document orders a device to install: otabahn's own form (design 4) or AWS's afr_ota (spec jobs 7.1, with the
// tolerance of both of AWS's parsers). Read into fixed-size structs of views over the document's text, which the caller keeps.
// Texts are JsonStrings: they stand as written, and are decoded (escapes) by whoever uses them.
#pragma once

#include "base/result.hpp"
#include "encoding/json.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::otawire {

using Sha256 = std::array<std::uint8_t, 32>;

inline constexpr std::size_t most_update_files = 8;
inline constexpr std::uint64_t job_document_schema = 1;

enum class SignatureAlgorithm : std::uint8_t { sha256_ecdsa, sha256_rsa, sha1_ecdsa, sha1_rsa };
enum class FileRole : std::uint8_t { image, index, data };
enum class DocumentKind : std::uint8_t { otabahn_update, afr_ota };

struct Signature {
    SignatureAlgorithm algorithm = SignatureAlgorithm::sha256_ecdsa;
    encoding::JsonString value;        // base64 (ECDSA: DER)
    encoding::JsonString certificate;  // a hint, never a path; may be empty
};

struct UpdateFile {
    std::uint32_t file_id = 0;  // in the stream, 0 to 255
    encoding::JsonString name;  // afr_ota: filepath; may be empty there
    std::uint64_t size = 0;
    std::optional<Sha256> sha256;  // always there in otabahn's own form
    std::optional<Signature> signature;
    encoding::JsonString url;  // may be empty
    FileRole role = FileRole::image;
    std::uint32_t file_type = 0;  // afr_ota: fileType; 0 is the device's own firmware
};

struct SignedRelease {
    encoding::JsonString manifest;  // base64 of the exact bytes signed; they are JSON: release_manifest.hpp
    Signature signature;
};

struct JobDocument {
    DocumentKind kind = DocumentKind::otabahn_update;
    encoding::JsonString version;  // afr_ota: empty, it has none
    encoding::JsonString stream;
    std::array<UpdateFile, most_update_files> file_slots{};
    std::size_t file_count = 0;
    std::optional<SignedRelease> release;
    std::string_view parameters;               // an object's JSON text, or empty
    std::string_view certificates;             // a JSON array of base64 DER, or empty: of signers that a trusted one has signed
    bool over_mqtt = true, over_http = false;  // what it offers
    std::span<const UpdateFile> files() const { return {file_slots.data(), file_count}; }
};

enum class DocumentFault : std::uint8_t {
    not_json,
    missing_member,
    wrong_type,
    out_of_range,  // a number or text outside what the member takes
    unknown_operation,
    schema_too_high,
    unknown_role,
    unknown_algorithm,
    too_many_files,
    no_image,        // no file has the role image
    duplicate_file,  // two files with one id
    no_transport,    // afr_ota: neither MQTT with a stream nor HTTP with a URL
};

struct DocumentRefusal {
    DocumentFault fault = DocumentFault::not_json;
    int file = -1;  // which of files[], where it is one
    // Where, for people: files[] signature value
    std::string_view where = {}, member = {}, part = {};
};

// The word for logs and tests: "missing-member".
std::string_view name_of(DocumentFault fault);
// A sentence: "The job document's member files[0].sha256 is missing." Cut when `out` is too small; empty in a build without texts.
std::string_view describe(const DocumentRefusal& refusal, std::string_view what, std::span<char> out);

// Nothing: the document is read. It is large: small devices hand in where it goes.
std::optional<DocumentRefusal> read_job_document(std::string_view text, JobDocument& document);
Result<JobDocument, DocumentRefusal> parse_job_document(std::string_view text);

// parameters, one after the other.
struct Parameter {
    encoding::JsonString name;
    encoding::JsonKind kind = encoding::JsonKind::null;
    encoding::JsonString text;  // kind string
    std::string_view raw;       // any kind: the value's JSON text
};
class Parameters {
  public:
    explicit Parameters(std::string_view object);
    bool next(Parameter& parameter);

  private:
    encoding::JsonReader reader_;
    bool open_;
};

}  // namespace otabahn::otawire
