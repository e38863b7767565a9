// SPDX-License-Identifier: Apache-2.0
#include "awsapi/json_body.hpp"

#include "awsapi/pattern.hpp"
#include "awsapi/text_values.hpp"

#include <boost/json.hpp>

#include <cmath>
#include <limits>

namespace otabahn::awsapi {

namespace json = boost::json;

namespace {

constexpr std::size_t most_depth = 32;

std::string_view kind_word(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "NULL";
        case json::kind::bool_:
            return "BOOLEAN_VALUE";
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_:
            return "NUMBER_VALUE";
        case json::kind::string:
            return "STRING_VALUE";
        case json::kind::array:
            return "START_ARRAY";
        case json::kind::object:
            return "START_OBJECT";
    }
    return "?";
}

std::string_view type_word(Kind kind) {
    switch (kind) {
        case Kind::string:
            return "a String";
        case Kind::blob:
            return "a Blob";
        case Kind::integer:
            return "an Integer";
        case Kind::long_integer:
            return "a Long";
        case Kind::boolean:
            return "a Boolean";
        case Kind::decimal:
            return "a Double";
        case Kind::timestamp:
            return "a Timestamp";
        case Kind::structure:
            return "a Structure";
        case Kind::list:
            return "a List";
        case Kind::map:
            return "a Map";
    }
    return "?";
}

void wrong_type(const ShapeRow& shape, const json::value& from, Judge& judge) {
    judge.malformed(std::string(kind_word(from)) + " can not be converted to " + std::string(type_word(shape.kind)) + " (" +
                    std::string(shape.name) + ")");
}

// A whole number, also one written as 5.0 or 5e0.
std::optional<std::int64_t> whole_number(const json::value& from) {
    if (const auto* number = from.if_int64()) return *number;
    if (const auto* number = from.if_double()) {
        constexpr double limit = 9007199254740992.0;  // above it a double no longer holds every whole number
        if (std::trunc(*number) == *number && std::abs(*number) <= limit) return static_cast<std::int64_t>(*number);
    }
    return std::nullopt;
}

void decode_scalar(const ShapeRow& shape, const json::value& from, void* to, Judge& judge) {
    // A text stands for any scalar: clients write "5" where 5 is due (expectedVersion), and times as ISO 8601.
    if (const auto* text = from.if_string(); text && shape.kind != Kind::boolean) {
        if (!assign_text(shape, *text, to)) return wrong_type(shape, from, judge);
        return;
    }
    switch (shape.kind) {
        case Kind::boolean:
            if (const auto* flag = from.if_bool()) {
                *static_cast<bool*>(to) = *flag;
                return;
            }
            break;
        case Kind::integer:
            if (const auto number = whole_number(from);
                number && *number >= std::numeric_limits<std::int32_t>::min() && *number <= std::numeric_limits<std::int32_t>::max()) {
                *static_cast<std::int32_t*>(to) = static_cast<std::int32_t>(*number);
                return;
            }
            break;
        case Kind::long_integer:
            if (const auto number = whole_number(from)) {
                *static_cast<std::int64_t*>(to) = *number;
                return;
            }
            break;
        case Kind::decimal:
            if (from.is_number()) {
                *static_cast<double*>(to) = from.to_number<double>();
                return;
            }
            break;
        case Kind::timestamp:
            if (from.is_number())
                if (const auto time = timestamp_from_seconds(from.to_number<double>())) {
                    *static_cast<Timestamp*>(to) = *time;
                    return;
                }
            break;
        case Kind::string:
        case Kind::blob:
        case Kind::structure:
        case Kind::list:
        case Kind::map:
            break;
    }
    wrong_type(shape, from, judge);
}

void decode_into(const ShapeRow& shape, const json::value& from, void* to, Judge& judge) {
    switch (shape.kind) {
        case Kind::structure:
            if (const auto* object = from.if_object()) return decode_json(shape, *object, to, judge);
            return wrong_type(shape, from, judge);
        case Kind::list: {
            const auto* array = from.if_array();
            if (!array) return wrong_type(shape, from, judge);
            std::size_t number = 0;
            for (const auto& entry : *array) {
                if (entry.is_null()) continue;
                const Judge::Place here(judge, ++number);
                decode_into(*shape.element, entry, shape.list->append(to), judge);
            }
            return;
        }
        case Kind::map: {
            const auto* object = from.if_object();
            if (!object) return wrong_type(shape, from, judge);
            for (const auto& [key, entry] : *object)
                if (!entry.is_null()) decode_into(*shape.element, entry, shape.map->insert(to, std::string(key)), judge);
            return;
        }
        default:
            decode_scalar(shape, from, to, judge);
    }
}

void append_value(std::string& out, const ShapeRow& shape, const void* from);

void append_structure(std::string& out, const ShapeRow& shape, const void* from) {
    out.push_back('{');
    bool first = true;
    for (const MemberRow& member : shape.members) {
        const void* const value = member.location == Location::body ? member.find(from) : nullptr;
        if (!value) continue;
        if (!first) out.push_back(',');
        first = false;
        append_json_string(out, member.wire_name);
        out.push_back(':');
        append_value(out, *member.shape, value);
    }
    out.push_back('}');
}

void append_value(std::string& out, const ShapeRow& shape, const void* from) {
    switch (shape.kind) {
        case Kind::structure:
            return append_structure(out, shape, from);
        case Kind::list:
            out.push_back('[');
            for (std::size_t i = 0; i < shape.list->size(from); ++i) {
                if (i > 0) out.push_back(',');
                append_value(out, *shape.element, shape.list->at(from, i));
            }
            out.push_back(']');
            return;
        case Kind::map: {
            struct Context {
                std::string& out;
                const ShapeRow& element;
                bool first = true;
            } context{out, *shape.element};
            out.push_back('{');
            shape.map->for_each(from, &context, [](void* opaque, const std::string& key, const void* entry) {
                auto& to = *static_cast<Context*>(opaque);
                if (!to.first) to.out.push_back(',');
                to.first = false;
                append_json_string(to.out, key);
                to.out.push_back(':');
                append_value(to.out, to.element, entry);
            });
            out.push_back('}');
            return;
        }
        case Kind::string:
        case Kind::blob:
            return append_json_string(out, to_text(shape, from, TimestampForm::epoch_seconds));
        case Kind::timestamp: {
            const auto form = form_of(shape, TimestampForm::epoch_seconds);
            const auto text = to_text(shape, from, form);
            if (form == TimestampForm::epoch_seconds)
                out.append(text);
            else
                append_json_string(out, text);
            return;
        }
        case Kind::decimal:
            // JSON has no word for infinity and not-a-number.
            if (!std::isfinite(*static_cast<const double*>(from))) {
                out.append("null");
                return;
            }
            out.append(to_text(shape, from, TimestampForm::epoch_seconds));
            return;
        case Kind::integer:
        case Kind::long_integer:
        case Kind::boolean:
            out.append(to_text(shape, from, TimestampForm::epoch_seconds));
            return;
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out.push_back('"');
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) {
            const std::size_t start = at;
            std::uint32_t ignored = 0;
            if (next_code_point(text, at, ignored)) {
                out.append(text.substr(start, at - start));
            } else {
                out.append("\xEF\xBF\xBD");  // U+FFFD: bytes that are no UTF-8 must not break the document
                ++at;
            }
            continue;
        }
        ++at;
        switch (c) {
            case '"':
                out.append("\\\"");
                break;
            case '\\':
                out.append("\\\\");
                break;
            case '\n':
                out.append("\\n");
                break;
            case '\r':
                out.append("\\r");
                break;
            case '\t':
                out.append("\\t");
                break;
            default:
                if (byte < 0x20 || byte == 0x7F)
                    out.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
                else
                    out.push_back(c);
        }
    }
    out.push_back('"');
}

