// SPDX-License-Identifier: Apache-2.0
#include "otawire/stream_answer.hpp"

#include "encoding/base64.hpp"
#include "encoding/slice.hpp"

namespace otabahn::otawire {

namespace {

using namespace encoding;

std::span<char> as_characters(std::span<std::uint8_t> out) { return {reinterpret_cast<char*>(out.data()), out.size()}; }

void open_map(CborWriter& cbor, CborForm form, std::uint64_t pairs) {
    if (form == CborForm::definite)
        cbor.map(pairs);
    else
        cbor.begin_map();
}

std::optional<ByteView> close_map(CborWriter& cbor, CborForm form) {
    if (form == CborForm::indefinite) cbor.end();
    return cbor.fits() ? std::optional(cbor.written()) : std::nullopt;
}

std::optional<ByteView> finish(const JsonWriter& json) { return json.fits() ? std::optional(as_bytes(json.written())) : std::nullopt; }

}  // namespace

std::optional<ByteView> encode_data_head(const DataHead& head, std::span<std::uint8_t> out, CborForm form) {
    CborWriter cbor(out);
    open_map(cbor, form, head.token.given() ? 5 : 4);
    if (head.token.given()) {
        cbor.text("c");
        cbor.text(head.token.text());
    }
    cbor.text("f");
    cbor.unsigned_integer(head.file);
    cbor.text("l");
    cbor.unsigned_integer(head.size);
    cbor.text("i");
    cbor.unsigned_integer(head.block);
    cbor.text("p");
    cbor.bytes_head(head.size);
    return cbor.fits() ? std::optional(cbor.written()) : std::nullopt;
}

std::optional<ByteView> encode_data_json(const DataHead& head, ByteView bytes, std::span<std::uint8_t> out) {
    JsonWriter json(as_characters(out));
    const auto number = [&](std::string_view key, std::uint64_t value) {
        json.key(key);
        json.unsigned_integer(value);
    };
    json.begin_object();
    if (head.token.given()) {
        // The order of AWS's documentation; without a token, that of messages of the real service.
        json.key("c");
        json.string(head.token.text());
        number("f", head.file);
        number("l", head.size);
        number("i", head.block);
    } else {
        number("f", head.file);
        number("i", head.block);
        number("l", head.size);
    }
    json.key("p");
    json.base64(bytes);
    json.end_object();
    return finish(json);
}

std::optional<ByteView> encode_description(const Description& description, Format format, std::span<std::uint8_t> out, CborForm form) {
    const bool token = description.token.given();
    if (format == Format::cbor) {
        CborWriter cbor(out);
        open_map(cbor, form, token ? 4 : 3);
        if (token) {
            cbor.text("c");
            cbor.text(description.token.text());
        }
        cbor.text("s");
        cbor.unsigned_integer(description.version);
        cbor.text("d");
        cbor.text(description.description);
        cbor.text("r");
        if (form == CborForm::definite)
            cbor.array(description.files.size());
        else
            cbor.begin_array();
        for (const DescribedFile& file : description.files) {
            open_map(cbor, form, 2);
            cbor.text("f");
            cbor.unsigned_integer(file.file);
            cbor.text("z");
            cbor.unsigned_integer(file.size);
            if (form == CborForm::indefinite) cbor.end();
        }
        if (form == CborForm::indefinite) cbor.end();
        return close_map(cbor, form);
    }
    JsonWriter json(as_characters(out));
    json.begin_object();
    if (token) {
        json.key("c");
        json.string(description.token.text());
    }
    json.key("s");
    json.unsigned_integer(description.version);
    json.key("d");
    json.string(description.description);
    json.key("r");
    json.begin_array();
    for (const DescribedFile& file : description.files) {
        json.begin_object();
        json.key("f");
        json.unsigned_integer(file.file);
        json.key("z");
        json.unsigned_integer(file.size);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return finish(json);
}

std::optional<ByteView> encode_rejection(const StreamRefusal& refusal, Format format, std::span<std::uint8_t> out, CborForm form) {
    // Long and short names together, as the real service sends them.
    const bool token = refusal.token.given();
    const auto members = [&](auto member) {
        if (token) {
            member("clientToken", refusal.token.text());
            member("c", refusal.token.text());
        }
        member("code", name_of(refusal.error));
        member("o", name_of(refusal.error));
        member("message", refusal.message());
        member("m", refusal.message());
    };
    if (format == Format::cbor) {
        CborWriter cbor(out);
        open_map(cbor, form, token ? 6 : 4);
        members([&](std::string_view key, std::string_view value) {
            cbor.text(key);
            cbor.text(value);
        });
        return close_map(cbor, form);
    }
    JsonWriter json(as_characters(out));
    json.begin_object();
    members([&](std::string_view key, std::string_view value) {
        json.key(key);
        json.string(value);
    });
    json.end_object();
    return finish(json);
}

}  // namespace otabahn::otawire
