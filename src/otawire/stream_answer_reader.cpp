// SPDX-License-Identifier: Apache-2.0
// The device's side of stream_answer.hpp: tolerant of order, of unknown keys and of either container form.
#include "encoding/base64.hpp"
#include "encoding/slice.hpp"
#include "otawire/stream_answer.hpp"

namespace otabahn::otawire {

namespace {

using namespace encoding;

// A block's fields by their names in both formats: "filp", and which of them were found.
struct Fields {
    std::uint64_t* number_of(const auto& key) {
        for (std::size_t i = 0; i < 3; ++i)
            if (key.equals({&names[i], 1})) {
                found |= 1U << i;
                return numbers[i];
            }
        return nullptr;
    }
    void take_bytes(ByteView bytes) {
        block.bytes = bytes;
        found |= 8;
    }
    std::optional<DataBlock> whole(bool sound) const {
        return sound && found == 15 && block.bytes.size() == block.size ? std::optional(block) : std::nullopt;
    }

    static constexpr char names[] = {'f', 'i', 'l'};
    DataBlock block;
    std::uint64_t* numbers[3] = {&block.file, &block.block, &block.size};
    std::uint32_t found = 0;
};

bool read_json_data(ByteView payload, std::span<std::uint8_t> scratch, Fields& fields) {
    JsonReader in(as_text(payload));
    if (!in.enter_object()) return false;
    for (JsonString key; in.next_member(key);) {
        if (key.equals("p")) {
            JsonString string;
            if (!in.read_string(string)) return false;
            auto text = string.plain();
            // A sender that escapes "/": unescaped first into the same memory, then decoded in place, which only shrinks it.
            if (!text) text = string.decode({reinterpret_cast<char*>(scratch.data()), scratch.size()});
            if (!text) return false;
            const auto size = decode_base64(*text, scratch, Base64Padding::lenient);
            if (!size) return false;
            fields.take_bytes(scratch.first(*size));
        } else if (std::uint64_t* number = fields.number_of(key)) {
            if (!in.read_unsigned(*number)) return false;
        }
    }
    return in.finish();
}

void add_file(DescribedStream& stream, const DescribedFile& file) {
    if (stream.file_count < stream.files.size()) stream.files[stream.file_count++] = file;
}

// Reads {f,z} by a reader of either format, standing before it.
template <class String>
bool read_described_file(auto& in, DescribedStream& stream) {
    DescribedFile file;
    std::uint64_t id = 0;
    bool has_id = false, has_size = false;
    for (String key; in.next_member(key);) {
        if (key.equals("f")) {
            if (!in.read_unsigned(id) || id > UINT32_MAX) return false;
            file.file = static_cast<std::uint32_t>(id);
            has_id = true;
        } else if (key.equals("z")) {
            if (!in.read_unsigned(file.size)) return false;
            has_size = true;
        }
    }
    if (in.failed() || !has_id || !has_size) return false;
    add_file(stream, file);
    return true;
}

template <class String>
bool read_description(auto& in, DescribedStream& stream, auto enter_map) {
    bool has_version = false, has_files = false;
    if (!enter_map()) return false;
    for (String key; in.next_member(key);) {
        if (key.equals("s")) {
            if (!in.read_unsigned(stream.version)) return false;
            has_version = true;
        } else if (key.equals("r")) {
            if (!in.enter_array()) return false;
            has_files = true;
            stream.file_count = 0;
            while (in.next_element())
                if (!enter_map() || !read_described_file<String>(in, stream)) return false;
        }
    }
    return !in.failed() && has_version && has_files;
}

template <std::size_t N>
void keep(std::string_view text, std::array<char, N>& out, std::uint8_t& size) {
    size = 0;
    for (const char c : slice(text, 0, N)) out[size++] = c;
}

// Keeps what fits of a string that may be escaped or chunked.
template <std::size_t N>
void keep(const JsonString& string, std::array<char, N>& out, std::uint8_t& size) {
    const auto decoded = string.decode(out);
    if (decoded)
        size = static_cast<std::uint8_t>(decoded->size());
    else
        keep(string.raw(), out, size);
}

template <std::size_t N>
void keep(const CborString& string, std::array<char, N>& out, std::uint8_t& size) {
    const auto copied = string.copy_to({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
    if (copied)
        size = static_cast<std::uint8_t>(*copied);
    else
        keep(string.text(), out, size);
}

template <class String>
bool read_rejection(auto& in, Rejection& out, auto enter_map, auto read_text) {
    bool has_code = false;
    if (!enter_map()) return false;
    for (String key; in.next_member(key);) {
        String text;
        if (key.equals("code") || key.equals("o")) {
            if (!read_text(text)) continue;
            has_code = true;
            keep(text, out.code_text, out.code_size);
        } else if constexpr (texts) {
            if ((key.equals("message") || key.equals("m")) && read_text(text)) keep(text, out.message_text, out.message_size);
        }
    }
    return !in.failed() && has_code;
}

}  // namespace

std::optional<DataBlock> decode_data_cbor(ByteView payload, std::span<std::uint8_t> scratch) {
    CborReader in(payload);
    Fields fields;
    if (!in.enter_map()) return std::nullopt;
    for (CborString key; in.next_member(key);) {
        if (key.equals("p")) {
            CborString bytes;
            if (!in.read_bytes(bytes)) return std::nullopt;
            fields.take_bytes(bytes.view());
            if (!bytes.chunked()) continue;
            const auto size = bytes.copy_to(scratch);
            if (!size) return std::nullopt;
            fields.take_bytes(scratch.first(*size));
        } else if (std::uint64_t* number = fields.number_of(key)) {
            if (!in.read_unsigned(*number)) return std::nullopt;
        }
    }
    return fields.whole(!in.failed());
}

std::optional<DataBlock> decode_data(ByteView payload, Format format, std::span<std::uint8_t> scratch) {
    if (format == Format::cbor) return decode_data_cbor(payload, scratch);
    Fields fields;
    return fields.whole(read_json_data(payload, scratch, fields));
}

std::optional<std::uint64_t> DescribedStream::size_of(std::uint64_t file) const {
    for (std::size_t i = 0; i < file_count; ++i)
        if (files[i].file == file) return files[i].size;
    return std::nullopt;
}

std::optional<DescribedStream> decode_description(ByteView payload, Format format) {
    DescribedStream out;
    if (format == Format::cbor) {
        CborReader in(payload);
        if (!read_description<CborString>(in, out, [&] { return in.enter_map(); })) return std::nullopt;
        return out;
    }
    JsonReader in(as_text(payload));
    if (!read_description<JsonString>(in, out, [&] { return in.enter_object(); }) || !in.finish()) return std::nullopt;
    return out;
}

std::optional<Rejection> decode_rejection_cbor(ByteView payload) {
    Rejection out;
    CborReader in(payload);
    const bool sound = read_rejection<CborString>(
        in, out, [&] { return in.enter_map(); }, [&](CborString& text) { return in.read_text(text); });
    if (!sound) return std::nullopt;
    out.error = find_stream_error(out.code());
    return out;
}

std::optional<Rejection> decode_rejection(ByteView payload, Format format) {
    if (format == Format::cbor) return decode_rejection_cbor(payload);
    Rejection out;
    JsonReader in(as_text(payload));
    const bool sound = read_rejection<JsonString>(
        in, out, [&] { return in.enter_object(); }, [&](JsonString& text) { return in.read_string(text); });
    if (!sound || !in.finish()) return std::nullopt;
    out.error = find_stream_error(out.code());
    return out;
}

}  // namespace otabahn::otawire
