// SPDX-License-Identifier: Apache-2.0
#include "http/request_id.hpp"

#include "encoding/base64_string.hpp"

#include <random>

namespace otabahn::http {
namespace {

std::string random_bytes(std::size_t size) {
    thread_local std::mt19937_64 generator{(static_cast<std::uint64_t>(std::random_device{}()) << 32) ^ std::random_device{}()};
    std::string out;
    while (out.size() < size) {
        std::uint64_t word = generator();
        for (int i = 0; i < 8 && out.size() < size; ++i, word >>= 8) out += static_cast<char>(word & 0xff);
    }
    return out;
}

}  // namespace

std::string make_uuid() {
    std::string bytes = random_bytes(16);
    bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
    std::string out = encoding::to_hex(bytes);
    for (const std::size_t place : {20u, 16u, 12u, 8u}) out.insert(place, 1, '-');
    return out;
}

std::string make_s3_request_id() {
    std::string out = encoding::to_hex(random_bytes(8));
    for (char& c : out)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

}  // namespace otabahn::http
