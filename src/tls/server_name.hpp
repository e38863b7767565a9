// SPDX-License-Identifier: Apache-2.0
// Host names that clients ask for in SNI (spec gateway 1.2): which of them are this server's, and what they say. Pure.
#pragma once

#include "base/ids.hpp"

#include <optional>
#include <string_view>

struct x509_st;

namespace otabahn::tls {

// The region of AWS's host names, PREFIX.iot.REGION.amazonaws.com[.cn]; nothing for any other name.
std::optional<Region> region_of_host(std::string_view host);

// A name of the server's certificate, one below it (buckets are), or one of AWS's. An address is no host name: it passes.
bool is_known_name(x509_st* certificate, std::string_view host);

}  // namespace otabahn::tls
