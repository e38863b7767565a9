// SPDX-License-Identifier: Apache-2.0
#include "awsapi/xml_body.hpp"

#include "awsapi/pattern.hpp"
#include "awsapi/text_values.hpp"

#include <vector>

namespace otabahn::awsapi {

namespace {

std::string_view without_prefix(std::string_view name) {
    const auto colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

void decode_value(const ShapeRow& shape, const pugi::xml_node& from, void* to, Judge& judge);

void decode_scalar_text(const ShapeRow& shape, const std::string& text, void* to, Judge& judge) {
    if (!assign_text(shape, text, to)) judge.unreadable(shape, text);
}

void decode_list(const ShapeRow& shape, const std::vector<pugi::xml_node>& entries, void* to, Judge& judge) {
    std::size_t number = 0;
    for (const auto& entry : entries) {
        const Judge::Place here(judge, ++number);
        decode_value(*shape.element, entry, shape.list->append(to), judge);
    }
}

std::vector<pugi::xml_node> children_of(const pugi::xml_node& parent, std::string_view name) {
    std::vector<pugi::xml_node> out;
    for (const auto& child : parent.children())
        if (child.type() == pugi::node_element && local_name(child) == name) out.push_back(child);
    return out;
}

void decode_map(const ShapeRow& shape, const std::vector<pugi::xml_node>& entries, void* to, Judge& judge) {
    for (const auto& entry : entries)
        decode_value(*shape.element, child_of(entry, "value"), shape.map->insert(to, text_of(child_of(entry, "key"))), judge);
}

void decode_value(const ShapeRow& shape, const pugi::xml_node& from, void* to, Judge& judge) {
    switch (shape.kind) {
        case Kind::structure:
            return decode_xml(shape, from, to, judge);
        case Kind::list:
            return decode_list(shape, children_of(from, shape.element_name), to, judge);
        case Kind::map:
            return decode_map(shape, children_of(from, "entry"), to, judge);
        default:
            return decode_scalar_text(shape, text_of(from), to, judge);
    }
}

// True when the member stands there.
bool decode_member(const MemberRow& member, const pugi::xml_node& from, void* to, Judge& judge) {
    const ShapeRow& shape = *member.shape;
    if (member.xml_attribute) {
        for (const auto& attribute : from.attributes())
            if (without_prefix(attribute.name()) == without_prefix(member.wire_name)) {
                void* const value = member.emplace(to);
                decode_scalar_text(shape, attribute.value(), value, judge);
                judge.value(shape, value);
                return true;
            }
        return false;
    }
    const auto found = children_of(from, member.wire_name);
    if (found.empty()) return false;
    void* const value = member.emplace(to);
    if (shape.kind == Kind::list && member.flattened)
        decode_list(shape, found, value, judge);
    else if (shape.kind == Kind::map && member.flattened)
        decode_map(shape, found, value, judge);
    else
        decode_value(shape, found.front(), value, judge);
    judge.value(shape, value);
    return true;
}

void append_open(std::string& out, std::string_view name, const ShapeRow& shape, const void* from, TimestampForm times) {
    out.append("<").append(name);
    if (!shape.xml_prefix.empty()) out.append(" xmlns:").append(shape.xml_prefix).append("=\"").append(shape.xml_namespace).append("\"");
    for (const MemberRow& member : shape.members)
        if (const void* value = member.xml_attribute ? member.find(from) : nullptr) {
            out.append(" ").append(member.wire_name).append("=\"");
            append_xml_text(out, to_text(*member.shape, value, times));
            out.append("\"");
        }
    out.append(">");
}

void append_map_entries(std::string& out, std::string_view name, const ShapeRow& shape, const void* from, TimestampForm times) {
    struct Context {
        std::string& out;
        std::string_view name;
        const ShapeRow& element;
        TimestampForm times;
    } context{out, name, *shape.element, times};
    shape.map->for_each(from, &context, [](void* opaque, const std::string& key, const void* entry) {
        auto& to = *static_cast<Context*>(opaque);
        to.out.append("<").append(to.name).append("><key>");
        append_xml_text(to.out, key);
        to.out.append("</key>");
        append_xml_element(to.out, "value", to.element, entry, to.times);
        to.out.append("</").append(to.name).append(">");
    });
}

void append_member(std::string& out, const MemberRow& member, const void* value, TimestampForm times) {
    const ShapeRow& shape = *member.shape;
    if (shape.kind == Kind::list && member.flattened) {
        for (std::size_t i = 0; i < shape.list->size(value); ++i)
            append_xml_element(out, member.wire_name, *shape.element, shape.list->at(value, i), times);
    } else if (shape.kind == Kind::map && member.flattened) {
        append_map_entries(out, member.wire_name, shape, value, times);
    } else {
        append_xml_element(out, member.wire_name, shape, value, times);
    }
}

}  // namespace

std::string_view local_name(const pugi::xml_node& node) { return without_prefix(node.name()); }

pugi::xml_node child_of(const pugi::xml_node& parent, std::string_view name) {
    for (const auto& child : parent.children())
        if (child.type() == pugi::node_element && local_name(child) == name) return child;
    return {};
}

std::string text_of(const pugi::xml_node& node) {
    std::string out;
    for (const auto& child : node.children())
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out.append(child.value());
    return out;
}

pugi::xml_node parse_xml(std::string_view text, pugi::xml_document& document, Judge& judge) {
    // A leaf of blanks alone is a value (an object's key may be one).
    const auto result = document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
    if (!result) {
        judge.malformed(std::string(result.description()) + " at byte " + std::to_string(result.offset));
        return {};
    }
    return document.document_element();
}

void decode_xml(const ShapeRow& structure, const pugi::xml_node& from, void* to, Judge& judge) {
    for (const MemberRow& member : structure.members) {
        if (member.location != Location::body) continue;
        const Judge::Place here(judge, member);
        if (decode_member(member, from, to, judge)) continue;
        if (member.required) judge.missing_here();
    }
}

void append_xml_text(std::string& out, std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t start = at;
        std::uint32_t point = 0;
        if (!next_code_point(text, at, point)) {
            out.append("\xEF\xBF\xBD");  // U+FFFD: bytes that are no UTF-8 must not break the document
            ++at;
            continue;
        }
        switch (point) {
            case '&':
                out.append("&amp;");
                break;
            case '<':
                out.append("&lt;");
                break;
            case '>':
                out.append("&gt;");
                break;
            case '"':
                out.append("&quot;");
                break;
            default:
                // Parsers would turn a CR into a LF; other control characters have no right form in XML 1.0, S3 writes them so.
                if (point < 0x20 && point != '\n' && point != '\t') {
                    constexpr std::string_view digits = "0123456789ABCDEF";
                    out.append("&#x");
                    if (point >= 16) out.push_back('1');
                    out.append(1, digits[point & 15]).append(";");
                } else {
                    out.append(text.substr(start, at - start));
                }
        }
    }
}

void append_xml_element(std::string& out, std::string_view name, const ShapeRow& shape, const void* from, TimestampForm times) {
    append_open(out, name, shape, from, times);
    switch (shape.kind) {
        case Kind::structure:
            append_xml(out, shape, from, times, false);
            break;
        case Kind::list:
            for (std::size_t i = 0; i < shape.list->size(from); ++i)
                append_xml_element(out, shape.element_name, *shape.element, shape.list->at(from, i), times);
            break;
        case Kind::map:
            append_map_entries(out, "entry", shape, from, times);
            break;
        default:
            append_xml_text(out, to_text(shape, from, times));
    }
    out.append("</").append(name).append(">");
}

void append_xml(std::string& out, const ShapeRow& structure, const void* from, TimestampForm times, bool lists_last) {
    for (const bool lists : {false, true}) {
        for (const MemberRow& member : structure.members) {
            if (member.location != Location::body || member.xml_attribute) continue;
            if (lists_last && (member.shape->kind == Kind::list && member.flattened) != lists) continue;
            if (const void* value = member.find(from)) append_member(out, member, value, times);
        }
        if (!lists_last) return;
    }
}

}  // namespace otabahn::awsapi
