// SPDX-License-Identifier: Apache-2.0
#include "otawire/stream_request.hpp"

#include "encoding/base64.hpp"
#include "encoding/cbor.hpp"
#include "encoding/hex.hpp"
#include "encoding/json.hpp"
#include "encoding/slice.hpp"
#include "otawire/sentence.hpp"

namespace otabahn::otawire {

namespace {

using namespace encoding;

enum class Seen : std::uint8_t { absent, good, wrong_type, too_long };

struct Number {
    Seen seen = Seen::absent;
    bool negative = false;
    std::uint64_t value = 0;
};

// A request as it was found, before it is judged.
struct Fields {
    Seen token_seen = Seen::absent;
    std::size_t token_size = 0;
    ClientToken token;
    Number s, f, l, o, n;
    Seen bitmap_seen = Seen::absent;
    std::size_t bitmap_size = 0;
    ByteView bitmap;

    Number* number(char name) {
        switch (name) {
            case 's':
                return &s;
            case 'f':
                return &f;
            case 'l':
                return &l;
            case 'o':
                return &o;
            case 'n':
                return &n;
            default:
                return nullptr;
        }
    }
};

struct Bitmap {
    std::span<std::uint8_t> scratch;
    std::size_t below = 0;  // bytes; so many are too many
};

void judge_token(Fields& fields, std::string_view text) {
    fields.token_size = text.size();
    fields.token_seen = fields.token.assign(text) ? Seen::good : Seen::too_long;
}

// Base64 with or without "=", or hex behind 0x: AWS's guides disagree, and what is known of the service speaks for base64.
void read_json_bitmap(Fields& fields, const JsonString& string, const Bitmap& limit) {
    const std::span<char> room{reinterpret_cast<char*>(limit.scratch.data()), limit.scratch.size()};
    auto text = string.plain();
    if (!text) text = string.decode(room);
    std::optional<std::size_t> size;
    if (text && (begins_with(*text, "0x") || begins_with(*text, "0X"))) {
        fields.bitmap_size = (text->size() - 2) / 2;
        if (fields.bitmap_size < limit.below) size = decode_hex(slice(*text, 2), limit.scratch);
    } else if (text) {
        fields.bitmap_size = base64_decoded_size(*text);
        if (fields.bitmap_size < limit.below) size = decode_base64(*text, limit.scratch, Base64Padding::lenient);
    } else {
        fields.bitmap_size = string.size() / 4 * 3;
    }
    fields.bitmap_seen = size ? Seen::good : fields.bitmap_size < limit.below ? Seen::wrong_type : Seen::too_long;
    if (size) fields.bitmap = limit.scratch.first(*size);
}

void read_json_number(JsonReader& in, Number& number) {
    std::int64_t negative = 0;
    number = Number();
    if (in.read_unsigned(number.value)) {
        number.seen = Seen::good;
    } else if (in.read_integer(negative)) {
        number.seen = Seen::good;
        number.negative = true;
    } else {
        number.seen = Seen::wrong_type;
    }
}

// False: no JSON at all. A value of the wrong kind is noted, and the request judged later.
bool read_json(ByteView payload, Fields& fields, const Bitmap* bitmap, bool& object) {
    JsonReader in(as_text(payload));
    object = in.enter_object();
    for (JsonString key; object && in.next_member(key);) {
        const auto name = key.plain();
        if (!name || name->size() != 1) continue;
        JsonString text;
        if (*name == "c") {
            fields.token_seen = Seen::wrong_type;
            if (!in.read_string(text)) continue;
            std::array<char, longest_token> room;
            const auto token = text.decode(room);
            fields.token_seen = Seen::too_long;
            fields.token_size = text.size();
            if (token) judge_token(fields, *token);
        } else if (*name == "b" && bitmap != nullptr) {
            fields.bitmap_seen = Seen::wrong_type;
            if (in.read_string(text)) read_json_bitmap(fields, text, *bitmap);
        } else if (Number* number = fields.number(name->front()); number != nullptr && bitmap != nullptr) {
            read_json_number(in, *number);
        }
    }
    return in.finish();
}

// False: no CBOR, or not of the types due: the service calls both InvalidCbor.
bool read_cbor(ByteView payload, Fields& fields, const Bitmap* bitmap) {
    CborReader in(payload);
    if (!in.enter_map()) return false;
    for (CborString key; in.next_member(key);) {
        CborString string;
        if (key.equals("c")) {
            if (!in.read_text(string)) return false;
            std::array<std::uint8_t, longest_token> room;
            const auto size = string.copy_to(room);
            fields.token_seen = Seen::too_long;
            fields.token_size = string.size();
            if (size) judge_token(fields, as_text(ByteView(room).first(*size)));
            continue;
        }
        if (bitmap == nullptr) continue;
        if (key.equals("b")) {
            if (!in.read_bytes(string)) return false;
            fields.bitmap_size = string.size();
            fields.bitmap_seen = Seen::too_long;
            if (string.size() >= bitmap->below) continue;
            fields.bitmap_seen = Seen::good;
            fields.bitmap = string.view();
            if (!string.chunked()) continue;
            const auto size = string.copy_to(bitmap->scratch);
            if (!size)
                fields.bitmap_seen = Seen::too_long;
            else
                fields.bitmap = bitmap->scratch.first(*size);
            continue;
        }
        for (const char name : {'s', 'f', 'l', 'o', 'n'}) {
            if (!key.equals({&name, 1})) continue;
            Number& number = *fields.number(name);
            number = Number();
            number.seen = Seen::good;
            if (in.read_unsigned(number.value)) break;
            number.negative = in.kind() == CborKind::negative_integer;
            if (!number.negative) return false;
        }
    }
    return in.at_end();
}

// A refusal whose message is put together from parts.
class Refusing {
  public:
    Refusing(StreamError error, const ClientToken& token) {
        refusal_.error = error;
        refusal_.token = token;
    }
    template <class... Parts>
    Unexpected<StreamRefusal> because(Parts... parts) {
        Sentence sentence(refusal_.message_text);
        (sentence.add(parts), ...);
        refusal_.message_size = static_cast<std::uint8_t>(sentence.size());
        return Unexpected(refusal_);
    }

