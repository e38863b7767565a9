// SPDX-License-Identifier: Apache-2.0
#include "policy/pattern.hpp"

#include <algorithm>

namespace otabahn::policy {
namespace {

constexpr char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal(std::string_view a, std::string_view b, Letters letters) {
    if (letters == Letters::exact) return a == b;
    return same_ignoring_case(a, b);
}

// The value of a part, or nothing for a variable without one. A `?` has no value but the length 1.
std::optional<std::string_view> value_of(const PatternPart& part, Variables& variables) {
    if (part.kind != PatternPart::Kind::variable) return part.text;
    auto value = variables.substitute(part.text);
    if (!value && part.fallback) return *part.fallback;
    return value;
}

std::optional<std::size_t> length_of(const std::vector<PatternPart>& chunk, Variables& variables) {
    std::size_t out = 0;
    for (const PatternPart& part : chunk) {
        if (part.kind == PatternPart::Kind::any_character) {
            ++out;
            continue;
        }
        const auto value = value_of(part, variables);
        if (!value) return std::nullopt;
        out += value->size();
    }
    return out;
}

// One character is one code point: `?` must not split what a device wrote in UTF-8.
std::size_t character_at(std::string_view text, std::size_t at) {
    std::size_t size = 1;
    while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xc0) == 0x80) ++size;
    return size;
}

// Where the chunk ends when it begins at `at`, or nothing.
std::optional<std::size_t> match_at(const std::vector<PatternPart>& chunk, std::string_view text, std::size_t at, Variables& variables,
                                    Letters letters) {
    for (const PatternPart& part : chunk) {
        if (part.kind == PatternPart::Kind::any_character) {
            if (at >= text.size()) return std::nullopt;
            at += character_at(text, at);
            continue;
        }
        const auto value = value_of(part, variables);
        if (!value || text.size() - at < value->size() || !equal(text.substr(at, value->size()), *value, letters)) return std::nullopt;
        at += value->size();
    }
    return at;
}

bool is_literal(const std::vector<PatternPart>& chunk) { return chunk.size() == 1 && chunk.front().kind == PatternPart::Kind::text; }

void add_text(std::vector<PatternPart>& chunk, char c) {
    if (chunk.empty() || chunk.back().kind != PatternPart::Kind::text) chunk.push_back({});
    chunk.back().text.push_back(c);
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

}  // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return folded(x) == folded(y); });
}

bool starts_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && same_ignoring_case(text.substr(0, prefix.size()), prefix);
}

Result<Pattern, std::string> Pattern::compile(std::string_view source, PatternSyntax syntax) {
    Pattern out;
    out.source_ = source;
    for (std::size_t i = 0; i < source.size();) {
        const char c = source[i];
        if (c == '$' && i + 1 < source.size() && source[i + 1] == '{' && syntax.variables) {
            const std::size_t close = source.find('}', i + 2);
            if (close == std::string_view::npos) return Unexpected(std::string("holds '${' without '}'"));
            std::string_view name = source.substr(i + 2, close - i - 2);
            i = close + 1;
            if (name == "*" || name == "?" || name == "$") {
                add_text(out.chunks_.back(), name.front());
                continue;
            }
            PatternPart part{PatternPart::Kind::variable, {}, std::nullopt};
            if (const std::size_t comma = name.find(','); comma != std::string_view::npos) {
                std::string_view fallback = trimmed(name.substr(comma + 1));
                if (fallback.size() < 2 || fallback.front() != '\'' || fallback.back() != '\'')
                    return Unexpected("holds '${" + std::string(name) + "}', whose default is not in single quotes");
                part.fallback = fallback.substr(1, fallback.size() - 2);
                name = name.substr(0, comma);
            }
            name = trimmed(name);
            if (name.empty() || name.find_first_of("${ ") != std::string_view::npos)
                return Unexpected("holds '${" + std::string(name) + "}', which names no variable");
            part.text = name;
            out.chunks_.back().push_back(std::move(part));
            continue;
        }
        ++i;
        if (syntax.wildcards == Wildcards::star_and_question && c == '*') {
            out.chunks_.emplace_back();
        } else if (syntax.wildcards == Wildcards::star_and_question && c == '?') {
            out.chunks_.back().push_back({PatternPart::Kind::any_character, {}, std::nullopt});
        } else {
            add_text(out.chunks_.back(), c);
        }
    }
    // `**` is `*`: an empty chunk between two others matches anywhere.
    if (out.chunks_.size() > 2) {
        const auto inner_end =
            std::remove_if(out.chunks_.begin() + 1, out.chunks_.end() - 1, [](const Chunk& chunk) { return chunk.empty(); });
        out.chunks_.erase(inner_end, out.chunks_.end() - 1);
    }
    return out;
}

