// SPDX-License-Identifier: Apache-2.0
#include "registry/paging.hpp"

namespace otabahn::registry {

namespace {
constexpr std::string_view digits = "0123456789abcdef";
}

std::string format_token(const std::string& last_key) {
    std::string out;
    for (unsigned char c : last_key) {
        out += digits[c >> 4];
        out += digits[c & 15];
    }
    return out;
}

Result<Page> parse_page(const std::optional<std::string>& token, const std::optional<std::int32_t>& count) {
    Page page{"", count.value_or(default_page)};
    if (page.count < 1 || page.count > 250)
        return fail(ErrorCode::invalid_request, "A page holds 1 to 250 results; " + std::to_string(page.count) + " were asked for.");
    if (!token) return page;
    if (token->empty() || token->size() % 2 != 0)
        return fail(ErrorCode::invalid_request, "Next token is invalid: it is none that this service gave out.");
    for (std::size_t i = 0; i < token->size(); i += 2) {
        const auto high = digits.find((*token)[i]), low = digits.find((*token)[i + 1]);
        if (high == digits.npos || low == digits.npos)
            return fail(ErrorCode::invalid_request, "Next token is invalid: it is none that this service gave out.");
        page.after += static_cast<char>(high << 4 | low);
    }
    return page;
}

}  // namespace otabahn::registry
