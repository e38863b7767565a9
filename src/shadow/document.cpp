// SPDX-License-Identifier: Apache-2.0
#include "shadow/document.hpp"

#include <utility>
#include <vector>

namespace otabahn::shadow {
namespace {

void apply_section(std::optional<Value>& section, const std::optional<Value>& change, std::int64_t timestamp) {
    if (!change) return;
    if (change->kind == Value::Kind::null) return section.reset();
    Value patch = *change;
    stamp(patch, timestamp);
    if (!section) section.emplace();
    merge(*section, patch);
    if (section->members.empty()) section.reset();
}

template <class Append>
std::string format(const Sections& sections, Append append) {
    std::string out = "{";
    if (sections.desired) {
        out.append("\"desired\":");
        append(out, *sections.desired);
    }
    if (sections.reported) {
        out.append(sections.desired ? ",\"reported\":" : "\"reported\":");
        append(out, *sections.reported);
    }
    return out.append("}");
}

// What a shadow that is not there goes on from.
std::int64_t last_version(const std::optional<Stored>& stored, Timestamp now) {
    if (!stored || (stored->deleted && now - *stored->deleted >= remembered_version)) return 0;
    return stored->document.version;
}

}  // namespace

Result<Updated, Refusal> apply(const std::optional<Stored>& stored, const Update& update, Timestamp now, const Limits& limits) {
    const bool lives = stored && stored->lives();
    const auto version = last_version(stored, now);
    // Who makes a shadow anew may say 0: it cannot know how the deleted one ended.
    if (update.version && *update.version != version && (lives || *update.version != 0))
        return Unexpected(Refusal{409, "Version conflict"});
    Updated out;
    if (lives) out.before = out.after = stored->document;
    out.after.version = version + 1;
    auto& sections = out.after.sections;
    if (update.nothing_stays) sections = {};
    apply_section(sections.desired, update.desired, to_seconds(now));
    apply_section(sections.reported, update.reported, to_seconds(now));
    if (const auto size = format_state(sections).size(); size > limits.document_bytes)
        return Unexpected(too_large(size, limits.document_bytes));
    return out;
}

std::optional<Value> delta_of(const Sections& sections) {
    if (!sections.desired) return std::nullopt;
    return difference(*sections.desired, sections.reported.value_or(Value()));
}

std::string format_state(const Sections& sections) { return format(sections, append_state); }
std::string format_metadata(const Sections& sections) { return format(sections, append_metadata); }

std::string format_timestamps(const Sections& sections) {
    std::vector<std::int64_t> times;
    if (sections.desired) collect_timestamps(*sections.desired, times);
    if (sections.reported) collect_timestamps(*sections.reported, times);
    std::string out = "[";
    for (const auto time : times) {
        if (out.size() > 1) out.push_back(',');
        out.append(std::to_string(time));
    }
    return out.append("]");
}

Result<Sections, std::string> parse_stored(std::string_view state, std::string_view timestamps) {
    encoding::JsonReader numbers(timestamps);
    std::vector<std::int64_t> times;
    bool whole = numbers.enter_array();
    while (whole && numbers.next_element()) {
        std::int64_t time = 0;
        whole = numbers.read_integer(time);
        times.push_back(time);
    }
    if (!whole || !numbers.finish()) return Unexpected(std::string("its timestamps are no list of numbers"));
    encoding::JsonReader in(state);
    Value root;
    if (read_value(in, encoding::JsonReader::max_depth, root) != Fault::none || !in.finish() || root.kind != Value::Kind::object)
        return Unexpected(std::string("its state is no JSON object"));
    Sections out;
    std::size_t next = 0;
    for (auto& [name, section] : root.members) {  // desired stands before reported
        if (!assign_timestamps(section, times, next)) return Unexpected(std::string("it has more leaves than timestamps"));
        (name == "desired" ? out.desired : out.reported) = std::move(section);
    }
    return out;
}

}  // namespace otabahn::shadow
