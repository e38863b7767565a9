// SPDX-License-Identifier: Apache-2.0
// Certificates, keys and signatures as pure functions of bytes, by OpenSSL 3: no files, no clock of its own. Used by the
// registry, ACM, Signer, the gateway, the operator's tool and the agent on Linux.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct evp_pkey_st;

namespace otabahn::x509 {

enum class KeyAlgorithm { rsa, ec_p256, ec_p384, ec_p521, other };
enum class SignatureAlgorithm { sha256_ecdsa, sha256_rsa, sha1_rsa, sha1_ecdsa };

// "SHA256withECDSA" (Signer's output), "SHA256-ECDSA" (otabahn's document), "sha256-ecdsa" (afr_ota's sig- key).
std::string_view to_java_name(SignatureAlgorithm algorithm);
std::string_view to_document_name(SignatureAlgorithm algorithm);
Result<SignatureAlgorithm> parse_signature_algorithm(std::string_view any_of_the_three_forms);

// ACM's words: RSA_2048, EC_prime256v1, EC_secp384r1, EC_secp521r1; OTHER for what neither ACM nor IoT takes.
std::string to_key_type_name(KeyAlgorithm algorithm, int bits);

class Certificate {
  public:
    static Result<Certificate> parse_pem(std::string_view pem);                     // the first certificate of the text
    static Result<Certificate> parse_der(ByteView der);                             // nothing may follow it
    static Result<std::vector<Certificate>> parse_pem_chain(std::string_view pem);  // every certificate of the text, at least one
    static Certificate share(x509_st* native);                                      // what a TLS peer showed; takes a reference of its own

    std::string to_pem() const;
    std::string to_der() const;
    std::string id() const;       // SHA-256 of the DER, 64 lower-case hex: AWS IoT's certificateId
    std::string serial() const;   // aa:bb:…
    std::string subject() const;  // "CN=…,O=…"
    std::string issuer() const;
    // "CommonName" -> values in order; names are those of spec gateway 2.5 (DistinguishedNameQualifier, Country …, and
    // AlternativeName.DNSName …), so that "iot:Certificate.Subject." and a name make a policy variable.
    std::map<std::string, std::vector<std::string>> subject_fields() const;
    std::map<std::string, std::vector<std::string>> issuer_fields() const;
    std::vector<std::string> subject_alternative_names() const;  // DNS and e-mail names
    int version() const;                                         // 3 for X.509 v3
    Timestamp not_before() const;
    Timestamp not_after() const;
    KeyAlgorithm key_algorithm() const;
    int key_bits() const;
    std::string signature_algorithm_name() const;                                  // ACM's words: SHA256WITHECDSA, SHA256WITHRSA
    bool allows_code_signing() const;                                              // EKU codeSigning or any; no EKU extension: false
    std::vector<std::string> key_usages() const;                                   // ACM's words: DIGITAL_SIGNATURE …
    std::vector<std::pair<std::string, std::string>> extended_key_usages() const;  // (CODE_SIGNING, OID)
    std::string public_key_pem() const;
    bool self_signed() const;
    bool issued_by(const Certificate& authority) const;  // name and signature fit, and the authority may issue
    bool same(const Certificate& other) const { return id() == other.id(); }
    x509_st* native() const { return handle_.get(); }

  private:
    explicit Certificate(std::shared_ptr<x509_st> handle) : handle_(std::move(handle)) {}
    std::shared_ptr<x509_st> handle_;  // reference-counted by OpenSSL itself; copies share it
};

class PrivateKey {
  public:
    static Result<PrivateKey> generate(KeyAlgorithm algorithm, int rsa_bits = 2048);
    static Result<PrivateKey> parse_pem(std::string_view pem);  // PKCS#8, PKCS#1, SEC1; unencrypted

    std::string to_pem() const;  // PKCS#8
    std::string public_key_pem() const;
    KeyAlgorithm algorithm() const;
    int bits() const;
    bool fits(const Certificate& certificate) const;
    // Over the digest's message given whole, or by SigningStream for what does not fit in memory. ECDSA: DER SEQUENCE{r,s}.
    Result<std::string> sign(SignatureAlgorithm algorithm, ByteView message) const;
    evp_pkey_st* native() const { return handle_.get(); }

  private:
    explicit PrivateKey(std::shared_ptr<evp_pkey_st> handle) : handle_(std::move(handle)) {}
    std::shared_ptr<evp_pkey_st> handle_;
};

// A running digest that ends in a signature or its verification, so a 2 GB image is read once in small pieces.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    void update(ByteView bytes);
    std::string finish();  // 32 bytes; once
  private:
    struct State;
    std::unique_ptr<State> state_;
};
Result<std::string> sign_digest(const PrivateKey& key, SignatureAlgorithm algorithm, std::string_view digest);
// Fine: signature fits. A refusal says which it was: conflict (the certificate's key is of another kind than the algorithm),
// invalid_request (digest or signature is malformed), unauthenticated (well-formed, but not made by this key over this).
Result<void> verify_digest(const Certificate& certificate, SignatureAlgorithm algorithm, std::string_view digest,
                           std::string_view signature);

// Empty members are left out of the name.
struct Subject {
    std::string common_name, organization, organizational_unit, locality, state, country;
};

struct IssueRequest {
    std::string public_key_pem;  // empty, when self-signed: the signing key's own
    Subject subject;
    Timestamp not_before, not_after;
    std::vector<std::string> dns_names, ip_addresses;  // subject alternative names
    bool certificate_authority = false, client_auth = false, server_auth = false, code_signing = false;
};

// Signs with the authority's key; `authority` null: self-signed by `key`, whose public key the request names.
Result<Certificate> issue(const IssueRequest& request, const PrivateKey& key, const Certificate* authority);

struct Csr {
    std::string public_key_pem;
    Subject subject;
    KeyAlgorithm algorithm;
    int key_bits;
};
// Its own signature is checked, and made with SHA-256 or better (spec control-plane 6.4); key size is the caller's to judge.
Result<Csr> parse_csr(std::string_view pem);
Result<std::string> make_csr(const PrivateKey& key, const Subject& subject);

}  // namespace otabahn::x509
