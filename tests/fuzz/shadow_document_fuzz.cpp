// SPDX-License-Identifier: Apache-2.0
// A shadow's life: a line each is a request, "TOPIC PAYLOAD". Whatever comes, the answer is JSON, what is stored is read back
// as it was, the delta is what a device that reports it makes go away, and limits hold.
#include "encoding/json.hpp"
#include "shadow/messages.hpp"
#include "shadow/request.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace shadow = otabahn::shadow;

namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

void must_be_json(const std::string& text) {
    otabahn::encoding::JsonReader in(text);
    must(in.skip() && in.finish());
}

void check(const shadow::Updated& updated, const shadow::Update& update, otabahn::Timestamp now, const shadow::Limits& limits) {
    const auto& sections = updated.after.sections;
    const auto state = shadow::format_state(sections);
    must(state.size() <= limits.document_bytes);
    must_be_json(shadow::format_update_accepted(update, updated.after.version, now));
    must_be_json(shadow::format_documents(updated, update.client_token, now));
    must_be_json(shadow::format_get_accepted(updated.after, update.client_token, now));
    const auto again = shadow::parse_stored(state, shadow::format_timestamps(sections));
    must(again.has_value());
    must(shadow::format_state(*again) == state);
    must(shadow::format_metadata(*again) == shadow::format_metadata(sections));
    const auto delta = shadow::delta_of(sections);
    if (!delta) return;
    must_be_json(shadow::format_delta(*delta, updated.after.version, update.client_token, now));
    auto reported = sections;
    if (!reported.reported) reported.reported.emplace();
    shadow::merge(*reported.reported, *delta);
    // An empty object does not empty what was reported, as on AWS: only its leaves can be settled.
    if (state.find("{}") == std::string::npos) must(!shadow::delta_of(reported));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const auto& limits = size % 2 == 0 ? shadow::aws_limits : shadow::extended_limits;
    std::optional<shadow::Stored> stored;
    auto now = otabahn::from_millis(1'700'000'000'000);
    while (!input.empty()) {
        auto line = input.substr(0, input.find('\n'));
        input.remove_prefix(std::min(input.size(), line.size() + 1));
        const auto blank = line.find(' ');
        const auto name = shadow::parse_topic(line.substr(0, blank));
        const auto payload = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
        now += std::chrono::seconds(1);
        if (name && shadow::parse_name(*name)) must(shadow::topic_prefix(*shadow::parse_name(*name)) == name->prefix);
        const auto token = shadow::parse_get(payload, limits);
        if (token) must_be_json(shadow::format_delete_accepted(1, *token, now));
        if (name && name->operation == shadow::Operation::remove) {
            const auto ignored = shadow::parse_delete(payload, limits);
            must(ignored || ignored.error().refusal.code == 400);
            if (stored) stored->deleted = now;
            continue;
        }
        const auto update = shadow::parse_update(payload, limits);
        if (!update) {
            must_be_json(shadow::format_rejected(update.error().refusal, update.error().client_token, now));
            continue;
        }
        const auto updated = shadow::apply(stored, *update, now, limits);
        if (!updated) continue;
        check(*updated, *update, now, limits);
        stored = shadow::Stored{updated->after, std::nullopt};
    }
    return 0;
}
