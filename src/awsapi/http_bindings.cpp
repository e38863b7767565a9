// SPDX-License-Identifier: Apache-2.0
#include "awsapi/http_bindings.hpp"

#include "awsapi/text_values.hpp"
#include "encoding/base64_string.hpp"

#include <algorithm>

namespace otabahn::awsapi {

namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

void assign(const ShapeRow& shape, std::string_view text, void* to, Judge& judge) {
    if (!assign_text(shape, text, to)) judge.unreadable(shape, text);
}

void assign_header(const MemberRow& member, std::string_view text, void* to, Judge& judge) {
    if (member.json_value) {
        auto decoded = encoding::from_base64(text, encoding::Base64Padding::lenient);
        if (!decoded) return judge.unreadable(ShapeRow{.name = member.name, .kind = Kind::blob}, text);
        *static_cast<std::string*>(to) = std::move(*decoded);
        return;
    }
    assign(*member.shape, text, to, judge);
}

// True when a header of the member's name is there.
bool decode_header(const MemberRow& member, const Headers& headers, void* object, Judge& judge) {
    const std::string* const first = headers.find(member.wire_name);
    if (!first) return false;
    void* const value = member.emplace(object);
    if (member.shape->kind == Kind::list) {
        for (const auto& [name, text] : headers) {
            if (!same_header_name(name, member.wire_name)) continue;
            for (std::string_view rest = text; !rest.empty();) {
                const auto part = rest.substr(0, rest.find(','));
                rest.remove_prefix(std::min(part.size() + 1, rest.size()));
                if (!trimmed(part).empty()) assign(*member.shape->element, trimmed(part), member.shape->list->append(value), judge);
            }
        }
    } else {
        assign_header(member, trimmed(*first), value, judge);
    }
    judge.value(*member.shape, value);
    return true;
}

// x-amz-meta-colour: red. Names come in lower case; of a name that stands twice the values join, as HTTP says.
bool decode_prefixed(const MemberRow& member, const Headers& headers, void* object, Judge& judge) {
    void* value = nullptr;
    std::string last;
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [name, text] : headers) {
        if (name.size() <= member.wire_name.size() ||
            !same_header_name(std::string_view(name).substr(0, member.wire_name.size()), member.wire_name))
            continue;
        std::string rest = name.substr(member.wire_name.size());
        std::transform(rest.begin(), rest.end(), rest.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        const auto same = std::find_if(found.begin(), found.end(), [&](const auto& pair) { return pair.first == rest; });
        if (same == found.end())
            found.emplace_back(std::move(rest), trimmed(text));
        else
            same->second.append(",").append(trimmed(text));
    }
    if (found.empty()) return false;
    value = member.emplace(object);
    for (auto& [name, text] : found) assign(*member.shape->element, text, member.shape->map->insert(value, name), judge);
    judge.value(*member.shape, value);
    return true;
}

bool decode_query(const MemberRow& member, const Request& request, void* object, Judge& judge) {
    const std::string* const first = request.find_query(member.wire_name);
    if (!first) return false;
    void* const value = member.emplace(object);
    if (member.shape->kind == Kind::list) {
        for (const auto& [name, text] : request.query)
            if (name == member.wire_name) assign(*member.shape->element, text, member.shape->list->append(value), judge);
    } else {
        assign(*member.shape, *first, value, judge);
    }
    judge.value(*member.shape, value);
    return true;
}

bool decode_label(const MemberRow& member, const Route& route, void* object, Judge& judge) {
    const auto found =
        std::find_if(route.labels.begin(), route.labels.end(), [&](const auto& label) { return label.first == member.wire_name; });
    if (found == route.labels.end()) return false;
    void* const value = member.emplace(object);
    assign(*member.shape, found->second, value, judge);
    judge.value(*member.shape, value);
    return true;
}

std::string header_text(const MemberRow& member, const void* value) {
    if (member.json_value) return encoding::to_base64(*static_cast<const std::string*>(value));
    if (member.shape->kind != Kind::list) return to_text(*member.shape, value, TimestampForm::rfc822);
    std::string out;
    for (std::size_t i = 0; i < member.shape->list->size(value); ++i) {
        if (i > 0) out.append(",");
        out.append(to_text(*member.shape->element, member.shape->list->at(value, i), TimestampForm::rfc822));
    }
    return out;
}

// A header cannot carry line ends; a value that has one would forge the next header.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    return text;
}