json::value parse_json_object(std::string_view text, Judge& judge) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return json::object();
    json::parse_options options;
    options.max_depth = most_depth;
    json::error_code error;
    json::value parsed = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
    if (error) {
        judge.malformed("The request's body could not be parsed as JSON: " + error.message() + ".");
        return json::object();
    }
    if (!parsed.is_object()) {
        judge.malformed("The request's body is JSON, but no object: it starts as " + std::string(kind_word(parsed)) + ".");
        return json::object();
    }
    return parsed;
}

void decode_json_value(const ShapeRow& shape, const json::value& from, void* to, Judge& judge) {
    decode_into(shape, from, to, judge);
    judge.value(shape, to);
}

void decode_json(const ShapeRow& structure, const json::object& from, void* to, Judge& judge) {
    for (const MemberRow& member : structure.members) {
        if (member.location != Location::body) continue;
        const json::value* const found = from.if_contains(json::string_view(member.wire_name.data(), member.wire_name.size()));
        const Judge::Place here(judge, member);
        if (!found || found->is_null()) {
            if (member.required) judge.missing_here();
            continue;
        }
        decode_json_value(*member.shape, *found, member.emplace(to), judge);
    }
}

std::string encode_json(const ShapeRow& structure, const void* from) {
    std::string out;
    append_structure(out, structure, from);
    return out;
}

}  // namespace otabahn::awsapi
