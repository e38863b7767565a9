// SPDX-License-Identifier: Apache-2.0
// A shadow's document and what an update makes of it (spec gateway 5.2, 5.3). Pure; time is an argument.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "shadow/limits.hpp"
#include "shadow/refusal.hpp"
#include "shadow/value.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::shadow {

// A deleted shadow's version is continued for so long.
constexpr std::chrono::hours remembered_version{48};

// A section that holds nothing is not there.
struct Sections {
    std::optional<Value> desired, reported;
};

struct Document {
    Sections sections;
    std::int64_t version = 0;
};

// A row of the store: a document, or what is left of a deleted one.
struct Stored {
    Document document;
    std::optional<Timestamp> deleted;

    bool lives() const { return !deleted; }
};

struct Update {
    bool nothing_stays = false;              // {"state":null}
    std::optional<Value> desired, reported;  // as they were given; null: the section goes
    std::optional<std::int64_t> version;
    std::optional<std::string> client_token;
};

struct Updated {
    std::optional<Document> before;
    Document after;
};

Result<Updated, Refusal> apply(const std::optional<Stored>& stored, const Update& update, Timestamp now, const Limits& limits);

std::optional<Value> delta_of(const Sections& sections);

// {"desired":…,"reported":…} of those that are there.
std::string format_state(const Sections& sections);
std::string format_metadata(const Sections& sections);

// How the store keeps it: the state as JSON, and the leaves' times in the order of their leaves.
std::string format_timestamps(const Sections& sections);
Result<Sections, std::string> parse_stored(std::string_view state, std::string_view timestamps);

}  // namespace otabahn::shadow
