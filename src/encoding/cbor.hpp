// SPDX-License-Identifier: Apache-2.0
// CBOR (RFC 8949) as a pull reader over bytes and a writer into the caller's memory: no heap. The reader takes definite and
// indefinite containers and strings, integers of any width, and steps over tags; what is not well-formed, or nested deeper
// than `max_depth`, fails it for good.
//
//   CborReader in(payload);
//   if (!in.enter_map()) …
//   for (CborString key; in.next_member(key);) {
//       if (key.equals("l")) in.read_unsigned(size);    // a value that nobody reads is skipped
//   }
//   if (in.failed()) …
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::encoding {

enum class CborKind : std::uint8_t {
    unsigned_integer,
    negative_integer,
    bytes,
    text,
    array,
    map,
    boolean,
    null,
    undefined,
    floating,
    simple,  // another simple value
    end,     // no further item in this container, or in the input
    invalid,
};

// A byte or text string of the input, which may lie there in chunks.
class CborString {
  public:
    CborString() = default;
    CborKind kind() const { return kind_; }  // bytes or text; `invalid` for a map's key of another kind
    std::size_t size() const { return size_; }
    bool chunked() const { return chunked_; }
    // Only when not chunked.
    ByteView view() const { return chunked_ ? ByteView() : raw_; }
    std::string_view text() const { return as_text(view()); }

    bool equals(std::string_view text) const;  // a text string of these bytes
    // The whole of it; nothing when `out` is too small.
    std::optional<std::size_t> copy_to(std::span<std::uint8_t> out) const;

  private:
    friend class CborReader;
    ByteView raw_;  // chunked: the chunks with their heads
    std::size_t size_ = 0;
    CborKind kind_ = CborKind::invalid;
    bool chunked_ = false;
};

class CborReader {
  public:
    static constexpr std::size_t max_depth = 16;

    explicit CborReader(ByteView input) : input_(input) {}

    // The kind of the item that the next read takes; steps over tags.
    CborKind kind();

    // Each takes one item if it is of that kind (and in range), else leaves it and gives false.
    bool read_unsigned(std::uint64_t& value);
    bool read_integer(std::int64_t& value);
    bool read_boolean(bool& value);
    bool read_bytes(CborString& value);
    bool read_text(CborString& value);
    bool read_null();
    bool enter_map();
    bool enter_array();
    // Steps over one item with all that it holds.
    bool skip();

    // Of the container entered last: steps to the next item, over what was left unread. False: it has ended and is left, or
    // the reader failed.
    bool next_member(CborString& key);
    bool next_element();

    bool failed() const { return failed_; }
    // Bytes taken so far; after a whole top-level item: where it ended.
    std::size_t position() const { return position_; }
    bool at_end() const { return !failed_ && depth_ == 0 && position_ == input_.size(); }

  private:
    struct Head {
        std::uint8_t major = 0, info = 0;
        std::uint64_t argument = 0;
        std::size_t length = 0;  // bytes of the head; 0: malformed
    };
    struct Level {
        std::uint64_t remaining = 0;  // definite: members or elements to come
        bool indefinite = false;
        bool map = false;
        bool pending = false;  // stands before a value nobody has taken
    };

    static Head head_at(ByteView input, std::size_t at);
    friend class CborString;
    bool fail();
    bool enter(CborKind wanted);
    bool take_string(CborKind wanted, CborString& value);
    bool step(bool map);
    void taken();

    ByteView input_;
    std::size_t position_ = 0;
    Level levels_[max_depth] = {};
    std::size_t depth_ = 0;
    bool failed_ = false;
};

// Writes into `out`; when that is too small fits() is false and written() is no whole item.
class CborWriter {
  public:
    explicit CborWriter(std::span<std::uint8_t> out) : out_(out) {}

    void map(std::uint64_t pairs) { head(5, pairs); }
    void array(std::uint64_t items) { head(4, items); }
    void begin_map() { byte(0xbf); }    // indefinite: ended by end()
    void begin_array() { byte(0x9f); }  // indefinite: ended by end()
    void end() { byte(0xff); }
    void unsigned_integer(std::uint64_t value) { head(0, value); }
    void integer(std::int64_t value);
    void text(std::string_view value);
    void bytes(ByteView value);
    void bytes_head(std::uint64_t size) { head(2, size); }  // the bytes follow from elsewhere
    void boolean(bool value) { byte(value ? 0xf5 : 0xf4); }
    void null() { byte(0xf6); }

    bool fits() const { return fits_; }
    ByteView written() const { return out_.first(size_); }

  private:
    void head(std::uint8_t major, std::uint64_t argument);
    void byte(std::uint8_t value);
    void append(ByteView bytes);

    std::span<std::uint8_t> out_;
    std::size_t size_ = 0;
    bool fits_ = true;
};

}  // namespace otabahn::encoding
