// SPDX-License-Identifier: Apache-2.0
// Private keys: made, read and written. They never leave the process but as PEM that the caller asked for.
#include "x509/openssl_handles.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace otabahn::x509 {

Result<PrivateKey> PrivateKey::generate(KeyAlgorithm algorithm, int rsa_bits) {
    detail::Pkey key;
    switch (algorithm) {
        case KeyAlgorithm::rsa:
            if (rsa_bits < 1024 || rsa_bits > 8192)
                return fail(ErrorCode::invalid_request,
                            "An RSA key of " + std::to_string(rsa_bits) + " bits was asked for; 1024 to 8192 can be made.");
            key.reset(EVP_RSA_gen(static_cast<unsigned int>(rsa_bits)));
            break;
        case KeyAlgorithm::ec_p256:
            key.reset(EVP_EC_gen("P-256"));
            break;
        case KeyAlgorithm::ec_p384:
            key.reset(EVP_EC_gen("P-384"));
            break;
        case KeyAlgorithm::ec_p521:
            key.reset(EVP_EC_gen("P-521"));
            break;
        case KeyAlgorithm::other:
            return fail(ErrorCode::invalid_request,
                        "A key of an unnamed algorithm was asked for; RSA, P-256, P-384 and P-521 can be made.");
    }
    if (!key) detail::broken("key generation");
    return PrivateKey(detail::share(std::move(key)));
}

Result<PrivateKey> PrivateKey::parse_pem(std::string_view pem) {
    if (pem.size() > detail::largest_text) return fail(ErrorCode::invalid_request, "The text of a private key is larger than 4 MiB.");
    if (pem.find("BEGIN ENCRYPTED PRIVATE KEY") != std::string_view::npos || pem.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos)
        return fail(ErrorCode::invalid_request, "The private key is encrypted with a password; it is taken unencrypted only.");
    detail::Pkey key(PEM_read_bio_PrivateKey(detail::read_only(pem).get(), nullptr, &detail::no_password, nullptr));
    if (!key)
        return fail(ErrorCode::invalid_request,
                    "There is no private key in the text: it takes an unencrypted PEM block of PKCS#8 (BEGIN "
                    "PRIVATE KEY), PKCS#1 (BEGIN RSA PRIVATE KEY) or SEC1 (BEGIN EC PRIVATE KEY)" +
                        detail::reason() + ".");
    ERR_clear_error();  // what the decoders tried in vain before
    const KeyAlgorithm algorithm = detail::algorithm_of(key.get());
    if (algorithm == KeyAlgorithm::other)
        return fail(ErrorCode::invalid_request, "The private key is neither RSA nor EC on P-256, P-384 or P-521; no other kind is taken.");
    if (algorithm != KeyAlgorithm::rsa) {
        // A SEC1 or PKCS#8 file carries the public point beside the number: when they differ, signatures would never verify.
        const detail::PkeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
        if (!context) detail::broken("EVP_PKEY_CTX_new");
        if (EVP_PKEY_pairwise_check(context.get()) != 1)
            return fail(ErrorCode::invalid_request,
                        "The EC private key does not belong to the public key in the same file" + detail::reason() + ".");
    }
    return PrivateKey(detail::share(std::move(key)));
}

std::string PrivateKey::to_pem() const {
    const detail::Bio out(BIO_new(BIO_s_mem()));
    if (!out || PEM_write_bio_PKCS8PrivateKey(out.get(), handle_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        detail::broken("PEM_write_bio_PKCS8PrivateKey");
    return detail::content(out.get());
}

std::string PrivateKey::public_key_pem() const { return detail::public_pem_of(handle_.get()); }
KeyAlgorithm PrivateKey::algorithm() const { return detail::algorithm_of(handle_.get()); }
int PrivateKey::bits() const { return EVP_PKEY_get_bits(handle_.get()); }

bool PrivateKey::fits(const Certificate& certificate) const {
    const EVP_PKEY* key = X509_get0_pubkey(certificate.native());
    const bool out = key != nullptr && EVP_PKEY_eq(key, handle_.get()) == 1;
    ERR_clear_error();
    return out;
}

}  // namespace otabahn::x509
