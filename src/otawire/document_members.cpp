// SPDX-License-Identifier: Apache-2.0
#include "otawire/document_members.hpp"

#include "encoding/hex.hpp"
#include "encoding/word_list.hpp"

#include <array>

namespace otabahn::otawire {

using encoding::JsonKind;
using encoding::JsonReader;
using encoding::JsonString;

namespace {

struct RoleRow {
    FileRole role;
    std::string_view name;
};
constexpr RoleRow role_table[] = {{FileRole::image, "image"}, {FileRole::index, "index"}, {FileRole::data, "data"}};
constexpr auto roles = encoding::pack_words<role_table, &RoleRow::role, &RoleRow::name>();

struct AlgorithmRow {
    SignatureAlgorithm algorithm;
    std::string_view name;
};
constexpr AlgorithmRow algorithm_table[] = {{SignatureAlgorithm::sha256_ecdsa, "SHA256-ECDSA"},
                                            {SignatureAlgorithm::sha256_rsa, "SHA256-RSA"}};
constexpr auto algorithms = encoding::pack_words<algorithm_table, &AlgorithmRow::algorithm, &AlgorithmRow::name>();

std::optional<std::uint8_t> find_in(const char* words, const JsonString& string) {
    std::array<char, 16> room;
    const auto text = string.decode(room);
    return text ? encoding::find_number(words, *text) : std::nullopt;
}

struct SignatureTexts {
    JsonString algorithm, value, certificate;
};
constexpr MemberRow signature_rows[] = {
    {"algorithm", Shape::text, true, 64, offsetof(SignatureTexts, algorithm)},
    {"value", Shape::text, true, 2048, offsetof(SignatureTexts, value)},
    {"certificate", Shape::maybe_text, false, 255, offsetof(SignatureTexts, certificate)},
};

}  // namespace

bool MemberReader::refuse(DocumentFault fault, const char* member) {
    refusal_.fault = fault;
    if constexpr (texts) {
        refusal_.where = where_;
        refusal_.member = member;
    }
    return false;
}

bool MemberReader::read(std::string_view object, std::span<const MemberRow> rows, void* into) {
    std::string_view values[most_member_rows];
    return collect(object, rows, values) && take_all(rows, values, into);
}

bool MemberReader::collect(std::string_view object, std::span<const MemberRow> rows, std::string_view* values) {
    JsonReader in(object);
    bool sound = in.enter_object();
    for (JsonString key; sound && in.next_member(key);) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!key.equals(rows[i].name)) continue;
            const bool null = in.kind() == JsonKind::null;
            sound = in.read_raw(values[i]);
            if (null) values[i] = {};
            break;
        }
    }
    return (sound && in.finish()) || refuse(DocumentFault::wrong_type, "");
}

bool MemberReader::take_all(std::span<const MemberRow> rows, const std::string_view* values, void* into) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (values[i].empty()) {
            if (rows[i].needed) return refuse(DocumentFault::missing_member, rows[i].name);
        } else if (!take(rows[i], values[i], static_cast<char*>(into) + rows[i].offset)) {
            return false;
        }
    }
    return true;
}

