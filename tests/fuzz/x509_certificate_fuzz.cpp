// SPDX-License-Identifier: Apache-2.0
// Certificates as clients upload them and TLS peers show them: PEM and DER in, then every accessor.
#include "x509/x509.hpp"

#include <cstdlib>

using otabahn::x509::Certificate;

namespace {

void read_all(const Certificate& certificate) {
    const auto again = Certificate::parse_der(otabahn::as_bytes(certificate.to_der()));
    if (!again || again->id() != certificate.id()) std::abort();
    if (!Certificate::parse_pem(certificate.to_pem())) std::abort();
    certificate.serial();
    certificate.subject();
    certificate.issuer();
    certificate.subject_fields();
    certificate.issuer_fields();
    certificate.subject_alternative_names();
    certificate.not_before();
    certificate.not_after();
    certificate.key_algorithm();
    certificate.key_bits();
    certificate.signature_algorithm_name();
    certificate.allows_code_signing();
    certificate.key_usages();
    certificate.extended_key_usages();
    certificate.public_key_pem();
    certificate.self_signed();
    (void)otabahn::x509::verify_digest(certificate, otabahn::x509::SignatureAlgorithm::sha256_ecdsa, std::string(32, 'd'), "signature");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const otabahn::ByteView bytes(data, size);
    if (const auto certificate = Certificate::parse_der(bytes)) read_all(*certificate);
    if (const auto chain = Certificate::parse_pem_chain(otabahn::as_text(bytes)))
        for (const Certificate& certificate : *chain) read_all(certificate);
    return 0;
}
