// SPDX-License-Identifier: Apache-2.0
// The CBOR reader over any bytes: it ends, stays inside them, and what it takes as text it can also copy and compare.
#include "encoding/cbor.hpp"

#include <cstdlib>
#include <vector>

using namespace otabahn;
using namespace otabahn::encoding;

namespace {

void check(const CborString& string) {
    std::vector<std::uint8_t> copy(string.size());
    if (string.copy_to(copy) != string.size()) std::abort();
    if (string.kind() == CborKind::text && !string.equals(as_text(copy))) std::abort();
}

void walk(CborReader& in) {
    CborString string;
    std::uint64_t number = 0;
    std::int64_t integer = 0;
    bool flag = false;
    if (in.enter_map()) {
        while (in.next_member(string)) {
            check(string);
            walk(in);
        }
    } else if (in.enter_array()) {
        while (in.next_element()) walk(in);
    } else if (in.read_bytes(string) || in.read_text(string)) {
        check(string);
    } else if (!in.read_unsigned(number) && !in.read_integer(integer) && !in.read_boolean(flag) && !in.read_null()) {
        in.skip();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    CborReader skipping({data, size});
    const bool whole = skipping.skip() && skipping.at_end();
    CborReader walking({data, size});
    walk(walking);
    if (whole != walking.at_end()) std::abort();
    return 0;
}
