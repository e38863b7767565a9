// SPDX-License-Identifier: Apache-2.0
#include "tls/server_name.hpp"

#include <openssl/x509v3.h>

#include <array>

namespace otabahn::tls {
namespace {

constexpr std::array<std::string_view, 2> aws_domains{".amazonaws.com", ".amazonaws.com.cn"};

}  // namespace

std::optional<Region> region_of_host(std::string_view host) {
    for (const std::string_view suffix : aws_domains) {
        if (!host.ends_with(suffix)) continue;
        host.remove_suffix(suffix.size());
        const std::size_t dot = host.rfind('.');
        if (dot == std::string_view::npos || !host.substr(0, dot).ends_with(".iot")) return std::nullopt;
        auto region = Region::parse(host.substr(dot + 1));
        if (!region) return std::nullopt;
        return std::move(*region);
    }
    return std::nullopt;
}

bool is_known_name(x509_st* certificate, std::string_view host) {
    if (host.find(':') != std::string_view::npos || host.find_first_not_of("0123456789.") == std::string_view::npos) return true;
    for (const std::string_view domain : aws_domains)
        if (host.ends_with(domain)) return true;
    while (!host.empty()) {
        if (certificate != nullptr && X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1) return true;
        const std::size_t dot = host.find('.');
        host.remove_prefix(dot == std::string_view::npos ? host.size() : dot + 1);
    }
    return false;
}

}  // namespace otabahn::tls
