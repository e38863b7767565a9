// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259) as a pull reader over text and a small writer into the caller's memory: no heap. The reader is strict
// (UTF-8, number grammar, escapes, paired surrogates, no trailing commas); what breaks the grammar, or is nested deeper than
// `max_depth`, fails it for good. Of members named twice the caller sees both, in order.
//
//   JsonReader in(text);
//   if (!in.enter_object()) …
//   for (JsonString key; in.next_member(key);) {
//       if (key.equals("version")) in.read_string(version);    // a value that nobody reads is skipped
//   }
//   if (!in.finish()) …
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::encoding {

enum class JsonKind : std::uint8_t { object, array, string, number, boolean, null, end, invalid };

// A string of the input as it stands between its quotes, escapes and all.
class JsonString {
  public:
    JsonString() = default;
    std::string_view raw() const { return raw_; }
    bool escaped() const { return escaped_; }
    // The text itself where it has no escapes, which is nearly always.
    std::optional<std::string_view> plain() const { return escaped_ ? std::nullopt : std::optional(raw_); }
    bool equals(std::string_view text) const;
    std::size_t size() const;  // decoded
    // Decodes into `out`; nothing when that is too small.
    std::optional<std::string_view> decode(std::span<char> out) const;

  private:
    friend class JsonReader;
    std::string_view raw_;
    bool escaped_ = false;
};

class JsonReader {
  public:
    static constexpr std::size_t max_depth = 32;

    explicit JsonReader(std::string_view text) : text_(text) {}

    // The kind of the value that the next read takes.
    JsonKind kind();

    // Each takes one value if it is of that kind (and in range), else leaves it and gives false.
    bool read_string(JsonString& value);
    bool read_integer(std::int64_t& value);  // digits alone: 1.0 and 1e2 are not taken
    bool read_unsigned(std::uint64_t& value);
    bool read_boolean(bool& value);
    bool read_null();
    bool enter_object();
    bool enter_array();
    // Steps over one value; the second gives its text.
    bool skip();
    bool read_raw(std::string_view& value);

    // Of the container entered last: steps to the next member or element, over what was left unread. False: it has ended and
    // is left, or the reader failed.
    bool next_member(JsonString& key);
    bool next_element();

    bool failed() const { return failed_; }
    // True when the whole text was one value (blanks aside).
    bool finish();
    std::size_t position() const { return position_; }  // where it stands, or failed

  private:
    bool fail();
    void skip_blanks();
    bool enter(char open, bool object);
    bool leave(char close);
    bool literal(std::string_view word);
    bool scan_string(JsonString& value);
    bool take_integer(bool may_be_negative, std::uint64_t& value);
    bool scan_number(std::string_view& digits, bool& integer);
    bool scan_scalar();
    void taken();

    std::string_view text_;
    std::size_t position_ = 0;
    std::size_t depth_ = 0;
    std::uint32_t objects_ = 0;  // bit per level: an object
    bool first_ = false;         // nothing yet in the container entered last
    bool pending_ = true;        // stands before a value nobody has taken
    bool failed_ = false;
};

// Writes into `out`; when that is too small fits() is false and written() is no whole value.
class JsonWriter {
  public:
    explicit JsonWriter(std::span<char> out) : out_(out) {}

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);
    void string(std::string_view value);
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    void boolean(bool value);
    void null() { literal("null"); }
    void raw(std::string_view json) { literal(json); }  // a value that is JSON already
    void base64(ByteView bytes);

    bool fits() const { return fits_; }
    std::string_view written() const { return {out_.data(), size_}; }

  private:
    void open(char bracket);
    void close(char bracket);
    void comma();
    void literal(std::string_view text);
    void quoted(std::string_view text);
    void put(char c);
    void put(std::string_view text);

    std::span<char> out_;
    std::size_t size_ = 0;
    bool comma_due_ = false;
    bool fits_ = true;
};

}  // namespace otabahn::encoding
