// SPDX-License-Identifier: Apache-2.0
// A shadow's section as a tree: JSON whose leaves carry the second of their last update, so that state and metadata are two
// ways to write one thing. Merge and delta are those of spec gateway 5.3. Pure.
//
// Numbers keep their text (21.50 stays 21.50), strings are kept in one spelling, members are in the order of their names.
#pragma once

#include "encoding/json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::shadow {

struct Member;

struct Value {
    enum class Kind : std::uint8_t { object, array, string, other, null };  // other: a number, true, false
    Kind kind = Kind::object;
    std::string text;             // a leaf as JSON
    std::vector<Member> members;  // of an object, by name
    std::vector<Value> elements;  // of an array
    std::int64_t timestamp = 0;   // of a leaf, seconds

    const Value* find(std::string_view name) const;
};

struct Member {
    std::string name;
    Value value;
};

enum class Fault : std::uint8_t { none, invalid_json, too_deep, null_in_array };

// Takes the next value of `in`. A leaf is no level, an object or array is one more than the deepest of what it holds.
Fault read_value(encoding::JsonReader& in, std::size_t levels, Value& out);

void stamp(Value& value, std::int64_t timestamp);  // every leaf

// What `patch` says, leaf by leaf: objects are merged, everything else replaces, null removes.
void merge(Value& into, const Value& patch);

// What `desired` has and `reported` has not, or has otherwise; nothing when that is nothing.
std::optional<Value> difference(const Value& desired, const Value& reported);

void append_state(std::string& out, const Value& value);
void append_metadata(std::string& out, const Value& value);

// The leaves' times in the order of append_state, for the store.
void collect_timestamps(const Value& value, std::vector<std::int64_t>& out);
// False: there are too few.
bool assign_timestamps(Value& value, const std::vector<std::int64_t>& timestamps, std::size_t& next);

}  // namespace otabahn::shadow
