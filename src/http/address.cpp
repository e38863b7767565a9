// SPDX-License-Identifier: Apache-2.0
#include "http/http_server.hpp"

#include <charconv>

namespace otabahn::http {

Result<Address> Address::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon == std::string_view::npos ? text.size() : colon);
    const std::string_view digits = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    unsigned short port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (host.empty() || digits.empty() || error != std::errc{} || end != digits.data() + digits.size() ||
        (!bracketed && host.find(':') != std::string_view::npos))
        return fail(ErrorCode::invalid_request,
                    "'" + std::string(text) + "' is no address to listen on: give HOST:PORT, like 127.0.0.1:4566 or [::1]:4566.");
    return Address{std::string(host), port};
}

std::string Address::text() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace otabahn::http