bool MemberReader::take(const MemberRow& row, std::string_view value, void* into) {
    const auto fault = [&](DocumentFault found) { return refuse(found, row.name); };
    JsonReader in(value);
    const JsonKind kind = in.kind();
    JsonString text;
    std::uint64_t number = 0;
    switch (row.shape) {
        case Shape::object:
        case Shape::array:
            return kind == (row.shape == Shape::object ? JsonKind::object : JsonKind::array) || fault(DocumentFault::wrong_type);
        case Shape::signature:
            return take_signature(value, row.name, *static_cast<std::optional<Signature>*>(into));
        case Shape::schema:
        case Shape::count:
        case Shape::number: {
            if (quoted_ && in.read_string(text)) in = JsonReader(text.raw());
            if (!in.read_unsigned(number) || !in.finish()) {
                std::int64_t negative = 0;
                return fault(in.read_integer(negative) ? DocumentFault::out_of_range : DocumentFault::wrong_type);
            }
            if (row.shape == Shape::number) {
                *static_cast<std::uint32_t*>(into) = static_cast<std::uint32_t>(number);
                return number <= (row.most == 0 ? UINT32_MAX : row.most) || fault(DocumentFault::out_of_range);
            }
            if (number == 0) return fault(DocumentFault::out_of_range);
            if (row.shape == Shape::schema) return number <= job_document_schema || fault(DocumentFault::schema_too_high);
            *static_cast<std::uint64_t*>(into) = number;
            return true;
        }
        default:
            break;
    }
    if (!in.read_string(text)) return fault(DocumentFault::wrong_type);
    if (row.shape == Shape::operation) return text.equals("otabahn.update") || fault(DocumentFault::unknown_operation);
    if (row.shape == Shape::role) {
        const auto role = find_in(roles.data(), text);
        if (role) *static_cast<FileRole*>(into) = static_cast<FileRole>(*role);
        return role || fault(DocumentFault::unknown_role);
    }
    if (row.shape == Shape::hash || row.shape == Shape::maybe_hash) {
        std::array<char, 64> room;
        const auto digits = text.decode(room);
        Sha256& hash = row.shape == Shape::hash ? *static_cast<Sha256*>(into) : static_cast<std::optional<Sha256>*>(into)->emplace();
        return (digits && digits->size() == room.size() && encoding::decode_hex(*digits, hash)) || fault(DocumentFault::out_of_range);
    }
    *static_cast<JsonString*>(into) = text;
    const std::size_t size = text.size();
    return (size <= row.most && (size > 0 || row.shape == Shape::maybe_text)) || fault(DocumentFault::out_of_range);
}

bool MemberReader::take_signature(std::string_view object, const char* name, std::optional<Signature>& out) {
    SignatureTexts found;
    Signature& signature = out.emplace();
    if (read(object, signature_rows, &found)) {
        const auto algorithm = find_in(algorithms.data(), found.algorithm);
        if (algorithm) {
            signature = {static_cast<SignatureAlgorithm>(*algorithm), found.value, found.certificate};
            return true;
        }
        refuse(DocumentFault::unknown_algorithm, signature_rows[0].name);
    }
    if constexpr (texts) {
        refusal_.part = refusal_.member;
        refusal_.member = name;
    }
    return false;
}

bool MemberReader::read_files(const char* where, std::string_view array, bool (*read_file)(MemberReader&, std::string_view, void*),
                              void* slots, std::size_t slot_bytes, std::size_t& count) {
    const char* const outside = where_;
    Elements elements(array);
    for (std::string_view element; elements.next(element); ++count) {
        if (count == most_update_files) return refuse(DocumentFault::too_many_files, "files");
        enter(where, static_cast<int>(count));
        if (!read_file(*this, element, static_cast<char*>(slots) + count * slot_bytes)) return false;
        enter(outside);
    }
    return count > 0 || refuse(DocumentFault::no_image, "files");
}

bool refuse_doubles(MemberReader& reader, const JobDocument& document, const char* where, const char* member) {
    for (std::size_t i = 1; i < document.file_count; ++i)
        for (std::size_t j = 0; j < i; ++j) {
            if (document.file_slots[i].file_id != document.file_slots[j].file_id) continue;
            reader.enter(where, static_cast<int>(i));
            return reader.refuse(DocumentFault::duplicate_file, member);
        }
    return true;
}

Elements::Elements(std::string_view array) : reader_(array), open_(reader_.enter_array()) {}

bool Elements::next(std::string_view& element) { return open_ && reader_.next_element() && reader_.read_raw(element); }

bool Elements::next_string(JsonString& string) {
    if (!open_ || broken_ || !reader_.next_element()) return false;
    broken_ = !reader_.read_string(string);
    return !broken_;
}

}  // namespace otabahn::otawire
