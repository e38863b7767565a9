// SPDX-License-Identifier: Apache-2.0
// Certificate signing requests: read from devices and operators, made by the operator's tool.
#include "x509/openssl_handles.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace otabahn::x509 {

Result<Csr> parse_csr(std::string_view pem) {
    if (pem.size() > detail::largest_text)
        return fail(ErrorCode::invalid_request, "The text of a certificate signing request is larger than 4 MiB.");
    const detail::RequestHandle request(PEM_read_bio_X509_REQ(detail::read_only(pem).get(), nullptr, &detail::no_password, nullptr));
    if (!request)
        return fail(ErrorCode::invalid_request,
                    "There is no certificate signing request in the text: it takes a PEM block that begins "
                    "'-----BEGIN CERTIFICATE REQUEST-----'" +
                        detail::reason() + ".");
    EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
    if (key == nullptr)
        return fail(ErrorCode::invalid_request,
                    "The public key in the certificate signing request cannot be read" + detail::reason() + ".");
    const KeyAlgorithm algorithm = detail::algorithm_of(key);
    if (algorithm == KeyAlgorithm::other)
        return fail(ErrorCode::invalid_request,
                    "The certificate signing request's key is neither RSA nor EC on P-256, P-384 or P-521; no other kind is taken.");
    if (X509_REQ_verify(request.get(), key) != 1)
        return fail(ErrorCode::invalid_request,
                    "The certificate signing request's own signature does not verify: it was altered, or not "
                    "made by the key that it names" +
                        detail::reason() + ".");
    int digest = NID_undef;
    OBJ_find_sigid_algs(X509_REQ_get_signature_nid(request.get()), &digest, nullptr);
    ERR_clear_error();
    if (digest != NID_sha256 && digest != NID_sha384 && digest != NID_sha512)
        return fail(ErrorCode::invalid_request, "The certificate signing request is signed with " +
                                                    std::string(digest == NID_undef ? "an unnamed digest" : OBJ_nid2sn(digest)) +
                                                    "; SHA-256, SHA-384 or SHA-512 is taken.");
    return Csr{detail::public_pem_of(key), detail::read_subject(X509_REQ_get_subject_name(request.get())), algorithm,
               EVP_PKEY_get_bits(key)};
}

Result<std::string> make_csr(const PrivateKey& key, const Subject& subject) {
    const detail::RequestHandle request(X509_REQ_new());
    if (!request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1) detail::broken("X509_REQ_new");
    if (auto fine = detail::write_name(X509_REQ_get_subject_name(request.get()), subject); !fine)
        return Unexpected(std::move(fine).error());
    if (X509_REQ_set_pubkey(request.get(), key.native()) != 1 ||
        X509_REQ_sign(request.get(), key.native(), detail::digest_for(key.native())) <= 0)
        detail::broken("X509_REQ_sign");
    const detail::Bio out(BIO_new(BIO_s_mem()));
    if (!out || PEM_write_bio_X509_REQ(out.get(), request.get()) != 1) detail::broken("PEM_write_bio_X509_REQ");
    return detail::content(out.get());
}

}  // namespace otabahn::x509
