// SPDX-License-Identifier: Apache-2.0
#include "sigv4/url_text.hpp"

#include "base/ids.hpp"
#include "encoding/hex.hpp"

#include <algorithm>

namespace otabahn::sigv4 {
std::string percent_encode(std::string_view text, Slash slash) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        if (id_rules::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && slash == Slash::keep)) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = encoding::hex_digit(text[i + 1]), low = encoding::hex_digit(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high << 4 | low);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

std::vector<QueryPair> parse_query(std::string_view raw) {
    std::vector<QueryPair> pairs;
    while (!raw.empty()) {
        const std::size_t end = std::min(raw.find('&'), raw.size());
        const std::string_view part = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        const bool bare = equals == std::string_view::npos;
        pairs.push_back({percent_decode(part.substr(0, equals)), bare ? std::string() : percent_decode(part.substr(equals + 1))});
    }
    return pairs;
}

Target split_target(std::string_view target) {
    const std::size_t mark = target.find('?');
    if (mark == std::string_view::npos) return {target, {}};
    return {target.substr(0, mark), target.substr(mark + 1)};
}

bool is_lower_hex(std::string_view text, std::size_t digits) {
    return text.size() == digits &&
           std::all_of(text.begin(), text.end(), [](char c) { return id_rules::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace otabahn::sigv4
