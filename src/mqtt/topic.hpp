// SPDX-License-Identifier: Apache-2.0
// Topic names and topic filters: their form (MQTT 5, 4.7) and whether one matches the other, with AWS's deviations:
// `sensor/#` does not match `sensor`; a leading wildcard does not match a topic that starts with `$`.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace otabahn::mqtt {

// Form only: not empty, no U+0000, no wildcard. UTF-8 is the codec's concern, length and depth are limits of the service.
bool is_topic_name(std::string_view text);
// `+` fills a level, `#` fills the last one. `$share/NAME/FILTER` needs a name without wildcards and a filter of its own.
bool is_topic_filter(std::string_view text);

std::size_t count_slashes(std::string_view text);
bool has_wildcard(std::string_view filter);

struct SharedFilter {
    std::string_view name, filter;
};
// Nothing when `filter` does not start with `$share/`.
std::optional<SharedFilter> split_shared(std::string_view filter);

// Both are of valid form; `filter` is no shared one.
bool matches(std::string_view filter, std::string_view topic);

// Levels one after another, without std::string_view::substr (it drags an exception in).
class Levels {
  public:
    explicit Levels(std::string_view text) : rest_(text) {}
    bool next(std::string_view& level);
    bool last() const { return done_; }  // the level given last was the final one

  private:
    std::string_view rest_;
    bool done_ = false;
};

}  // namespace otabahn::mqtt
