// SPDX-License-Identifier: Apache-2.0
#include "store/statement.hpp"

#include <algorithm>

namespace otabahn::store {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// The end of what starts at `from` and is taken as it stands: a quoted text or name, a comment; `from` itself when neither.
std::size_t verbatim_end(std::string_view text, std::size_t from) {
    const char c = text[from];
    if (c == '\'' || c == '"') {
        const auto end = text.find(c, from + 1);  // a doubled quote reads as two texts, which copies the same bytes
        return end == std::string_view::npos ? text.size() : end + 1;
    }
    if (text.substr(from, 2) == "--") {
        const auto end = text.find('\n', from);
        return end == std::string_view::npos ? text.size() : end;
    }
    if (text.substr(from, 2) == "::") return from + 2;
    return from;
}

bool starts_with_select(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return false;
    constexpr std::string_view word = "select";
    text = text.substr(first, word.size());
    return std::ranges::equal(text, word, [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

Statement number_parameters(std::string_view text, char mark) {
    Statement out;
    out.reads_only = starts_with_select(text);
    out.text.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (const auto end = verbatim_end(text, at); end != at) {
            out.text.append(text.substr(at, end - at));
            at = end;
            continue;
        }
        if (text[at] != ':' || at + 1 == text.size() || !is_name_start(text[at + 1])) {
            out.text.push_back(text[at++]);
            continue;
        }
        auto end = at + 1;
        while (end < text.size() && is_name(text[end])) ++end;
        const auto name = text.substr(at + 1, end - at - 1);
        auto found = std::ranges::find(out.names, name);
        if (found == out.names.end()) found = out.names.insert(found, std::string(name));
        out.text.push_back(mark);
        out.text.append(std::to_string(found - out.names.begin() + 1));
        at = end;
    }
    return out;
}

std::vector<const runtime::SqlValue*> order_parameters(const Statement& statement, std::initializer_list<runtime::SqlParameter> parameters,
                                                       std::string_view original) {
    std::vector<const runtime::SqlValue*> out(statement.names.size(), nullptr);
    for (const auto& parameter : parameters) {
        const auto found = std::ranges::find(statement.names, parameter.name);
        if (found == statement.names.end())
            throw runtime::StoreFailure("The parameter ':" + std::string(parameter.name) + "' does not stand in: " + std::string(original));
        // PostgreSQL holds no NUL in a text, and libpq would cut the value there in silence: refused on both engines.
        if (const auto* value = std::get_if<std::string>(&parameter.value); value != nullptr && value->find('\0') != std::string::npos)
            throw runtime::StoreFailure("The value of ':" + std::string(parameter.name) +
                                        "' holds a NUL byte, which no TEXT can: " + std::string(original));
        out[static_cast<std::size_t>(found - statement.names.begin())] = &parameter.value;
    }
    for (std::size_t i = 0; i < out.size(); ++i)
        if (out[i] == nullptr)
            throw runtime::StoreFailure("No value was given for ':" + statement.names[i] + "' of: " + std::string(original));
    return out;
}

std::vector<std::string> split_schema(std::string_view text) {
    std::vector<std::string> out;
    std::string statement;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = line.substr(0, line.find("--"));
        const auto last = line.find_last_not_of(" \t\r");
        if (last == std::string_view::npos) continue;
        line = line.substr(0, last + 1);
        const bool ends = line.back() == ';';
        if (ends) line.remove_suffix(1);
        statement.append(line).push_back('\n');
        if (ends) out.push_back(std::exchange(statement, {}));
    }
    if (!statement.empty()) out.push_back(std::move(statement));
    return out;
}

}  // namespace otabahn::store
