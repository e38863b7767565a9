// SPDX-License-Identifier: Apache-2.0
#include "objects/listing.hpp"

#include "encoding/base64_string.hpp"
#include "objects/names.hpp"

#include <algorithm>

namespace otabahn::objects {
namespace {

constexpr std::size_t folding_batch = 64;  // rows looked at before a seek past a common prefix

// "photos/2024/" of "photos/2024/a.jpg" with prefix "photos/"; nothing: the key does not fold.
std::optional<std::string> find_common_prefix(const ListRequest& request, std::string_view key) {
    if (request.delimiter.empty()) return std::nullopt;
    const auto at = key.find(request.delimiter, request.prefix.size());
    if (at == std::string_view::npos) return std::nullopt;
    return std::string(key.substr(0, at + request.delimiter.size()));
}

}  // namespace

ListPage list_page(const ListRequest& request, Position start, const FetchRows& fetch) {
    ListPage out;
    if (request.most == 0) return out;
    if (start.key < request.prefix) start = Position::before(request.prefix);
    out.next = std::move(start);
    std::size_t given = 0;
    while (true) {
        const auto batch = request.delimiter.empty() ? request.most + 1 - given : std::min(folding_batch, request.most + 1 - given);
        const auto rows = fetch(out.next, batch);
        std::optional<std::string> behind;  // keys below it are folded already
        for (const auto& row : rows) {
            if (!row.key.starts_with(request.prefix)) return out;
            if (behind && row.key < *behind) continue;
            if (given == request.most) {
                out.truncated = true;
                return out;
            }
            ++given;
            auto folded = find_common_prefix(request, row.key);
            if (!folded) {
                out.next = {row.key, row.newness};
                out.last_item = row.key;
                out.last_version = row.version_id;
                out.rows.push_back(row);
                continue;
            }
            behind = find_prefix_end(*folded);
            out.last_item = *folded;
            out.last_version.reset();
            out.common_prefixes.push_back(std::move(*folded));
            if (!behind) return out;
            out.next = Position::before(*behind);
        }
        if (rows.size() < batch) return out;
    }
}

Position start_after_marker(const ListRequest& request, const std::string& marker) {
    if (marker.starts_with(request.prefix) && find_common_prefix(request, marker) == marker)
        if (auto behind = find_prefix_end(marker)) return Position::before(std::move(*behind));
    return Position::after(marker);
}

std::string format_token(const Position& position) {
    const auto text = (position.newness == INT64_MIN ? "1b" : "1a") + position.key;
    return encoding::to_base64(as_bytes(text));
}

std::optional<Position> parse_token(std::string_view token) {
    const auto text = encoding::from_base64(token);
    if (!text || text->size() < 2 || !is_storable_text(*text)) return std::nullopt;
    if (text->starts_with("1b")) return Position::before(text->substr(2));
    if (text->starts_with("1a")) return Position::after(text->substr(2));
    return std::nullopt;
}

}  // namespace otabahn::objects
