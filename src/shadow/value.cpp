// SPDX-License-Identifier: Apache-2.0
#include "shadow/value.hpp"

#include "awsapi/json_body.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace otabahn::shadow {
namespace {

using encoding::JsonKind;
using encoding::JsonReader;
using encoding::JsonString;

std::string decode(const JsonString& text) {
    if (const auto plain = text.plain()) return std::string(*plain);
    std::string out(text.size(), '\0');
    text.decode(out);
    return out;
}

Fault read_object(JsonReader& in, std::size_t levels, Value& out) {
    if (!in.enter_object()) return Fault::invalid_json;
    out.kind = Value::Kind::object;
    for (JsonString name; in.next_member(name);) {
        if (levels == 0) return Fault::too_deep;
        out.members.push_back({decode(name), {}});
        if (const auto fault = read_value(in, levels - 1, out.members.back().value); fault != Fault::none) return fault;
    }
    // Of members named twice the last counts.
    std::stable_sort(out.members.begin(), out.members.end(), [](const Member& a, const Member& b) { return a.name < b.name; });
    std::size_t kept = 0;
    for (std::size_t at = 0; at < out.members.size(); ++at) {
        if (at + 1 < out.members.size() && out.members[at].name == out.members[at + 1].name) continue;
        if (kept != at) out.members[kept] = std::move(out.members[at]);
        ++kept;
    }
    out.members.resize(kept);
    return in.failed() ? Fault::invalid_json : Fault::none;
}

Fault read_array(JsonReader& in, std::size_t levels, Value& out) {
    if (!in.enter_array()) return Fault::invalid_json;
    out.kind = Value::Kind::array;
    while (in.next_element()) {
        if (levels == 0) return Fault::too_deep;
        out.elements.emplace_back();
        if (const auto fault = read_value(in, levels - 1, out.elements.back()); fault != Fault::none) return fault;
    }
    return in.failed() ? Fault::invalid_json : Fault::none;
}

bool has_null(const Value& value) {
    return value.kind == Value::Kind::null || std::any_of(value.elements.begin(), value.elements.end(), has_null) ||
           std::any_of(value.members.begin(), value.members.end(), [](const Member& member) { return has_null(member.value); });
}

std::optional<double> to_number(std::string_view text) {
    double out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

bool is_integer(std::string_view text) { return text.find_first_of(".eE") == std::string_view::npos; }

// 21 and 21.0 are one number: languages differ in how they write it. Two integers are compared to the last digit.
bool same_leaf(const Value& a, const Value& b) {
    if (a.text == b.text) return true;
    if (a.kind != Value::Kind::other || b.kind != Value::Kind::other || (is_integer(a.text) && is_integer(b.text))) return false;
    const auto left = to_number(a.text), right = to_number(b.text);
    return left && right && *left == *right;
}

bool same(const Value& a, const Value& b) {
    if (a.kind != b.kind || a.members.size() != b.members.size() || a.elements.size() != b.elements.size()) return false;
    for (std::size_t at = 0; at < a.members.size(); ++at)
        if (a.members[at].name != b.members[at].name || !same(a.members[at].value, b.members[at].value)) return false;
    for (std::size_t at = 0; at < a.elements.size(); ++at)
        if (!same(a.elements[at], b.elements[at])) return false;
    return same_leaf(a, b);
}

// A value that was not there before: its nulls remove nothing.
Value without_nulls(const Value& value) {
    if (value.kind != Value::Kind::object) return value;
    Value out;
    for (const auto& member : value.members)
        if (member.value.kind != Value::Kind::null) out.members.push_back({member.name, without_nulls(member.value)});
    return out;
}

void append_timestamp(std::string& out, std::int64_t timestamp) {
    out.append("{\"timestamp\":").append(std::to_string(timestamp)).append("}");
}

template <class Leaf>
void append(std::string& out, const Value& value, Leaf leaf) {
    bool first = true;
    const auto comma = [&] {
        if (!std::exchange(first, false)) out.push_back(',');
    };
    switch (value.kind) {
        case Value::Kind::object:
            out.push_back('{');
            for (const auto& member : value.members) {
                comma();
                awsapi::append_json_string(out, member.name);
                out.push_back(':');
                append(out, member.value, leaf);
            }
            out.push_back('}');
            return;
        case Value::Kind::array:
            out.push_back('[');
            for (const auto& element : value.elements) {
                comma();
                append(out, element, leaf);
            }
            out.push_back(']');
            return;
        case Value::Kind::string:
        case Value::Kind::other:
        case Value::Kind::null:
            leaf(out, value);
            return;
    }
}

}  // namespace

const Value* Value::find(std::string_view name) const {
    const auto at = std::lower_bound(members.begin(), members.end(), name,
                                     [](const Member& member, std::string_view key) { return member.name.compare(key) < 0; });
    return at == members.end() || at->name != name ? nullptr : &at->value;
}

Fault read_value(JsonReader& in, std::size_t levels, Value& out) {
    switch (in.kind()) {
        case JsonKind::object:
            return read_object(in, levels, out);
        case JsonKind::array:
            if (const auto fault = read_array(in, levels, out); fault != Fault::none) return fault;
            return has_null(out) ? Fault::null_in_array : Fault::none;
        case JsonKind::string: {
            JsonString text;
            if (!in.read_string(text)) return Fault::invalid_json;
            out.kind = Value::Kind::string;
            awsapi::append_json_string(out.text, decode(text));
            return Fault::none;
        }
        case JsonKind::number:
        case JsonKind::boolean: {
            std::string_view text;
            if (!in.read_raw(text)) return Fault::invalid_json;
            out.kind = Value::Kind::other;
            out.text = text;
            return Fault::none;
        }
        case JsonKind::null:
            if (!in.read_null()) return Fault::invalid_json;
            out.kind = Value::Kind::null;
            out.text = "null";
            return Fault::none;
        case JsonKind::end:
        case JsonKind::invalid:
            return Fault::invalid_json;
    }
    return Fault::invalid_json;
}

void stamp(Value& value, std::int64_t timestamp) {
    value.timestamp = timestamp;
    for (auto& member : value.members) stamp(member.value, timestamp);
    for (auto& element : value.elements) stamp(element, timestamp);
}

void merge(Value& into, const Value& patch) {
    std::vector<Member> merged;
    merged.reserve(into.members.size() + patch.members.size());
    auto old = into.members.begin();
    for (const auto& change : patch.members) {
        while (old != into.members.end() && old->name < change.name) merged.push_back(std::move(*old++));
        const bool known = old != into.members.end() && old->name == change.name;
        if (change.value.kind == Value::Kind::null) {
            if (known) ++old;
        } else if (known && change.value.kind == Value::Kind::object && old->value.kind == Value::Kind::object) {
            merge(old->value, change.value);
            merged.push_back(std::move(*old++));
        } else {
            merged.push_back({change.name, without_nulls(change.value)});
            if (known) ++old;
        }
    }
    while (old != into.members.end()) merged.push_back(std::move(*old++));
    into.members = std::move(merged);
}

std::optional<Value> difference(const Value& desired, const Value& reported) {
    Value out;
    for (const auto& member : desired.members) {
        const Value* there = reported.find(member.name);
        if (there != nullptr && there->kind == Value::Kind::object && member.value.kind == Value::Kind::object) {
            if (auto inner = difference(member.value, *there)) out.members.push_back({member.name, std::move(*inner)});
        } else if (there == nullptr || !same(member.value, *there)) {
            out.members.push_back(member);
        }
    }
    if (out.members.empty()) return std::nullopt;
    return out;
}

void append_state(std::string& out, const Value& value) {
    append(out, value, [](std::string& to, const Value& leaf) { to.append(leaf.text); });
}

void append_metadata(std::string& out, const Value& value) {
    append(out, value, [](std::string& to, const Value& leaf) { append_timestamp(to, leaf.timestamp); });
}

void collect_timestamps(const Value& value, std::vector<std::int64_t>& out) {
    for (const auto& member : value.members) collect_timestamps(member.value, out);
    for (const auto& element : value.elements) collect_timestamps(element, out);
    if (value.kind != Value::Kind::object && value.kind != Value::Kind::array) out.push_back(value.timestamp);
}

bool assign_timestamps(Value& value, const std::vector<std::int64_t>& timestamps, std::size_t& next) {
    for (auto& member : value.members)
        if (!assign_timestamps(member.value, timestamps, next)) return false;
    for (auto& element : value.elements)
        if (!assign_timestamps(element, timestamps, next)) return false;
    if (value.kind == Value::Kind::object || value.kind == Value::Kind::array) return true;
    if (next == timestamps.size()) return false;
    value.timestamp = timestamps[next++];
    return true;
}

}  // namespace otabahn::shadow
