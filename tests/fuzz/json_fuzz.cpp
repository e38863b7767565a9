// SPDX-License-Identifier: Apache-2.0
// The JSON reader over any text: it ends, and skipping and walking agree on what is JSON; what was read and written again is
// JSON that reads the same.
#include "encoding/json.hpp"

#include <cstdlib>
#include <vector>

using namespace otabahn;
using namespace otabahn::encoding;

namespace {

struct Copying {
    JsonReader in;
    JsonWriter out;

    std::vector<char> text_of(const JsonString& string) {
        std::vector<char> room(string.size());
        const auto text = string.decode(room);
        if (!text || text->size() != room.size() || !string.equals(*text)) std::abort();
        return room;
    }

    void value() {
        JsonString string;
        std::uint64_t number = 0;
        std::int64_t integer = 0;
        bool flag = false;
        std::string_view raw;
        if (in.enter_object()) {
            out.begin_object();
            while (in.next_member(string)) {
                const auto name = text_of(string);
                out.key({name.data(), name.size()});
                value();
            }
            out.end_object();
        } else if (in.enter_array()) {
            out.begin_array();
            while (in.next_element()) value();
            out.end_array();
        } else if (in.read_string(string)) {
            const auto text = text_of(string);
            out.string({text.data(), text.size()});
        } else if (in.read_unsigned(number)) {
            out.unsigned_integer(number);
        } else if (in.read_integer(integer)) {
            out.integer(integer);
        } else if (in.read_boolean(flag)) {
            out.boolean(flag);
        } else if (in.read_raw(raw)) {
            out.raw(raw);
        }
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::vector<char> room(size * 6 + 16);
    Copying copying{JsonReader(text), JsonWriter(room)};
    copying.value();
    const bool json = JsonReader(text).finish();
    if (json != copying.in.finish()) std::abort();
    if (!json) return 0;
    if (!copying.out.fits() || !JsonReader(copying.out.written()).finish()) std::abort();
    const std::vector<char> first(copying.out.written().begin(), copying.out.written().end());
    std::vector<char> again(room.size());
    Copying second{JsonReader({first.data(), first.size()}), JsonWriter(again)};
    second.value();
    if (second.out.written() != std::string_view(first.data(), first.size())) std::abort();
    return 0;
}
