// SPDX-License-Identifier: Apache-2.0
#include "encoding/hex.hpp"
#include "encoding/json.hpp"
#include "encoding/slice.hpp"
#include "encoding/utf8.hpp"

namespace otabahn::encoding {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The four hex digits at `at`, or -1.
std::int32_t four_hex(std::string_view text, std::size_t at) {
    if (text.size() < at || text.size() - at < 4) return -1;
    std::int32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const int digit = hex_digit(text[at + i]);
        if (digit < 0) return -1;
        value = value << 4 | digit;
    }
    return value;
}

struct Escape {
    std::size_t length = 0;  // characters of the escape; 0: malformed
    std::uint32_t code_point = 0;
};

// The escape whose backslash stands at `at`.
Escape escape_at(std::string_view text, std::size_t at) {
    if (text.size() - at < 2) return {};
    switch (text[at + 1]) {
        case '"':
            return {2, '"'};
        case '\\':
            return {2, '\\'};
        case '/':
            return {2, '/'};
        case 'b':
            return {2, '\b'};
        case 'f':
            return {2, '\f'};
        case 'n':
            return {2, '\n'};
        case 'r':
            return {2, '\r'};
        case 't':
            return {2, '\t'};
        case 'u':
            break;
        default:
            return {};
    }
    const std::int32_t first = four_hex(text, at + 2);
    if (first < 0 || (first >= 0xdc00 && first <= 0xdfff)) return {};
    if (first < 0xd800 || first > 0xdbff) return {6, static_cast<std::uint32_t>(first)};
    if (text.size() - at < 12 || text[at + 6] != '\\' || text[at + 7] != 'u') return {};
    const std::int32_t second = four_hex(text, at + 8);
    if (second < 0xdc00 || second > 0xdfff) return {};
    return {12, 0x10000U + (static_cast<std::uint32_t>(first - 0xd800) << 10) + static_cast<std::uint32_t>(second - 0xdc00)};
}

// Walks the decoded text piece by piece; `take` gets (characters, count) and gives false to stop.
template <class Take>
bool each_piece(std::string_view raw, Take take) {
    std::size_t from = 0;
    for (std::size_t at = 0; at < raw.size();) {
        if (raw[at] != '\\') {
            ++at;
            continue;
        }
        if (at > from && !take(raw.data() + from, at - from)) return false;
        const Escape escape = escape_at(raw, at);
        char character[4];
        if (!take(character, encode_utf8(escape.code_point, character))) return false;
        at += escape.length;
        from = at;
    }
    return from == raw.size() || take(raw.data() + from, raw.size() - from);
}

}  // namespace

bool JsonString::equals(std::string_view text) const {
    if (!escaped_) return raw_ == text;
    std::size_t matched = 0;
    const bool prefix = each_piece(raw_, [&](const char* piece, std::size_t count) {
        if (slice(text, matched, count) != std::string_view(piece, count)) return false;
        matched += count;
        return true;
    });
    return prefix && matched == text.size();
}

std::size_t JsonString::size() const {
    if (!escaped_) return raw_.size();
    std::size_t size = 0;
    each_piece(raw_, [&](const char*, std::size_t count) {
        size += count;
        return true;
    });
    return size;
}

std::optional<std::string_view> JsonString::decode(std::span<char> out) const {
    std::size_t written = 0;
    const bool fits = each_piece(raw_, [&](const char* piece, std::size_t count) {
        if (count > out.size() - written) return false;
        for (std::size_t i = 0; i < count; ++i) out[written++] = piece[i];
        return true;
    });
    if (!fits) return std::nullopt;
    return std::string_view(out.data(), written);
}

bool JsonReader::fail() {
    failed_ = true;
    return false;
}

void JsonReader::skip_blanks() {
    while (position_ < text_.size()) {
        const char c = text_[position_];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
        ++position_;
    }
}

void JsonReader::taken() { pending_ = false; }

