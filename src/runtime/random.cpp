// SPDX-License-Identifier: Apache-2.0
#include "runtime/random.hpp"

#include "encoding/base64_string.hpp"

#include <openssl/rand.h>

#include <stdexcept>

namespace otabahn::runtime {

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1)
        throw std::runtime_error("OpenSSL gives no random bytes");
    return out;
}

std::string random_uuid() {
    auto bytes = random_bytes(16);
    bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
    auto out = encoding::to_hex(bytes);
    for (const std::size_t place : {20U, 16U, 12U, 8U}) out.insert(place, 1, '-');
    return out;
}

}  // namespace otabahn::runtime
