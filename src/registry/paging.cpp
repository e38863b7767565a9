// SPDX-License-Identifier: Apache-2.0
#include "registry/paging.hpp"

#include "encoding/base64_string.hpp"

#include <utility>

namespace otabahn::registry {

std::string format_token(const std::string& last_key) { return encoding::to_hex(last_key); }

Result<Page> parse_page(const std::optional<std::string>& token, const std::optional<std::int32_t>& count) {
    Page page{"", count.value_or(default_page)};
    if (page.count < 1 || page.count > 250)
        return fail(ErrorCode::invalid_request, "A page holds 1 to 250 results; " + std::to_string(page.count) + " were asked for.");
    if (!token) return page;
    auto after = encoding::from_hex(*token);
    if (!after || after->empty() || token->size() % 2 != 0)
        return fail(ErrorCode::invalid_request, "Next token is invalid: it is none that this service gave out.");
    page.after = std::move(*after);
    return page;
}

}  // namespace otabahn::registry