JsonKind JsonReader::kind() {
    if (failed_) return JsonKind::invalid;
    if (!pending_) return JsonKind::end;
    skip_blanks();
    if (position_ < text_.size()) {
        switch (text_[position_]) {
            case '{':
                return JsonKind::object;
            case '[':
                return JsonKind::array;
            case '"':
                return JsonKind::string;
            case 't':
            case 'f':
                return JsonKind::boolean;
            case 'n':
                return JsonKind::null;
            default:
                if (text_[position_] == '-' || is_digit(text_[position_])) return JsonKind::number;
        }
    }
    fail();
    return JsonKind::invalid;
}

// Stands on the opening quote; afterwards past the closing one.
bool JsonReader::scan_string(JsonString& value) {
    const ByteView bytes = as_bytes(text_);
    std::size_t at = position_ + 1;
    JsonString out;
    while (at < text_.size() && text_[at] != '"') {
        if (text_[at] == '\\') {
            const Escape escape = escape_at(text_, at);
            if (escape.length == 0) break;
            out.escaped_ = true;
            at += escape.length;
            continue;
        }
        const std::size_t length = bytes[at] < 0x20 ? 0 : utf8_length(bytes, at);
        if (length == 0) break;
        at += length;
    }
    if (at >= text_.size() || text_[at] != '"') {
        position_ = at;
        return fail();
    }
    out.raw_ = slice(text_, position_ + 1, at - position_ - 1);
    value = out;
    position_ = at + 1;
    return true;
}

bool JsonReader::scan_number(std::string_view& digits, bool& integer) {
    std::size_t at = position_;
    const auto run = [&] {
        const std::size_t from = at;
        while (at < text_.size() && is_digit(text_[at])) ++at;
        return at > from;
    };
    const auto refuse = [&] {
        position_ = at;
        return fail();
    };
    if (text_[at] == '-') ++at;
    if (at < text_.size() && text_[at] == '0')
        ++at;
    else if (!run())
        return refuse();
    integer = true;
    if (at < text_.size() && text_[at] == '.') {
        ++at;
        integer = false;
        if (!run()) return refuse();
    }
    if (at < text_.size() && (text_[at] == 'e' || text_[at] == 'E')) {
        ++at;
        integer = false;
        if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) ++at;
        if (!run()) return refuse();
    }
    // "01" is caught here and not by whoever looks for a comma next, so that the place named is the number's.
    if (at < text_.size() && is_digit(text_[at])) return refuse();
    digits = slice(text_, position_, at - position_);
    position_ = at;
    return true;
}

bool JsonReader::literal(std::string_view word) {
    if (slice(text_, position_, word.size()) != word) return fail();
    position_ += word.size();
    return true;
}

bool JsonReader::read_string(JsonString& value) {
    if (kind() != JsonKind::string || !scan_string(value)) return false;
    taken();
    return true;
}

// An integer that fits is taken; another one is left where it stands.
bool JsonReader::take_integer(bool may_be_negative, std::uint64_t& value) {
    if (kind() != JsonKind::number) return false;
    const std::size_t begin = position_;
    std::string_view digits;
    bool fits = false;
    if (!scan_number(digits, fits)) return false;
    const bool negative = digits.front() == '-';
    const std::uint64_t most = may_be_negative ? static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1 : 0) : UINT64_MAX;
    std::uint64_t magnitude = 0;
    if (negative) {
        digits = slice(digits, 1);
        fits = fits && may_be_negative;
    }
    for (std::size_t i = 0; fits && i < digits.size(); ++i) {
        const auto digit = static_cast<std::uint64_t>(digits[i] - '0');
        fits = magnitude <= UINT64_MAX / 10 && magnitude * 10 <= most - digit;
        magnitude = magnitude * 10 + digit;
    }
    if (!fits) {
        position_ = begin;
        return false;
    }
    value = negative ? 0 - magnitude : magnitude;
    taken();
    return true;
}

bool JsonReader::read_unsigned(std::uint64_t& value) { return take_integer(false, value); }

