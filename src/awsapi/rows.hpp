// SPDX-License-Identifier: Apache-2.0
// What an API model says, as constant rows: services, operations, shapes, members, errors. codegen/ emits them into
// generated/api/*_rows.cpp; one walker per protocol family reads them, so that no code is made per operation. A value is
// reached through untyped pointers and a few operations per C++ type: the rows alone know which type a pointer has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace otabahn::awsapi {

struct PatternRow;
struct ServiceRow;
struct ShapeRow;

enum class Family : std::uint8_t { rest_json, rest_xml, query, json_1_1 };

// The C++ type behind each: std::string (string and blob), int32, int64, bool, double, Timestamp, a generated struct,
// std::vector<T>, std::map<std::string, T>.
enum class Kind : std::uint8_t { string, blob, integer, long_integer, boolean, decimal, timestamp, structure, list, map };

enum class Location : std::uint8_t { body, uri, query, header, headers, status };  // headers: a prefix, a map of the rest of the names

// by_place: what the family does there; iso8601 has milliseconds (S3), iso8601_seconds none (IAM, STS).
enum class TimestampForm : std::uint8_t { by_place, iso8601, iso8601_seconds, rfc822, epoch_seconds };

// A member that may be absent is a std::optional<T>.
struct OptionalOps {
    void* (*emplace)(void* optional);
    const void* (*find)(const void* optional);  // null: absent
};
struct ListOps {
    std::size_t (*size)(const void* list);
    const void* (*at)(const void* list, std::size_t index);
    void* (*append)(void* list);
};
struct MapOps {
    std::size_t (*size)(const void* map);
    void* (*insert)(void* map, std::string key);
    void (*for_each)(const void* map, void* context, void (*visit)(void* context, const std::string& key, const void* value));
};

// For who holds an operation's row alone, without its types: fuzz targets and the tests that walk every row.
struct StructureOps {
    void* (*create)();
    void (*destroy)(void* structure);
};

struct MemberRow {
    std::string_view name;       // the model's word: thingName
    std::string_view wire_name;  // locationName, else the name; for Location::headers the prefix
    const ShapeRow* shape = nullptr;
    std::uint32_t offset = 0;
    const OptionalOps* optional = nullptr;  // null: the member is plain, so required
    Location location = Location::body;
    bool required = false;
    bool flattened = false;  // an XML list without its own element
    bool xml_attribute = false;
    bool json_value = false;         // JSON text, base64 in a header
    bool idempotency_token = false;  // clients fill it with a UUID
    std::string_view xml_namespace{};

    void* emplace(void* object) const {
        void* field = static_cast<char*>(object) + offset;
        return optional ? optional->emplace(field) : field;
    }
    const void* find(const void* object) const {
        const void* field = static_cast<const char*>(object) + offset;
        return optional ? optional->find(field) : field;
    }
};

struct ShapeRow {
    std::string_view name;
    Kind kind = Kind::string;
    // Length in code points (strings), bytes (blobs) or entries (lists, maps); value of numbers.
    bool has_min = false, has_max = false;
    double min = 0, max = 0;
    const PatternRow* pattern = nullptr;
    std::span<const std::string_view> words{};  // enum
    TimestampForm timestamp = TimestampForm::by_place;
    bool sensitive = false;

    std::span<const MemberRow> members{};  // structure
    const MemberRow* payload = nullptr;    // the member that is the whole body
    bool streaming_payload = false;        // the body is no member: it streams
    bool flattened = false;
    std::string_view xml_prefix{}, xml_namespace{};
    const StructureOps* structure = nullptr;  // of inputs and outputs

    const ShapeRow* element = nullptr;  // of a list; value of a map
    const ShapeRow* key = nullptr;      // of a map
    std::string_view element_name{};    // XML and query name of an entry: member, Tag
    const ListOps* list = nullptr;
    const MapOps* map = nullptr;
};

struct ErrorRow {
    std::string_view name;  // the shape's name
    std::string_view code;  // what the wire says
    int status = 400;
    bool sender_fault = true;
    std::span<const std::string_view> fields{};  // wire names of its members besides message
};

struct OperationRow {
    const ServiceRow* service = nullptr;
    std::string_view name, method;
    std::string_view path;                                                     // /{Bucket}/{Key+}, without the query
    std::span<const std::pair<std::string_view, std::string_view>> markers{};  // literal query: {"uploads", ""}, {"list-type", "2"}
    bool in_scope = false;
    int success_status = 200;
    std::span<const std::string_view> required_query{}, required_headers{};
    const ShapeRow* input = nullptr;  // null: none
    const ShapeRow* output = nullptr;
    std::string_view xml_root{};  // rest-xml: element that holds the answer; query: OPResult
    std::span<const ErrorRow* const> errors{};
};

struct ServiceRow {
    std::string_view name;  // of the model: iot-jobs-data
    Family family = Family::rest_json;
    std::string_view signing_name, api_version, xml_namespace, target_prefix;
    std::span<const OperationRow> operations{};
    std::span<const ErrorRow> errors{};

    const OperationRow* find_operation(std::string_view operation) const;
    const ErrorRow* find_error(std::string_view code) const;
};

std::span<const ServiceRow* const> services();
const ServiceRow* find_service(std::string_view name);                                  // by the model's name; null: none
const OperationRow& require_row(std::string_view service, std::string_view operation);  // generated names only

template <class Op>
const OperationRow& row() {
    static const OperationRow& found = require_row(Op::service, Op::name);
    return found;
}

}  // namespace otabahn::awsapi
