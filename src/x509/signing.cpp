// SPDX-License-Identifier: Apache-2.0
// Digests, signatures and their verification. ECDSA signatures are DER SEQUENCE{r,s}, RSA's PKCS#1 v1.5.
#include "x509/openssl_handles.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <cstdlib>

namespace otabahn::x509 {
namespace {

bool takes_rsa(SignatureAlgorithm algorithm) {
    return algorithm == SignatureAlgorithm::sha256_rsa || algorithm == SignatureAlgorithm::sha1_rsa;
}

const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
    return algorithm == SignatureAlgorithm::sha256_ecdsa || algorithm == SignatureAlgorithm::sha256_rsa ? EVP_sha256() : EVP_sha1();
}

bool key_fits(KeyAlgorithm key, SignatureAlgorithm algorithm) {
    if (takes_rsa(algorithm)) return key == KeyAlgorithm::rsa;
    return key == KeyAlgorithm::ec_p256 || key == KeyAlgorithm::ec_p384 || key == KeyAlgorithm::ec_p521;
}

const char* wanted_key(SignatureAlgorithm algorithm) { return takes_rsa(algorithm) ? "an RSA key" : "an EC key"; }

Result<void> check_digest(SignatureAlgorithm algorithm, std::string_view digest) {
    const auto due = static_cast<std::size_t>(EVP_MD_get_size(digest_of(algorithm)));
    if (digest.size() == due) return {};
    return fail(ErrorCode::invalid_request, "The digest has " + std::to_string(digest.size()) + " bytes; " +
                                                std::string(to_document_name(algorithm)) + " takes one of " + std::to_string(due) + ".");
}

detail::PkeyContext context_for(EVP_PKEY* key, SignatureAlgorithm algorithm, int (*start)(EVP_PKEY_CTX*)) {
    detail::PkeyContext context(EVP_PKEY_CTX_new(key, nullptr));
    if (!context || start(context.get()) != 1 || EVP_PKEY_CTX_set_signature_md(context.get(), digest_of(algorithm)) != 1 ||
        (takes_rsa(algorithm) && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1))
        detail::broken("the set-up of a signature");
    return context;
}

// DER has one encoding: what decodes but encodes differently is refused, or a signature could be altered and stay valid.
bool is_der_ecdsa(std::string_view signature) {
    const auto* at = reinterpret_cast<const unsigned char*>(signature.data());
    const detail::Owner<ECDSA_SIG, &ECDSA_SIG_free> parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
    ERR_clear_error();
    if (!parsed || at != reinterpret_cast<const unsigned char*>(signature.data()) + signature.size()) return false;
    unsigned char* again = nullptr;
    const int size = i2d_ECDSA_SIG(parsed.get(), &again);
    if (size <= 0) return false;
    const bool same = std::string_view(reinterpret_cast<char*>(again), static_cast<std::size_t>(size)) == signature;
    OPENSSL_free(again);
    return same;
}

}  // namespace

struct Sha256::State {
    detail::Owner<EVP_MD_CTX, &EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1) detail::broken("EVP_DigestInit_ex");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
    if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1) detail::broken("EVP_DigestUpdate");
}

std::string Sha256::finish() {
    std::string out(32, '\0');
    if (EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr) != 1)
        detail::broken("EVP_DigestFinal_ex");
    return out;
}

Result<std::string> PrivateKey::sign(SignatureAlgorithm algorithm, ByteView message) const {
    const EVP_MD* kind = digest_of(algorithm);
    std::string digest(static_cast<std::size_t>(EVP_MD_get_size(kind)), '\0');
    if (EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, kind, nullptr) != 1)
        detail::broken("EVP_Digest");
    return sign_digest(*this, algorithm, digest);
}

Result<std::string> sign_digest(const PrivateKey& key, SignatureAlgorithm algorithm, std::string_view digest) {
    if (!key_fits(key.algorithm(), algorithm))
        return fail(ErrorCode::conflict, "The private key is of kind " + to_key_type_name(key.algorithm(), key.bits()) + "; " +
                                             std::string(to_document_name(algorithm)) + " takes " + wanted_key(algorithm) + ".");
    if (auto fine = check_digest(algorithm, digest); !fine) return Unexpected(std::move(fine).error());
    const auto context = context_for(key.native(), algorithm, &EVP_PKEY_sign_init);
    std::size_t size = 0;
    if (EVP_PKEY_sign(context.get(), nullptr, &size, reinterpret_cast<const unsigned char*>(digest.data()), digest.size()) != 1)
        detail::broken("EVP_PKEY_sign");
    std::string out(size, '\0');
    if (EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                      reinterpret_cast<const unsigned char*>(digest.data()), digest.size()) != 1)
        detail::broken("EVP_PKEY_sign");
    out.resize(size);
    return out;
}

Result<void> verify_digest(const Certificate& certificate, SignatureAlgorithm algorithm, std::string_view digest,
                           std::string_view signature) {
    const std::string name(to_document_name(algorithm));
    if (!key_fits(certificate.key_algorithm(), algorithm))
        return fail(ErrorCode::conflict, "The certificate " + certificate.subject() + " holds a key of kind " +
                                             to_key_type_name(certificate.key_algorithm(), certificate.key_bits()) + "; a signature by " +
                                             name + " takes " + wanted_key(algorithm) + ".");
    if (auto fine = check_digest(algorithm, digest); !fine) return fine;
    EVP_PKEY* key = X509_get0_pubkey(certificate.native());
    if (takes_rsa(algorithm)) {
        if (const auto due = static_cast<std::size_t>(EVP_PKEY_get_size(key)); signature.size() != due)
            return fail(ErrorCode::invalid_request, "The signature is malformed: it has " + std::to_string(signature.size()) +
                                                        " bytes, and " + name + " by this " + std::to_string(certificate.key_bits()) +
                                                        "-bit key makes " + std::to_string(due) + ".");
    } else if (signature.size() > 1024 || !is_der_ecdsa(signature)) {
        return fail(ErrorCode::invalid_request, "The signature is malformed: its " + std::to_string(signature.size()) +
                                                    " bytes are no DER SEQUENCE of two integers, the form that " + name + " takes.");
    }
    const auto context = context_for(key, algorithm, &EVP_PKEY_verify_init);
    const int verdict = EVP_PKEY_verify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                                        reinterpret_cast<const unsigned char*>(digest.data()), digest.size());
    ERR_clear_error();
    if (verdict == 1) return {};
    return fail(ErrorCode::unauthenticated, "The signature does not verify: it was not made over these bytes by the key of certificate " +
                                                certificate.subject() + " (" + certificate.id() + ").");
}

}  // namespace otabahn::x509
