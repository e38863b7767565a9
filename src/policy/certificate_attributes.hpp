// SPDX-License-Identifier: Apache-2.0
// The variables iot:Certificate.Subject.… and iot:Certificate.Issuer.… out of a certificate's fields (spec gateway 2.5): no
// suffix is the first value, .1 the second, .List all; at most five count. For whoever answers a Question.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::policy {

// "CommonName" or "AlternativeName.DNSName" -> values in the certificate's order, as x509::Certificate gives them.
using CertificateFields = std::map<std::string, std::vector<std::string>>;

// Nothing: the name is of another kind, or the certificate has no such value.
std::optional<std::vector<std::string>> certificate_attribute(std::string_view name, const CertificateFields& subject,
                                                              const CertificateFields& issuer);

}  // namespace otabahn::policy
