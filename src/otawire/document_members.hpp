// SPDX-License-Identifier: Apache-2.0
// How job documents and manifests are read: an object's members are rows of a table, which says what each must be and where it
// goes. They are collected as they stand, then taken in the table's order, so that what decides is the document's meaning
// and not the order of its members. A member that is null counts as missing; of one that stands twice, the last counts.
#pragma once

#include "base/result.hpp"
#include "base/texts.hpp"
#include "encoding/json.hpp"
#include "otawire/job_document.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::otawire {

enum class Shape : std::uint8_t {
    text,        // JsonString, of 1 to `most` characters
    maybe_text,  // JsonString, of up to `most` characters
    operation,   // nothing is kept: it must be "otabahn.update"
    schema,      // nothing is kept: a number that must be one this agent knows
    count,       // std::uint64_t, 1 at least
    number,      // std::uint32_t, up to `most` (0: any)
    hash,        // Sha256: 64 hex digits
    maybe_hash,  // std::optional<Sha256>
    signature,   // std::optional<Signature>: {algorithm, value, certificate}
    role,        // FileRole
    object,      // nothing is kept: the caller has its text
    array,       // nothing is kept: the caller has its text
};

struct MemberRow {
    const char* name;
    Shape shape;
    bool needed;
    std::uint16_t most;
    std::uint16_t offset;  // in what the object is read into
};
inline constexpr std::size_t most_member_rows = 12;

// Reads members; the first that is not what it must be stays as the refusal.
class MemberReader {
  public:
    explicit MemberReader(DocumentRefusal& refusal) : refusal_(refusal) {}

    // Numbers may also stand as strings of digits.
    void take_quoted_numbers() { quoted_ = true; }
    // What the members read from here on belong to: "afr_ota.files[]", and which of them.
    void enter(const char* where, int file = -1) {
        where_ = where;
        refusal_.file = file;
    }
    bool read(std::string_view object, std::span<const MemberRow> rows, void* into);
    // The two halves of it: each row's JSON text, empty where it is missing, then what they must be.
    bool collect(std::string_view object, std::span<const MemberRow> rows, std::string_view* values);
    bool take_all(std::span<const MemberRow> rows, const std::string_view* values, void* into);
    // Each element of the array by `read_file` into a slot; none, or more than there are slots, is refused by the name `files`.
    bool read_files(const char* where, std::string_view array, bool (*read_file)(MemberReader&, std::string_view, void* slot), void* slots,
                    std::size_t slot_bytes, std::size_t& count);
    bool refuse(DocumentFault fault, const char* member);

  private:
    bool take(const MemberRow& row, std::string_view value, void* into);
    bool take_signature(std::string_view object, const char* name, std::optional<Signature>& out);

    DocumentRefusal& refusal_;
    const char* where_ = "";
    bool quoted_ = false;
};

// The elements of an array that is known to be well-formed, as JSON texts.
class Elements {
  public:
    explicit Elements(std::string_view array);
    bool next(std::string_view& element);
    bool next_string(encoding::JsonString& string);
    bool broken() const { return broken_; }  // an element was no string

  private:
    encoding::JsonReader reader_;
    bool open_;
    bool broken_ = false;
};

// afr_ota_document.cpp: `object` is the value of the member afr_ota.
bool read_afr_ota(MemberReader& reader, std::string_view object, JobDocument& document);
// Two files of one stream are two files.
bool refuse_doubles(MemberReader& reader, const JobDocument& document, const char* where, const char* member);
bool holds_stream_id(const encoding::JsonString& string);

}  // namespace otabahn::otawire
