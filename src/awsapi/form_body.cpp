// SPDX-License-Identifier: Apache-2.0
#include "awsapi/form_body.hpp"

#include "awsapi/text_values.hpp"

#include <charconv>
#include <set>

namespace otabahn::awsapi {

namespace {

std::string join(std::string_view prefix, std::string_view name) {
    std::string out(prefix);
    if (!out.empty()) out.push_back('.');
    return out.append(name);
}

bool stands_below(const FormFields& fields, const std::string& prefix) {
    const auto found = fields.lower_bound(prefix + ".");
    return found != fields.end() && found->first.starts_with(prefix + ".");
}

// The entry numbers below a prefix, ascending: of "Tags.member.2.Key", below "Tags.member", 2.
std::set<std::uint32_t> entry_numbers(const FormFields& fields, const std::string& prefix) {
    std::set<std::uint32_t> out;
    const std::string start = prefix + ".";
    for (auto at = fields.lower_bound(start); at != fields.end() && at->first.starts_with(start); ++at) {
        const std::string_view rest = std::string_view(at->first).substr(start.size());
        std::uint32_t number = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (error == std::errc() && (end == rest.data() + rest.size() || *end == '.')) out.insert(number);
    }
    return out;
}

void decode_structure(const ShapeRow& shape, const FormFields& from, const std::string& prefix, void* to, Judge& judge);

void decode_at(const ShapeRow& shape, const FormFields& from, const std::string& prefix, void* to, Judge& judge) {
    switch (shape.kind) {
        case Kind::structure:
            return decode_structure(shape, from, prefix, to, judge);
        case Kind::list: {
            const std::string entries = shape.flattened ? prefix : join(prefix, shape.element_name);
            std::size_t count = 0;
            for (const auto number : entry_numbers(from, entries)) {
                const Judge::Place here(judge, ++count);
                decode_at(*shape.element, from, join(entries, std::to_string(number)), shape.list->append(to), judge);
            }
            return;
        }
        case Kind::map: {
            const std::string entries = shape.flattened ? prefix : join(prefix, "entry");
            for (const auto number : entry_numbers(from, entries)) {
                const std::string entry = join(entries, std::to_string(number));
                const auto key = from.find(join(entry, "key"));
                if (key == from.end()) continue;
                decode_at(*shape.element, from, join(entry, "value"), shape.map->insert(to, key->second), judge);
            }
            return;
        }
        default: {
            const auto found = from.find(prefix);
            const std::string_view text = found == from.end() ? std::string_view() : std::string_view(found->second);
            if (!assign_text(shape, text, to)) judge.unreadable(shape, text);
        }
    }
}

void decode_structure(const ShapeRow& shape, const FormFields& from, const std::string& prefix, void* to, Judge& judge) {
    for (const MemberRow& member : shape.members) {
        const Judge::Place here(judge, member);
        const std::string name = join(prefix, member.wire_name);
        if (!from.contains(name) && !stands_below(from, name)) {
            if (member.required) judge.missing_here();
            continue;
        }
        void* const value = member.emplace(to);
        decode_at(*member.shape, from, name, value, judge);
        judge.value(*member.shape, value);
    }
}

void append_at(std::string& out, const ShapeRow& shape, const std::string& prefix, const void* from) {
    switch (shape.kind) {
        case Kind::structure: {
            const std::size_t before = out.size();
            for (const MemberRow& member : shape.members)
                if (const void* value = member.find(from)) append_at(out, *member.shape, join(prefix, member.wire_name), value);
            // An empty entry of a list must not go missing, or those after it would move up.
            if (out.size() == before && !prefix.empty()) out.append("&").append(percent_encode(prefix)).append("=");
            return;
        }
        case Kind::list: {
            const std::string entries = shape.flattened ? prefix : join(prefix, shape.element_name);
            const std::size_t size = shape.list->size(from);
            if (size == 0) out.append("&").append(percent_encode(prefix)).append("=");
            for (std::size_t i = 0; i < size; ++i)
                append_at(out, *shape.element, join(entries, std::to_string(i + 1)), shape.list->at(from, i));
            return;
        }
        case Kind::map: {
            struct Context {
                std::string& out;
                const ShapeRow& element;
                std::string entries;
                std::size_t number = 0;
            } context{out, *shape.element, shape.flattened ? prefix : join(prefix, "entry")};
            shape.map->for_each(from, &context, [](void* opaque, const std::string& key, const void* entry) {
                auto& to = *static_cast<Context*>(opaque);
                const std::string name = join(to.entries, std::to_string(++to.number));
                to.out.append("&").append(percent_encode(join(name, "key"))).append("=").append(percent_encode(key));
                append_at(to.out, to.element, join(name, "value"), entry);
            });
            return;
        }
        default:
            out.append("&").append(percent_encode(prefix)).append("=");
            out.append(percent_encode(to_text(shape, from, TimestampForm::iso8601_seconds)));
    }
}

}  // namespace

FormFields parse_form(const Request& request) {
    FormFields out;
    for (auto& [name, value] : request.method == "POST" ? parse_query(request.body) : request.query) out.emplace(name, value);
    return out;
}

std::optional<std::string> form_field(const Request& request, std::string_view name) {
    if (request.method != "POST") {
        const std::string* const found = request.find_query(name);
        return found ? std::optional(*found) : std::nullopt;
    }
    std::string_view rest = request.body;
    while (!rest.empty()) {
        const auto part = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const auto equals = part.find('=');
        if (percent_decode(part.substr(0, equals), true) != name) continue;
        return equals == std::string_view::npos ? std::string() : percent_decode(part.substr(equals + 1), true);
    }
    return std::nullopt;
}

void decode_form(const ShapeRow& structure, const FormFields& from, void* to, Judge& judge) {
    decode_structure(structure, from, {}, to, judge);
}

void append_form(std::string& out, const ShapeRow& structure, const void* from) { append_at(out, structure, {}, from); }

}  // namespace otabahn::awsapi
