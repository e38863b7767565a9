// SPDX-License-Identifier: Apache-2.0
#include "awsapi/request.hpp"

#include "encoding/hex.hpp"

#include <algorithm>

namespace otabahn::awsapi {

namespace {
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
}  // namespace

bool same_header_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::set(std::string name, std::string value) {
    remove(name);
    add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
    std::erase_if(fields_, [&](const Field& field) { return same_header_name(field.first, name); });
}

const std::string* Headers::find(std::string_view name) const {
    const auto found =
        std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return same_header_name(field.first, name); });
    return found == fields_.end() ? nullptr : &found->second;
}

std::string_view Headers::value(std::string_view name) const {
    const std::string* const found = find(name);
    return found ? std::string_view(*found) : std::string_view();
}

const std::string* Request::find_query(std::string_view name) const {
    const auto found = std::find_if(query.begin(), query.end(), [&](const auto& pair) { return pair.first == name; });
    return found == query.end() ? nullptr : &found->second;
}

std::string percent_decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = encoding::hex_digit(text[i + 1]), low = encoding::hex_digit(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out.push_back(static_cast<char>(high * 16 + low));
                i += 2;
                continue;
            }
        }
        out.push_back(text[i] == '+' && plus_is_blank ? ' ' : text[i]);
    }
    return out;
}

std::string percent_encode(std::string_view text, bool keep_slash) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + text.size() / 4);
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                           c == '~' || (c == '/' && keep_slash);
        if (plain) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
    return out;
}

QueryPairs parse_query(std::string_view raw) {
    QueryPairs out;
    while (!raw.empty()) {
        const auto end = std::min(raw.find('&'), raw.size());
        const auto part = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        if (part.empty()) continue;
        const auto equals = std::min(part.find('='), part.size());
        out.emplace_back(percent_decode(part.substr(0, equals), true),
                         equals == part.size() ? std::string() : percent_decode(part.substr(equals + 1), true));
    }
    return out;
}

void set_target(Request& request, std::string_view target) {
    if (const auto scheme = target.find("://"); scheme != std::string_view::npos && scheme < target.find('/')) {
        const auto path = target.find_first_of("/?", scheme + 3);
        target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    }
    const auto question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    if (request.path.empty()) request.path = "/";
    request.raw_query = question == target.size() ? std::string_view() : target.substr(question + 1);
    request.query = parse_query(request.raw_query);
}

}  // namespace otabahn::awsapi
