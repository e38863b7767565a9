// SPDX-License-Identifier: Apache-2.0
#include "client/aws_profiles.hpp"

#include "sigv4/canonical.hpp"

#include <algorithm>

namespace otabahn::client {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// What a section's title names; nothing: no profile (sso-session, services).
std::optional<std::string> profile_of(std::string_view title, ProfileFile::Kind kind) {
    title = trimmed(title);
    if (kind == ProfileFile::Kind::config && title != "default") {
        constexpr std::string_view word = "profile";
        if (!title.starts_with(word) || title.size() == word.size() || !is_blank(title[word.size()])) return std::nullopt;
        title = trimmed(title.substr(word.size()));
    }
    if (title.size() >= 2 && (title.front() == '"' || title.front() == '\'') && title.back() == title.front())
        title = title.substr(1, title.size() - 2);
    return std::string(title);
}

}  // namespace

ProfileFile ProfileFile::parse(std::string_view text, Kind kind) {
    ProfileFile out;
    std::map<std::string, std::string, std::less<>>* section = nullptr;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string_view content = trimmed(line);
        if (content.empty() || content.front() == '#' || content.front() == ';') continue;
        if (content.front() == '[') {
            const std::size_t close = content.find(']');
            const auto name = close == std::string_view::npos ? std::nullopt : profile_of(content.substr(1, close - 1), kind);
            section = name ? &out.profiles_[*name] : nullptr;
            continue;
        }
        const std::size_t equals = content.find('=');
        if (section == nullptr || is_blank(line.front()) || equals == std::string_view::npos) continue;
        (*section)[sigv4::to_lower(trimmed(content.substr(0, equals)))] = std::string(trimmed(content.substr(equals + 1)));
    }
    return out;
}

bool ProfileFile::has(std::string_view profile) const { return profiles_.contains(profile); }

std::optional<std::string> ProfileFile::find(std::string_view profile, std::string_view key) const {
    const auto section = profiles_.find(profile);
    if (section == profiles_.end()) return std::nullopt;
    const auto value = section->second.find(key);
    return value == section->second.end() || value->second.empty() ? std::nullopt : std::optional(value->second);
}

}  // namespace otabahn::client
