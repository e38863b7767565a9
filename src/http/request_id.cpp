// SPDX-License-Identifier: Apache-2.0
#include "http/request_id.hpp"

#include "encoding/base64_string.hpp"
#include "runtime/random.hpp"

namespace otabahn::http {
std::string make_s3_request_id() {
    std::string out = encoding::to_hex(runtime::random_bytes(8));
    for (char& c : out)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

}  // namespace otabahn::http
