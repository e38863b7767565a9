// SPDX-License-Identifier: Apache-2.0
#include "tls/openssl_error.hpp"

#include <openssl/err.h>

#include <array>

namespace otabahn::tls {

std::string last_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "the peer closed the connection";
    std::array<char, 256> text{};
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

}  // namespace otabahn::tls