bool JsonReader::read_integer(std::int64_t& value) {
    std::uint64_t bits = 0;
    if (!take_integer(true, bits)) return false;
    value = static_cast<std::int64_t>(bits);
    return true;
}

bool JsonReader::read_boolean(bool& value) {
    if (kind() != JsonKind::boolean) return false;
    const bool truth = text_[position_] == 't';
    if (!literal(truth ? "true" : "false")) return false;
    value = truth;
    taken();
    return true;
}

bool JsonReader::read_null() {
    if (kind() != JsonKind::null || !literal("null")) return false;
    taken();
    return true;
}

bool JsonReader::enter(char open, bool object) {
    if (kind() != (object ? JsonKind::object : JsonKind::array)) return false;
    if (depth_ == max_depth || text_[position_] != open) return fail();
    ++position_;
    const std::uint32_t bit = std::uint32_t{1} << depth_++;
    objects_ = object ? objects_ | bit : objects_ & ~bit;
    first_ = true;
    pending_ = false;
    return true;
}

bool JsonReader::enter_object() { return enter('{', true); }
bool JsonReader::enter_array() { return enter('[', false); }

// True when the innermost container ended here, or anything failed.
bool JsonReader::leave(char close) {
    const bool object = close == '}';
    if (failed_ || depth_ == 0 || ((objects_ >> (depth_ - 1) & 1) != 0) != object) return !fail();
    if (pending_ && !skip()) return true;
    skip_blanks();
    if (position_ == text_.size()) return !fail();
    if (text_[position_] == close) {
        ++position_;
        --depth_;
        first_ = false;
        return true;
    }
    if (!first_) {
        if (text_[position_] != ',') return !fail();
        ++position_;
        skip_blanks();
    }
    first_ = false;
    return false;
}

bool JsonReader::next_member(JsonString& key) {
    if (leave('}')) return false;
    if (position_ == text_.size() || text_[position_] != '"') return fail();
    if (!scan_string(key)) return false;
    skip_blanks();
    if (position_ == text_.size() || text_[position_] != ':') return fail();
    ++position_;
    pending_ = true;
    return true;
}

bool JsonReader::next_element() {
    if (leave(']')) return false;
    pending_ = true;
    return true;
}

bool JsonReader::scan_scalar() {
    JsonString string;
    std::string_view digits;
    bool flag = false;
    switch (kind()) {
        case JsonKind::string:
            return read_string(string);
        case JsonKind::boolean:
            return read_boolean(flag);
        case JsonKind::null:
            return read_null();
        case JsonKind::number:
            if (!scan_number(digits, flag)) return false;
            taken();
            return true;
        case JsonKind::object:
        case JsonKind::array:
        case JsonKind::end:
        case JsonKind::invalid:
            break;
    }
    return fail();
}

bool JsonReader::skip() {
    const std::size_t outer = depth_;
    for (bool first = true; first || depth_ > outer; first = false) {
        if (depth_ > outer) {
            JsonString key;
            const bool object = (objects_ >> (depth_ - 1) & 1) != 0;
            if (!(object ? next_member(key) : next_element())) {
                if (failed_) return false;
                continue;
            }
        }
        switch (kind()) {
            case JsonKind::object:
                if (!enter_object()) return false;
                break;
            case JsonKind::array:
                if (!enter_array()) return false;
                break;
            case JsonKind::string:
            case JsonKind::number:
            case JsonKind::boolean:
            case JsonKind::null:
            case JsonKind::end:
            case JsonKind::invalid:
                if (!scan_scalar()) return false;
                break;
        }
    }
    return !failed_;
}

bool JsonReader::read_raw(std::string_view& value) {
    if (kind() == JsonKind::invalid || !pending_) return false;
    const std::size_t begin = position_;
    if (!skip()) return false;
    value = slice(text_, begin, position_ - begin);
    return true;
}

bool JsonReader::finish() {
    if (failed_ || depth_ > 0) return false;
    if (pending_ && !skip()) return false;
    skip_blanks();
    return position_ == text_.size() || fail();
}

}  // namespace otabahn::encoding