void encode_prefixed(const MemberRow& member, const void* value, Headers& to) {
    struct Context {
        const MemberRow& member;
        Headers& to;
    } context{member, to};
    member.shape->map->for_each(value, &context, [](void* opaque, const std::string& key, const void* entry) {
        auto& target = *static_cast<Context*>(opaque);
        target.to.add(one_line(std::string(target.member.wire_name) + key),
                      one_line(to_text(*target.member.shape->element, entry, TimestampForm::rfc822)));
    });
}

void encode_header(const MemberRow& member, const void* value, Headers& to) {
    if (member.location == Location::headers) return encode_prefixed(member, value, to);
    to.add(std::string(member.wire_name), one_line(header_text(member, value)));
}

void append_query(std::string& out, std::string_view name, std::string_view value, bool with_equals) {
    if (!out.empty()) out.push_back('&');
    out.append(percent_encode(name));
    if (with_equals) out.append("=").append(percent_encode(value));
}

}  // namespace

void decode_bindings(const ShapeRow& structure, const Route& route, const Request& request, void* to, Judge& judge) {
    for (const MemberRow& member : structure.members) {
        const Judge::Place here(judge, member);
        bool found = true;
        switch (member.location) {
            case Location::body:
            case Location::status:
                continue;
            case Location::uri:
                found = decode_label(member, route, to, judge);
                break;
            case Location::query:
                found = decode_query(member, request, to, judge);
                break;
            case Location::header:
                found = decode_header(member, request.headers, to, judge);
                break;
            case Location::headers:
                found = decode_prefixed(member, request.headers, to, judge);
                break;
        }
        if (!found && member.required) judge.missing_here();
    }
}

void encode_response_headers(const ShapeRow& structure, const void* from, Headers& to) {
    for (const MemberRow& member : structure.members) {
        if (member.location != Location::header && member.location != Location::headers) continue;
        if (const void* const value = member.find(from)) encode_header(member, value, to);
    }
}

void decode_response_headers(const ShapeRow& structure, const Response& response, void* to, Judge& judge) {
    for (const MemberRow& member : structure.members) {
        const Judge::Place here(judge, member);
        if (member.location == Location::header) decode_header(member, response.headers, to, judge);
        if (member.location == Location::headers) decode_prefixed(member, response.headers, to, judge);
        if (member.location == Location::status) assign(*member.shape, std::to_string(response.status), member.emplace(to), judge);
    }
}

void encode_bindings(const OperationRow& operation, const void* from, Request& to) {
    to.method = operation.method;
    std::string query;
    for (const auto& [name, value] : operation.markers) append_query(query, name, value, !value.empty());
    std::string path(operation.path);
    if (operation.input) {
        for (const MemberRow& member : operation.input->members) {
            const void* const value = member.find(from);
            if (!value) continue;
            switch (member.location) {
                case Location::uri: {
                    const std::string text = to_text(*member.shape, value, TimestampForm::iso8601_seconds);
                    for (const bool greedy : {false, true}) {
                        const std::string label = "{" + std::string(member.wire_name) + (greedy ? "+}" : "}");
                        if (const auto at = path.find(label); at != std::string::npos) {
                            path.replace(at, label.size(), percent_encode(text, greedy));
                            break;
                        }
                    }
                    break;
                }
                case Location::query:
                    if (member.shape->kind == Kind::list) {
                        for (std::size_t i = 0; i < member.shape->list->size(value); ++i)
                            append_query(query, member.wire_name,
                                         to_text(*member.shape->element, member.shape->list->at(value, i), TimestampForm::iso8601_seconds),
                                         true);
                    } else {
                        append_query(query, member.wire_name, to_text(*member.shape, value, TimestampForm::iso8601_seconds), true);
                    }
                    break;
                case Location::header:
                case Location::headers:
                    encode_header(member, value, to.headers);
                    break;
                case Location::body:
                case Location::status:
                    break;
            }
        }
    }
    to.path = std::move(path);
    to.raw_query = std::move(query);
    to.query = parse_query(to.raw_query);
}

}  // namespace otabahn::awsapi