bool Pattern::matches(std::string_view text, Variables& variables, Letters letters) const {
    // Most actions are plain words: their length tells most of them apart.
    if (chunks_.size() == 1 && is_literal(chunks_.front())) {
        const std::string& literal = chunks_.front().front().text;
        return text.size() == literal.size() && equal(text, literal, letters);
    }
    auto at = match_at(chunks_.front(), text, 0, variables, letters);
    if (!at) return false;
    if (chunks_.size() == 1) return *at == text.size();

    for (std::size_t i = 1; i + 1 < chunks_.size(); ++i) {
        const Chunk& chunk = chunks_[i];
        if (is_literal(chunk) && letters == Letters::exact) {
            const std::size_t found = text.find(chunk.front().text, *at);
            if (found == std::string_view::npos) return false;
            at = found + chunk.front().text.size();
            continue;
        }
        const auto length = length_of(chunk, variables);
        if (!length) return false;
        std::optional<std::size_t> end;
        for (std::size_t start = *at; start + *length <= text.size() && !end; ++start)
            end = match_at(chunk, text, start, variables, letters);
        if (!end) return false;
        at = end;
    }

    const Chunk& last = chunks_.back();
    if (last.empty()) return true;
    const auto length = length_of(last, variables);
    if (!length || *at + *length > text.size()) return false;
    // A `?` may take several bytes, so the last chunk's start is not known by its length alone when it has one.
    const bool has_question =
        std::any_of(last.begin(), last.end(), [](const PatternPart& part) { return part.kind == PatternPart::Kind::any_character; });
    if (!has_question) return match_at(last, text, text.size() - *length, variables, letters) == text.size();
    for (std::size_t start = text.size() - *length;; --start) {
        if (match_at(last, text, start, variables, letters) == text.size()) return true;
        if (start == *at) return false;
    }
}

std::optional<std::string_view> Pattern::unresolved(Variables& variables) const {
    for (const Chunk& chunk : chunks_)
        for (const PatternPart& part : chunk)
            if (!value_of(part, variables)) return part.text;
    return std::nullopt;
}

std::optional<std::string> Pattern::expanded(Variables& variables) const {
    std::string out;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
        if (i != 0) out.push_back('*');
        for (const PatternPart& part : chunks_[i]) {
            if (part.kind == PatternPart::Kind::any_character) {
                out.push_back('?');
                continue;
            }
            const auto value = value_of(part, variables);
            if (!value) return std::nullopt;
            out.append(*value);
        }
    }
    return out;
}

namespace {

std::vector<std::string_view> cut_arn(std::string_view arn, bool variables) {
    std::vector<std::string_view> out;
    out.reserve(6);
    while (out.size() < 5) {
        std::size_t colon = 0;
        for (bool inside = false; colon < arn.size() && (inside || arn[colon] != ':'); ++colon) {
            if (variables && arn.compare(colon, 2, "${") == 0) inside = true;
            if (arn[colon] == '}') inside = false;
        }
        out.push_back(arn.substr(0, colon));
        if (colon == arn.size()) return out;
        arn.remove_prefix(colon + 1);
    }
    out.push_back(arn);
    return out;
}

}  // namespace

std::vector<std::string_view> arn_parts(std::string_view arn) { return cut_arn(arn, false); }
std::vector<std::string_view> arn_pattern_parts(std::string_view arn) { return cut_arn(arn, true); }

}  // namespace otabahn::policy
