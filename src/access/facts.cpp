// SPDX-License-Identifier: Apache-2.0
#include "access/facts.hpp"

#include "access/names.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace otabahn::access {

Facts::Facts(Timestamp now) {
    const std::int64_t seconds = to_seconds(now);
    set("aws:EpochTime", std::to_string(seconds));
    set("aws:CurrentTime", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds))));
}

void Facts::set(std::string_view key, std::string value) {
    if (!value.empty()) values_.insert_or_assign(to_key(key), std::move(value));
}

std::optional<std::vector<std::string>> Facts::find(std::string_view key) const {
    const auto found = values_.find(to_key(key));
    if (found == values_.end()) return std::nullopt;
    return std::vector{found->second};
}

}  // namespace otabahn::access