  private:
    StreamRefusal refusal_;
};

std::optional<StreamRefusal> judge_decoding(ByteView payload, Format format, Fields& fields, const Bitmap* bitmap) {
    bool object = true;
    if (format == Format::json) {
        if (!read_json(payload, fields, bitmap, object)) return refuse(StreamError::invalid_json, {});
    } else if (!read_cbor(payload, fields, bitmap)) {
        return refuse(StreamError::invalid_cbor, {});
    }
    if (!object) return refuse(StreamError::invalid_request, {}, "The request must be a JSON object.");
    if (fields.token_seen == Seen::too_long)
        return Refusing(StreamError::invalid_request, {})
            .because("The client token c has ", fields.token_size, " bytes; at most ", std::uint64_t{longest_token}, " are taken.")
            .error();
    if (fields.token_seen == Seen::wrong_type) return refuse(StreamError::invalid_request, {}, "The client token c must be a string.");
    return std::nullopt;
}

// Within `least` and `most`? Then `out` has it.
std::optional<StreamRefusal> judge_range(const Number& number, std::string_view name, StreamError error, const ClientToken& token,
                                         std::uint32_t least, std::uint32_t most, std::uint32_t& out) {
    if (!number.negative && number.value >= least && number.value <= most) {
        out = static_cast<std::uint32_t>(number.value);
        return std::nullopt;
    }
    Refusing refusing(error, token);
    if (number.negative)
        return refusing
            .because(message_of(error), ": ", name, " is negative, ", std::uint64_t{least}, " to ", std::uint64_t{most}, " are served.")
            .error();
    return refusing
        .because(message_of(error), ": ", name, " is ", number.value, ", ", std::uint64_t{least}, " to ", std::uint64_t{most},
                 " are served.")
        .error();
}

}  // namespace

bool ClientToken::assign(std::string_view text) {
    given_ = text.size() <= text_.size();
    size_ = 0;
    if (!given_) return false;
    for (const char c : text) text_[size_++] = c;
    return true;
}

StreamRefusal refuse(StreamError error, const ClientToken& token) { return refuse(error, token, message_of(error)); }

StreamRefusal refuse(StreamError error, const ClientToken& token, std::string_view message) {
    StreamRefusal out;
    out.error = error;
    out.token = token;
    out.message_size = static_cast<std::uint8_t>(Sentence(out.message_text).add(message).size());
    return out;
}

Result<DescribeStreamRequest, StreamRefusal> decode_describe(ByteView payload, Format format) {
    Fields fields;
    if (payload.empty()) return DescribeStreamRequest{};
    if (const auto refusal = judge_decoding(payload, format, fields, nullptr)) return Unexpected(*refusal);
    return DescribeStreamRequest{fields.token};
}

Result<GetStreamRequest, StreamRefusal> decode_get(ByteView payload, Format format, std::span<std::uint8_t> scratch,
                                                   const StreamLimits& limits) {
    Fields fields;
    const Bitmap bitmap{scratch, limits.bitmap_below};
    if (const auto refusal = judge_decoding(payload, format, fields, &bitmap)) return Unexpected(*refusal);
    const ClientToken& token = fields.token;
    for (const char name : {'s', 'f', 'l', 'o', 'n'}) {
        const Number& number = *fields.number(name);
        const std::string_view text(&name, 1);
        if (number.seen == Seen::wrong_type)
            return Refusing(StreamError::invalid_request, token).because("The field ", text, " must be an unsigned integer.");
        if (number.seen == Seen::absent && (name == 'f' || name == 'l'))
            return Refusing(StreamError::invalid_request, token)
                .because("The field ", text, name == 'f' ? " (file ID)" : " (block size)", " is missing.");
    }
    if (fields.bitmap_seen == Seen::wrong_type)
        return Unexpected(refuse(StreamError::invalid_request, token, "The field b must be a bitmap: base64 text, or hex text behind 0x."));

    GetStreamRequest out;
    out.token = token;
    if (const auto refusal =
            judge_range(fields.l, "l", StreamError::block_size_out_of_bounds, token, limits.least_block, limits.most_block, out.block_size))
        return Unexpected(*refusal);
    if (fields.o.seen == Seen::good)
        if (const auto refusal = judge_range(fields.o, "o", StreamError::offset_out_of_bounds, token, 0, limits.most_offset, out.offset))
            return Unexpected(*refusal);
    if (fields.n.seen == Seen::good) {
        std::uint32_t count = 0;
        if (const auto refusal = judge_range(fields.n, "n", StreamError::block_count_limit_exceeded, token, 0, limits.most_count, count))
            return Unexpected(*refusal);
        out.count = count;
    }
    if (fields.bitmap_seen == Seen::too_long)
        return Refusing(StreamError::block_bitmap_limit_exceeded, token)
            .because("The block bitmap b has ", std::uint64_t{fields.bitmap_size}, " bytes; fewer than ",
                     std::uint64_t{limits.bitmap_below}, " are taken.");
    if (fields.bitmap_seen == Seen::good) out.bitmap = fields.bitmap;
    // Negative versions and files are integers that nothing has: they fail where the stream is looked at.
    if (fields.s.seen == Seen::good) out.version = fields.s.negative ? UINT64_MAX : fields.s.value;
    out.file = fields.f.negative ? UINT64_MAX : fields.f.value;
    return out;
}

std::optional<ByteView> encode_describe(const DescribeStreamRequest& request, Format format, std::span<std::uint8_t> out) {
    if (format == Format::cbor) {
        CborWriter cbor(out);
        cbor.map(request.token.given() ? 1 : 0);
        if (request.token.given()) {
            cbor.text("c");
            cbor.text(request.token.text());
        }
        return cbor.fits() ? std::optional(cbor.written()) : std::nullopt;
    }
    JsonWriter json({reinterpret_cast<char*>(out.data()), out.size()});
    json.begin_object();
    if (request.token.given()) {
        json.key("c");
        json.string(request.token.text());
    }
    json.end_object();
    return json.fits() ? std::optional(as_bytes(json.written())) : std::nullopt;
}

namespace {

// The members in the order of spec gateway 4.3, for a writer of either form.
template <class Writer, class Key, class Bytes>
void write_get(const GetStreamRequest& request, Writer& writer, Key key, Bytes bytes) {
    const auto number = [&](std::string_view name, std::uint64_t value) {
        key(name);
        writer.unsigned_integer(value);
    };
    if (request.version) number("s", *request.version);
    number("f", request.file);
    number("l", request.block_size);
    number("o", request.offset);
    if (request.bitmap) {
        key("b");
        bytes(*request.bitmap);
    }
    if (request.count) number("n", *request.count);
}

}  // namespace

std::optional<ByteView> encode_get_cbor(const GetStreamRequest& request, std::span<std::uint8_t> out) {
    CborWriter cbor(out);
    cbor.map(3U + (request.token.given() ? 1U : 0U) + (request.version ? 1U : 0U) + (request.bitmap ? 1U : 0U) + (request.count ? 1U : 0U));
    if (request.token.given()) {
        cbor.text("c");
        cbor.text(request.token.text());
    }
    write_get(
        request, cbor, [&](std::string_view name) { cbor.text(name); }, [&](ByteView bytes) { cbor.bytes(bytes); });
    return cbor.fits() ? std::optional(cbor.written()) : std::nullopt;
}

std::optional<ByteView> encode_get(const GetStreamRequest& request, Format format, std::span<std::uint8_t> out) {
    if (format == Format::cbor) return encode_get_cbor(request, out);
    JsonWriter json({reinterpret_cast<char*>(out.data()), out.size()});
    json.begin_object();
    if (request.token.given()) {
        json.key("c");
        json.string(request.token.text());
    }
    write_get(
        request, json, [&](std::string_view name) { json.key(name); }, [&](ByteView bytes) { json.base64(bytes); });
    json.end_object();
    return json.fits() ? std::optional(as_bytes(json.written())) : std::nullopt;
}

}  // namespace otabahn::otawire
