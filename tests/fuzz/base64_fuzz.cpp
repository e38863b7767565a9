// SPDX-License-Identifier: Apache-2.0
// Base64 and hex: what strict decoding takes encodes to the same text again, in pieces as in one; lenient takes no less.
#include "encoding/base64_string.hpp"

#include <cstdlib>

using namespace otabahn;
using namespace otabahn::encoding;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] % 16 + 1;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto strict = from_base64(text);
    const auto lenient = from_base64(text, Base64Padding::lenient);
    if (strict && (to_base64(*strict) != text || lenient != strict || base64_decoded_size(text) != strict->size())) std::abort();

    for (const Base64Padding padding : {Base64Padding::strict, Base64Padding::lenient}) {
        Base64Decoder decoder(padding);
        std::string out;
        bool sound = true;
        for (std::size_t at = 0; sound && at < text.size(); at += piece) {
            const std::string_view part = text.substr(at, piece);
            std::string room(Base64Decoder::room_for(part.size()) + 3, '\0');
            const auto written = decoder.append(part, {reinterpret_cast<std::uint8_t*>(room.data()), room.size()});
            sound = written.has_value();
            if (sound) out += room.substr(0, *written);
        }
        sound = sound && decoder.finish();
        const auto& whole = padding == Base64Padding::strict ? strict : lenient;
        if (sound != whole.has_value() || (sound && out != *whole)) std::abort();
    }
    if (from_base64(to_base64(text)) != text) std::abort();
    if (from_hex(to_hex(text)) != text) std::abort();
    from_hex(text);
    return 0;
}
