// SPDX-License-Identifier: Apache-2.0
#include "encoding/base64.hpp"
#include "encoding/decimal.hpp"
#include "encoding/json.hpp"

namespace otabahn::encoding {

void JsonWriter::put(char c) {
    if (size_ == out_.size()) {
        fits_ = false;
        return;
    }
    out_[size_++] = c;
}

void JsonWriter::put(std::string_view text) {
    if (text.size() > out_.size() - size_) {
        fits_ = false;
        return;
    }
    for (const char c : text) out_[size_++] = c;
}

void JsonWriter::comma() {
    if (comma_due_) put(',');
    comma_due_ = true;
}

void JsonWriter::open(char bracket) {
    comma();
    put(bracket);
    comma_due_ = false;
}

void JsonWriter::close(char bracket) {
    put(bracket);
    comma_due_ = true;
}

void JsonWriter::key(std::string_view name) {
    comma();
    quoted(name);
    put(':');
    comma_due_ = false;
}

void JsonWriter::quoted(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    put('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            put('\\');
            put(c);
        } else if (byte < 0x20) {
            put("\\u00");
            put(digits[byte >> 4]);
            put(digits[byte & 0xf]);
        } else {
            put(c);
        }
    }
    put('"');
}

void JsonWriter::string(std::string_view value) {
    comma();
    quoted(value);
}

void JsonWriter::literal(std::string_view text) {
    comma();
    put(text);
}

void JsonWriter::boolean(bool value) { literal(value ? "true" : "false"); }

void JsonWriter::unsigned_integer(std::uint64_t value) { literal(Decimal(value).view()); }

void JsonWriter::integer(std::int64_t value) {
    if (value >= 0) return unsigned_integer(static_cast<std::uint64_t>(value));
    comma();
    put('-');
    comma_due_ = false;
    unsigned_integer(0 - static_cast<std::uint64_t>(value));
}

void JsonWriter::base64(ByteView bytes) {
    comma();
    put('"');
    const auto written = encode_base64(bytes, out_.subspan(size_));
    if (written)
        size_ += *written;
    else
        fits_ = false;
    put('"');
}

}  // namespace otabahn::encoding
