// SPDX-License-Identifier: Apache-2.0
#include "mqtt/topic.hpp"

namespace otabahn::mqtt {
namespace {

constexpr std::string_view share_prefix = "$share/";

// string_view::starts_with is written with substr, which drags an exception in.
bool is_shared(std::string_view filter) {
    return filter.size() >= share_prefix.size() && std::string_view(filter.data(), share_prefix.size()) == share_prefix;
}

bool is_plain_filter(std::string_view text) {
    if (text.empty()) return false;
    Levels levels(text);
    std::string_view level;
    while (levels.next(level)) {
        for (char c : level)
            if (c == '\0' || ((c == '+' || c == '#') && level.size() != 1)) return false;
        if (level.size() == 1 && level[0] == '#' && !levels.last()) return false;
    }
    return true;
}

}  // namespace

bool Levels::next(std::string_view& level) {
    if (done_) return false;
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '/') ++end;
    level = std::string_view(rest_.data(), end);
    if (end == rest_.size()) {
        done_ = true;
        rest_ = {};
    } else {
        rest_.remove_prefix(end + 1);
    }
    return true;
}

bool is_topic_name(std::string_view text) {
    if (text.empty()) return false;
    for (char c : text)
        if (c == '\0' || c == '+' || c == '#') return false;
    return true;
}

bool is_topic_filter(std::string_view text) {
    if (!is_shared(text)) return is_plain_filter(text);
    const auto shared = split_shared(text);
    return shared.has_value() && is_topic_name(shared->name) && is_plain_filter(shared->filter);
}

std::size_t count_slashes(std::string_view text) {
    std::size_t count = 0;
    for (char c : text)
        if (c == '/') ++count;
    return count;
}

bool has_wildcard(std::string_view filter) {
    for (char c : filter)
        if (c == '+' || c == '#') return true;
    return false;
}

std::optional<SharedFilter> split_shared(std::string_view filter) {
    if (!is_shared(filter)) return std::nullopt;
    filter.remove_prefix(share_prefix.size());
    std::size_t end = 0;
    while (end < filter.size() && filter[end] != '/') ++end;
    SharedFilter out{std::string_view(filter.data(), end), {}};
    if (end < filter.size()) {
        filter.remove_prefix(end + 1);
        out.filter = filter;
    }
    return out;
}

bool matches(std::string_view filter, std::string_view topic) {
    if (!topic.empty() && topic[0] == '$' && !filter.empty() && (filter[0] == '+' || filter[0] == '#')) return false;
    Levels wanted(filter);
    Levels given(topic);
    std::string_view want;
    std::string_view have;
    while (wanted.next(want)) {
        if (want.size() == 1 && want[0] == '#') return given.next(have);  // at least one more level: AWS's deviation
        if (!given.next(have)) return false;
        if (!(want.size() == 1 && want[0] == '+') && want != have) return false;
    }
    return !given.next(have);
}

}  // namespace otabahn::mqtt
