// SPDX-License-Identifier: Apache-2.0
#include "encoding/cbor.hpp"

#include "encoding/utf8.hpp"

#include <cstring>

namespace otabahn::encoding {

namespace {

constexpr std::uint8_t indefinite_info = 31;
constexpr std::uint8_t break_byte = 0xff;

}  // namespace

CborReader::Head CborReader::head_at(ByteView input, std::size_t at) {
    if (at >= input.size()) return {};
    Head head;
    head.major = input[at] >> 5;
    head.info = input[at] & 0x1f;
    if (head.info < 24) {
        head.argument = head.info;
        head.length = 1;
        return head;
    }
    if (head.info == indefinite_info) {
        // Integers and tags have no indefinite form; major 7 has the break, which is no item.
        if (head.major < 2 || head.major > 5) return {};
        head.length = 1;
        return head;
    }
    if (head.info > 27) return {};
    const std::size_t width = std::size_t{1} << (head.info - 24);
    if (input.size() - at - 1 < width) return {};
    for (std::size_t i = 0; i < width; ++i) head.argument = head.argument << 8 | input[at + 1 + i];
    if (head.major == 7 && head.info == 24 && head.argument < 32) return {};  // a simple value that has a shorter form
    head.length = 1 + width;
    return head;
}

// The chunks were looked at when the string was taken, so their heads are sound here.
bool CborString::equals(std::string_view text) const {
    if (kind_ != CborKind::text || size_ != text.size()) return false;
    if (!chunked_) return as_text(raw_) == text;
    std::size_t matched = 0;
    for (std::size_t at = 0; at < raw_.size();) {
        const CborReader::Head head = CborReader::head_at(raw_, at);
        at += head.length;
        if (head.argument > 0 && std::memcmp(&raw_[at], text.data() + matched, head.argument) != 0) return false;
        matched += head.argument;
        at += head.argument;
    }
    return true;
}

std::optional<std::size_t> CborString::copy_to(std::span<std::uint8_t> out) const {
    if (out.size() < size_) return std::nullopt;
    if (!chunked_) {
        if (size_ > 0) std::memcpy(out.data(), raw_.data(), size_);
        return size_;
    }
    std::size_t written = 0;
    for (std::size_t at = 0; at < raw_.size();) {
        const CborReader::Head head = CborReader::head_at(raw_, at);
        at += head.length;
        if (head.argument > 0) std::memcpy(&out[written], &raw_[at], head.argument);
        written += head.argument;
        at += head.argument;
    }
    return written;
}

bool CborReader::fail() {
    failed_ = true;
    return false;
}

CborKind CborReader::kind() {
    if (failed_) return CborKind::invalid;
    if (depth_ > 0 ? !levels_[depth_ - 1].pending : position_ == input_.size()) return CborKind::end;
    Head head = head_at(input_, position_);
    while (head.length > 0 && head.major == 6) {
        position_ += head.length;
        head = head_at(input_, position_);
    }
    if (head.length == 0) {
        fail();
        return CborKind::invalid;
    }
    switch (head.major) {
        case 0:
            return CborKind::unsigned_integer;
        case 1:
            return CborKind::negative_integer;
        case 2:
            return CborKind::bytes;
        case 3:
            return CborKind::text;
        case 4:
            return CborKind::array;
        case 5:
            return CborKind::map;
        default:
            break;
    }
    switch (head.info) {
        case 20:
        case 21:
            return CborKind::boolean;
        case 22:
            return CborKind::null;
        case 23:
            return CborKind::undefined;
        case 25:
        case 26:
        case 27:
            return CborKind::floating;
        default:
            return CborKind::simple;
    }
}

void CborReader::taken() {
    if (depth_ > 0) levels_[depth_ - 1].pending = false;
}

bool CborReader::read_unsigned(std::uint64_t& value) {
    if (kind() != CborKind::unsigned_integer) return false;
    const Head head = head_at(input_, position_);
    value = head.argument;
    position_ += head.length;
    taken();
    return true;
}

bool CborReader::read_integer(std::int64_t& value) {
    const CborKind found = kind();
    if (found != CborKind::unsigned_integer && found != CborKind::negative_integer) return false;
    const Head head = head_at(input_, position_);
    if (head.argument > static_cast<std::uint64_t>(INT64_MAX)) return false;
    const auto argument = static_cast<std::int64_t>(head.argument);
    value = found == CborKind::unsigned_integer ? argument : -1 - argument;
    position_ += head.length;
    taken();
    return true;
}

bool CborReader::read_boolean(bool& value) {
    if (kind() != CborKind::boolean) return false;
    value = input_[position_] == 0xf5;
    ++position_;
    taken();
    return true;
}

bool CborReader::read_null() {
    if (kind() != CborKind::null) return false;
    ++position_;
    taken();
    return true;
}

bool CborReader::take_string(CborKind wanted, CborString& value) {
    if (kind() != wanted) return false;
    const auto sound = [&](std::size_t from, std::uint64_t size) {
        if (size > input_.size() - from) return false;
        return wanted == CborKind::bytes || is_utf8(input_.subspan(from, size));
    };
    const Head head = head_at(input_, position_);
    std::size_t at = position_ + head.length;
    CborString out;
    out.kind_ = wanted;
    if (head.info != indefinite_info) {
        if (!sound(at, head.argument)) return fail();
        out.raw_ = input_.subspan(at, head.argument);
        out.size_ = out.raw_.size();
        at += out.size_;
    } else {
        const std::size_t begin = at;
        out.chunked_ = true;
        for (;;) {
            if (at >= input_.size()) return fail();
            if (input_[at] == break_byte) break;
            const Head chunk = head_at(input_, at);
            if (chunk.length == 0 || chunk.major != head.major || chunk.info == indefinite_info) return fail();
            at += chunk.length;
            if (!sound(at, chunk.argument)) return fail();
            at += chunk.argument;
            out.size_ += chunk.argument;
        }
        out.raw_ = input_.subspan(begin, at - begin);
        ++at;
    }
    position_ = at;
    value = out;
    taken();
    return true;
}

bool CborReader::read_bytes(CborString& value) { return take_string(CborKind::bytes, value); }
bool CborReader::read_text(CborString& value) { return take_string(CborKind::text, value); }

bool CborReader::enter(CborKind wanted) {
    if (kind() != wanted) return false;
    if (depth_ == max_depth) return fail();
    const Head head = head_at(input_, position_);
    const std::size_t rest = input_.size() - position_ - head.length;
    const bool map = wanted == CborKind::map;
    // Each item takes a byte at least: a count past that is a lie, and would overflow later.
    if (head.argument > (map ? rest / 2 : rest)) return fail();
    position_ += head.length;
    taken();
    levels_[depth_++] = Level{head.argument, head.info == indefinite_info, map, false};
    return true;
}

bool CborReader::enter_map() { return enter(CborKind::map); }
bool CborReader::enter_array() { return enter(CborKind::array); }

// To the next key or element of the innermost container.
bool CborReader::step(bool map) {
    if (failed_) return false;
    if (depth_ == 0 || levels_[depth_ - 1].map != map) return fail();
    if (levels_[depth_ - 1].pending && !skip()) return false;
    Level& level = levels_[depth_ - 1];
    if (level.indefinite) {
        if (position_ == input_.size()) return fail();
        if (input_[position_] == break_byte) {
            ++position_;
            --depth_;
            return false;
        }
    } else {
        if (level.remaining == 0) {
            --depth_;
            return false;
        }
        --level.remaining;
    }
    level.pending = true;
    return true;
}

bool CborReader::next_element() { return step(false); }

bool CborReader::next_member(CborString& key) {
    if (!step(true)) return false;
    key = CborString();
    if (!read_text(key) && !skip()) return false;
    if (failed_) return false;
    levels_[depth_ - 1].pending = true;
    return true;
}

bool CborReader::skip() {
    const std::size_t outer = depth_;
    for (bool first = true; first || depth_ > outer; first = false) {
        if (depth_ > outer) {
            CborString key;
            if (!(levels_[depth_ - 1].map ? next_member(key) : next_element())) {
                if (failed_) return false;
                continue;
            }
        }
        CborString text;
        switch (kind()) {
            case CborKind::array:
                if (!enter_array()) return false;
                break;
            case CborKind::map:
                if (!enter_map()) return false;
                break;
            case CborKind::bytes:
                if (!read_bytes(text)) return false;
                break;
            case CborKind::text:
                if (!read_text(text)) return false;
                break;
            case CborKind::end:
                return fail();
            case CborKind::invalid:
                return false;
            case CborKind::unsigned_integer:
            case CborKind::negative_integer:
            case CborKind::boolean:
            case CborKind::null:
            case CborKind::undefined:
            case CborKind::floating:
            case CborKind::simple:
                position_ += head_at(input_, position_).length;
                taken();
                break;
        }
    }
    return !failed_;
}

void CborWriter::byte(std::uint8_t value) {
    if (size_ == out_.size()) {
        fits_ = false;
        return;
    }
    out_[size_++] = value;
}

void CborWriter::append(ByteView bytes) {
    if (bytes.size() > out_.size() - size_) {
        fits_ = false;
        return;
    }
    if (!bytes.empty()) std::memcpy(&out_[size_], bytes.data(), bytes.size());
    size_ += bytes.size();
}

void CborWriter::head(std::uint8_t major, std::uint64_t argument) {
    const auto top = static_cast<std::uint8_t>(major << 5);
    if (argument < 24) return byte(static_cast<std::uint8_t>(top | argument));
    const int width = argument <= 0xff ? 0 : argument <= 0xffff ? 1 : argument <= 0xffffffff ? 2 : 3;
    byte(static_cast<std::uint8_t>(top | (24 + width)));
    for (int shift = (8 << width) - 8; shift >= 0; shift -= 8) byte(static_cast<std::uint8_t>(argument >> shift));
}

void CborWriter::integer(std::int64_t value) {
    if (value >= 0) return head(0, static_cast<std::uint64_t>(value));
    head(1, static_cast<std::uint64_t>(-1 - value));
}

void CborWriter::text(std::string_view value) {
    head(3, value.size());
    append(as_bytes(value));
}

void CborWriter::bytes(ByteView value) {
    head(2, value.size());
    append(value);
}

}  // namespace otabahn::encoding
