// SPDX-License-Identifier: Apache-2.0
// ACM's certificates: the rules of an import (pure) and their rows. Private keys go in and are read for signing only.
#pragma once

#include "base/ids.hpp"
#include "objects/names.hpp"
#include "runtime/store.hpp"
#include "x509/x509.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::signer {

// arn:aws:acm:REGION:ACCOUNT:certificate/ID
struct CertificateArn {
    Scope scope;
    std::string id;
};
Result<CertificateArn> parse_certificate_arn(std::string_view arn);
std::string format_certificate_arn(const Scope& scope, std::string_view id);

struct StoredCertificate {
    std::string id;
    std::string certificate, chain;  // PEM; the chain may be empty
    objects::Fields tags;
    Timestamp created_at{}, imported_at{};
};

struct Import {
    std::string certificate, private_key, chain;  // PEM, as the caller gave them
};
// Spec control-plane 4, "import checks". Gives the certificate.
Result<x509::Certificate> judge_import(const Import& import);
Result<void> judge_validity(const x509::Certificate& certificate, Timestamp now);
// What a re-import under the same ARN may not change.
Result<void> judge_reimport(const x509::Certificate& before, const x509::Certificate& after);

std::optional<StoredCertificate> find_certificate_row(runtime::SqlSession& session, const Scope& scope, const std::string& id);
StoredCertificate read_certificate(const runtime::SqlRow& row);
void put_certificate_row(runtime::SqlSession& session, const Scope& scope, const std::string& id, const Import& import,
                         const objects::Fields& tags, Timestamp now);
Result<x509::PrivateKey> load_private_key(runtime::SqlSession& session, const Scope& scope, const std::string& id);

}  // namespace otabahn::signer
